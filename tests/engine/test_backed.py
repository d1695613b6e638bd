"""An embedded engine that cannot start, or gave up, and the model that stands in: children and stand-in are played."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest
from asking import ask, read, text_of, until
from nursery import DEAD, READY, Nursery, until_asked

from codeassist.engine.backed import PAUSES_S, BackedEngine, embedded_of
from codeassist.engine.embedded import MAX_CRASHES
from codeassist.engine.scripted import SCRIPTED_INFO, ScriptedEngine
from codeassist.errors import CodeassistError, EngineCrashed, EngineUnavailable, ModelError
from codeassist.types import EngineStatus

FIRST = replace(SCRIPTED_INFO, name="lite")
SMALL = replace(SCRIPTED_INFO, name="small", prompt_tokens=SCRIPTED_INFO.prompt_tokens - 100)
PROMPT = "<｜fim▁begin｜>a<｜fim▁hole｜>b<｜fim▁end｜>"
CUT = ModelError("a.safetensors is cut off")


class Slow(ScriptedEngine):
    """Never done loading."""

    async def start(self) -> None:
        await asyncio.Event().wait()


class Stand:
    """An engine with one that stands by, and its parts."""

    def __init__(
        self, *first_words: Any, opens: CodeassistError | None = None, kind: type[ScriptedEngine] = ScriptedEngine
    ) -> None:
        self.nursery = Nursery(*first_words)
        self.opened: list[ScriptedEngine] = []
        self.opens = opens
        self.kind = kind
        self.pauses: list[float] = []
        self.wake = asyncio.Event()
        self.engine = BackedEngine(self.nursery.engine(FIRST), self.open, sleep=self.sleep)
        self.statuses: list[EngineStatus] = []
        self.engine.on_status(self.statuses.append)

    def open(self) -> ScriptedEngine:
        if self.opens is not None:
            raise self.opens
        self.opened.append(self.kind(["from the small one"], info=SMALL))
        return self.opened[-1]

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await self.wake.wait()
        self.wake.clear()


@pytest.fixture
async def stand() -> AsyncIterator[Callable[..., Stand]]:
    made: list[Stand] = []

    def make(*first_words: Any, **parts: Any) -> Stand:
        made.append(Stand(*first_words, **parts))
        return made[-1]

    yield make
    for each in made:
        await each.engine.close()


async def test_nothing_is_loaded_while_the_first_one_answers(stand: Callable[..., Stand]) -> None:
    made = stand(READY)
    await made.engine.start()
    reader = asyncio.create_task(read(made.engine, ask()))
    await until_asked(made.nursery.children[0])
    made.nursery.children[0].answer(0, "from the first", "stop")
    deltas = await reader
    assert (text_of(deltas), deltas[0].model, made.opened) == ("from the first", "", [])
    assert (made.engine.status.state, made.engine.status.stand_in, made.engine.info) == ("ready", "", FIRST)


@pytest.mark.parametrize(
    ("words", "why"), [(CUT, "a.safetensors is cut off"), (DEAD, "lite cannot be started: ValueError: no room")]
)
async def test_the_small_one_stands_in_for_one_that_cannot_start(
    stand: Callable[..., Stand], words: Any, why: str
) -> None:
    made = stand(words)
    await made.engine.start()
    assert made.engine.status == EngineStatus("ready", f"small stands in: {why}", stand_in="small")
    assert made.statuses[-1] == made.engine.status
    assert "failed" not in {status.state for status in made.statuses}
    deltas = await read(made.engine, ask(prompt=PROMPT))
    assert (text_of(deltas), {delta.model for delta in deltas}) == ("from the small one", {"small"})
    assert made.engine.info == replace(FIRST, prompt_tokens=SMALL.prompt_tokens)


async def test_it_stands_in_for_one_that_gave_up(stand: Callable[..., Stand]) -> None:
    made = stand(READY, *[DEAD] * (MAX_CRASHES - 1))
    made.nursery.wake.set()
    await made.engine.start()
    made.nursery.children[0].say(None)
    await until(lambda: made.engine.status.stand_in)
    assert f"small stands in: gave up after {MAX_CRASHES} failures in a row: lite" in made.engine.status.message
    assert text_of(await read(made.engine, ask(prompt=PROMPT))) == "from the small one"


async def test_it_does_not_stand_in_for_one_that_restarts(stand: Callable[..., Stand]) -> None:
    made = stand(READY, READY)
    await made.engine.start()
    made.nursery.children[0].say(None)
    await until(lambda: made.nursery.pauses)
    assert made.engine.status.state == "restarting"
    with pytest.raises(EngineUnavailable, match="restarting"):
        await read(made.engine, ask(prompt=PROMPT))
    assert made.opened == []


async def test_the_first_one_is_tried_again_and_takes_over(stand: Callable[..., Stand]) -> None:
    made = stand(CUT, CUT, READY)
    await made.engine.start()
    await until(lambda: made.pauses == [PAUSES_S[0]])
    made.wake.set()
    await until(lambda: made.pauses == [*PAUSES_S[:2]])
    assert made.engine.status.stand_in == "small"
    made.wake.set()
    await until(lambda: made.engine.status.stand_in == "")
    assert (made.engine.status.state, made.engine.info, len(made.opened)) == ("ready", FIRST, 1)
    made.nursery.children[0].say(None)
    await until(lambda: made.nursery.pauses)
    assert made.engine.status.state == "restarting"


async def test_while_the_first_one_is_tried_again_the_small_one_answers(stand: Callable[..., Stand]) -> None:
    made = stand(CUT, [{"progress": "loading the model"}])
    await made.engine.start()
    made.wake.set()
    await until(lambda: made.engine.first.status.message == "loading the model")
    assert made.engine.status.message == "small stands in: a.safetensors is cut off"
    assert text_of(await read(made.engine, ask(prompt=PROMPT))) == "from the small one"


async def test_pauses_grow_to_ten_minutes_and_stay(stand: Callable[..., Stand]) -> None:
    made = stand(*[CUT] * 9)
    await made.engine.start()
    for n in range(1, 8):
        await until(lambda n=n: len(made.pauses) == n)
        made.wake.set()
    assert made.pauses[:7] == [*PAUSES_S, PAUSES_S[-1], PAUSES_S[-1]]


async def test_until_it_is_loaded_the_first_ones_trouble_is_told(stand: Callable[..., Stand]) -> None:
    made = stand(READY, *[DEAD] * (MAX_CRASHES - 1), kind=Slow)
    made.nursery.wake.set()
    await made.engine.start()
    made.nursery.children[0].say(None)
    await until(lambda: made.engine.first.status.state == "failed")
    with pytest.raises(
        EngineUnavailable, match=r"the engine is starting: gave up .*; the model that stands in is being"
    ):
        await read(made.engine, ask(prompt=PROMPT))


async def test_where_neither_can_start_both_are_told(stand: Callable[..., Stand]) -> None:
    made = stand(CUT, opens=ModelError("the package has no model"))
    with pytest.raises(EngineUnavailable) as caught:
        await made.engine.start()
    told = "a.safetensors is cut off; the model that stands in cannot be loaded: the package has no model"
    assert str(caught.value) == told
    assert (made.engine.status.state, made.engine.status.message) == ("failed", told)


@pytest.mark.parametrize(
    ("words", "opens", "told"),
    [
        (EngineUnavailable("vLLM is not installed"), "vLLM is not installed", "vLLM is not installed"),
        (DEAD, "small cannot be started: ValueError: no room", "lite cannot be started: ValueError: no room"),
    ],
)
async def test_a_reason_that_both_have_is_told_once(
    stand: Callable[..., Stand], words: Any, opens: str, told: str
) -> None:
    made = stand(words, opens=EngineUnavailable(opens))
    with pytest.raises(EngineUnavailable) as caught:
        await made.engine.start()
    assert str(caught.value) == f"{told}; for the same reason the model that stands in cannot be loaded"


async def test_the_first_one_is_not_tried_while_the_small_one_loads(stand: Callable[..., Stand]) -> None:
    made = stand(CUT, READY, kind=Slow)
    starting = asyncio.create_task(made.engine.start())
    made.wake.set()
    await until(lambda: made.opened)
    await asyncio.sleep(0)
    assert (made.pauses, made.nursery.children) == ([], [])
    starting.cancel()


async def test_a_stand_in_that_could_not_be_loaded_is_tried_again(stand: Callable[..., Stand]) -> None:
    made = stand(CUT, CUT, CUT, opens=ModelError("no room yet"))
    with pytest.raises(EngineUnavailable):
        await made.engine.start()
    made.opens = None
    made.wake.set()
    await until(lambda: made.engine.status.stand_in == "small")


async def test_closing_ends_both_and_the_tries(stand: Callable[..., Stand]) -> None:
    made = stand(CUT, [])
    await made.engine.start()
    made.wake.set()
    await until(lambda: made.nursery.children)
    await made.engine.close()
    await made.engine.close()
    assert made.engine.status.state == "stopped"
    assert (made.nursery.children[0].n_closed, made.opened[0].status.state) == (1, "stopped")


async def test_an_answer_that_breaks_off_is_not_begun_again(stand: Callable[..., Stand]) -> None:
    made = stand(READY)
    await made.engine.start()
    reader = asyncio.create_task(read(made.engine, ask()))
    await until_asked(made.nursery.children[0])
    made.nursery.children[0].say(None)
    with pytest.raises(EngineCrashed):
        await reader


def test_whose_process_is_ours() -> None:
    first = Nursery().engine(FIRST)
    backed = BackedEngine(first, lambda: ScriptedEngine([], info=SMALL))
    assert [embedded_of(engine) for engine in (first, backed, ScriptedEngine([]))] == [first, first, None]
