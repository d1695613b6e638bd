"""On, off and snoozed: what the user says counts before the settings, and the snooze ends by itself."""

from __future__ import annotations

import asyncio

import pytest

from codeassist.settings import CompletionSettings
from lsp.switches import Switches

SETTINGS = CompletionSettings(languages_off=("csharp", "markdown"))


class Clock:
    """Stands still until somebody sleeps; whoever sleeps waits for `go`."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []
        self.go = asyncio.Event()

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await self.go.wait()
        self.now += seconds


def made(clock: Clock | None = None) -> tuple[Switches, list[str]]:
    told: list[str] = []
    clock = clock or Clock()
    return Switches(lambda: told.append("status"), clock=clock, sleep=clock.sleep), told


def test_what_the_settings_say_counts_until_something_is_switched() -> None:
    switches, _ = made()
    assert switches.silence(SETTINGS, "python", invoked=False) is None
    assert switches.silence(SETTINGS, "c_sharp", invoked=True) == "suggestions are off for c_sharp"
    assert switches.status(SETTINGS) == {
        "enabled": True,
        "languages_off": ["csharp", "markdown"],
        "snoozed_until": None,
    }


def test_everything_off_silences_who_asks_too() -> None:
    switches, _ = made()
    switches.switch(None, is_on=False)
    assert switches.silence(SETTINGS, "python", invoked=True) == "suggestions are off"
    switches.switch(None, is_on=True)
    assert switches.silence(CompletionSettings(enabled=False), "python", invoked=False) is None


@pytest.mark.parametrize(("switched", "asked"), [("typescriptreact", "tsx"), ("tsx", "typescriptreact")])
def test_a_language_goes_by_the_editors_name_and_the_cores(switched: str, asked: str) -> None:
    switches, _ = made()
    switches.switch(switched, is_on=False)
    assert switches.silence(SETTINGS, asked, invoked=False) == f"suggestions are off for {asked}"
    switches.switch(asked, is_on=True)
    assert switches.silence(SETTINGS, switched, invoked=False) is None
    assert switches.status(SETTINGS)["languages_off"] == ["csharp", "markdown"]


def test_a_language_that_the_settings_leave_out_can_be_switched_on() -> None:
    switches, _ = made()
    switches.switch("c_sharp", is_on=True)
    assert switches.status(SETTINGS)["languages_off"] == ["markdown"]
    assert switches.applied(SETTINGS).languages_off == ("markdown",)


def test_plain_text_can_be_switched_off() -> None:
    switches, _ = made()
    switches.switch("plaintext", is_on=False)
    assert switches.silence(SETTINGS, "", invoked=False) == "suggestions are off for plain text"


def test_other_settings_count_before_what_was_switched() -> None:
    switches, _ = made()
    switches.switch(None, is_on=False)
    switches.switch("python", is_on=False)
    switches.forget()
    assert switches.silence(SETTINGS, "python", invoked=False) is None


async def test_a_snooze_is_silent_but_for_who_asks_and_ends_by_itself() -> None:
    clock = Clock()
    switches, told = made(clock)
    switches.snooze(5)
    waking = asyncio.ensure_future(switches.wake())
    assert switches.status(SETTINGS)["snoozed_until"] == 1300
    assert switches.silence(SETTINGS, "python", invoked=False) == "suggestions are snoozed"
    assert switches.silence(SETTINGS, "python", invoked=True) is None
    clock.go.set()
    await waking
    assert (clock.slept, told) == ([300], ["status"])
    assert switches.silence(SETTINGS, "python", invoked=False) is None
    assert switches.status(SETTINGS)["snoozed_until"] is None


async def test_a_second_snooze_takes_the_place_of_the_first() -> None:
    clock = Clock()
    switches, told = made(clock)
    switches.snooze(5)
    first = asyncio.ensure_future(switches.wake())
    await asyncio.sleep(0)
    switches.snooze(10)
    second = asyncio.ensure_future(switches.wake())
    clock.go.set()
    await asyncio.gather(first, second)
    assert told == ["status"]


async def test_a_snooze_that_is_ended_says_nothing_later() -> None:
    clock = Clock()
    switches, told = made(clock)
    switches.snooze(5)
    waking = asyncio.ensure_future(switches.wake())
    await asyncio.sleep(0)
    switches.snooze(0)
    clock.go.set()
    await waking
    assert told == []
    assert switches.silence(SETTINGS, "python", invoked=False) is None
