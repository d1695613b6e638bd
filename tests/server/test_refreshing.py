from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from virtual_time import VirtualTime

from codeassist.server.caller import Caller
from codeassist.server.health import IndexHealth
from codeassist.server.journal import Journal
from codeassist.server.refreshing import MOST_OF_THE_TIME, PAUSE_S, keep_fresh
from indexer.errors import IndexDamaged
from indexer.types import IndexReport, ProgressCallback
from tests.server.conftest import REPORT


class Running:
    """`keep_fresh`, with time that passes when a test says so."""

    def __init__(self) -> None:
        self.time = VirtualTime()
        self.journal = Journal()
        self.health = IndexHealth()
        self.takes_s = 0.0
        self.error: Exception | None = None
        self.progresses: list[ProgressCallback | None] = []

    async def refresh(self, progress: ProgressCallback | None) -> IndexReport:
        self.progresses.append(progress)
        self.time.now += self.takes_s
        if self.error is not None:
            raise self.error
        return REPORT

    def ask(self) -> None:
        self.journal.open("a", "/v1/completions", Caller(), "model")

    async def pass_by(self, seconds: float) -> int:
        """How often it has refreshed when these have passed."""
        self.time.pass_by(seconds)
        return await self.settled()

    async def settled(self) -> int:
        for _ in range(10):
            await asyncio.sleep(0)
        return len(self.progresses)


@asynccontextmanager
async def running(running: Running, progress: ProgressCallback | None = None) -> AsyncIterator[Running]:
    clock, sleep = running.time.clock, running.time.sleep
    task = asyncio.create_task(
        keep_fresh(running.refresh, running.health, running.journal, progress, clock=clock, sleep=sleep)
    )
    await running.settled()
    yield running
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_it_looks_once_and_then_only_when_somebody_asks() -> None:
    async with running(Running()) as index:
        assert await index.pass_by(1000.0) == 1
        index.ask()
        assert await index.settled() == 2
        assert await index.pass_by(1000.0) == 2


async def test_many_requests_are_one_look_after_a_pause() -> None:
    async with running(Running()) as index:
        for _ in range(50):
            index.ask()
        assert await index.pass_by(PAUSE_S - 0.1) == 1
        assert await index.pass_by(0.2) == 2


async def test_a_slow_look_is_followed_by_a_longer_pause() -> None:
    slow = Running()
    slow.takes_s = 2.0
    async with running(slow) as index:
        index.ask()
        assert await index.pass_by(2.0 / MOST_OF_THE_TIME - 0.1) == 1
        assert await index.pass_by(0.2) == 2


async def test_progress_is_told_of_the_first_look_alone() -> None:
    def progress(*_: object) -> None:
        """Nothing is shown."""

    async with running(Running(), progress) as index:
        await index.pass_by(PAUSE_S)
        index.ask()
        await index.settled()
        assert index.progresses == [progress, None]


async def test_an_index_that_failed_is_tried_again() -> None:
    failing = Running()
    failing.error = IndexDamaged("delete the folder")
    async with running(failing) as index:
        assert (index.health.state, index.health.message) == ("failed", "delete the folder")
        index.error = None
        await index.pass_by(PAUSE_S)
        index.ask()
        await index.settled()
        assert index.health.state == "ready"


async def test_a_ready_index_stays_ready_while_it_is_looked_at() -> None:
    seen: list[str] = []

    class Watched(Running):
        async def refresh(self, progress: ProgressCallback | None) -> IndexReport:
            seen.append(self.health.state)
            return await super().refresh(progress)

    async with running(Watched()) as index:
        await index.pass_by(PAUSE_S)
        index.ask()
        await index.settled()
    assert seen == ["indexing", "ready"]


async def test_who_asks_while_it_looks_has_it_look_again() -> None:
    class Asked(Running):
        async def refresh(self, progress: ProgressCallback | None) -> IndexReport:
            if not self.progresses:
                self.ask()
            return await super().refresh(progress)

    async with running(Asked()) as index:
        assert await index.pass_by(PAUSE_S) == 2
        assert await index.pass_by(1000.0) == 2
