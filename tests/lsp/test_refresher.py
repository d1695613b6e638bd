from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lsp.refresher import MANY_FILES, QUIET_S, REST_FACTOR, Refresher


class _Index:
    """Records what is refreshed; a refresh of everything takes `takes_s` on its own clock."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.slept: list[float] = []
        self.now = 0.0
        self.takes_s = 0.0
        self.go = asyncio.Event()
        self.n_looks = 0
        self.refresher = Refresher(self.everything, self.file, self.look, sleep=self.sleep, clock=lambda: self.now)

    async def everything(self) -> None:
        self.done.append("*")
        self.now += self.takes_s

    async def file(self, path: Path) -> None:
        self.done.append(path.name)

    async def look(self) -> None:
        self.n_looks += 1

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    async def run(self) -> None:
        await self.go.wait()
        await self.refresher.run()

    async def settle(self) -> None:
        """Let the refresher do all it can."""
        self.go.set()
        for _ in range(20):
            await asyncio.sleep(0)


@pytest.fixture
async def index() -> AsyncIterator[_Index]:
    index = _Index()
    running = asyncio.ensure_future(index.run())
    yield index
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_everything_is_refreshed_once_at_the_start(index: _Index) -> None:
    index.refresher.request_file(Path("saved_before_that.py"))
    await index.settle()
    assert index.done == ["*"]


async def test_requests_that_come_together_are_one_refresh_of_each_file(index: _Index) -> None:
    await index.settle()
    for name in ("b.py", "a.py", "b.py"):
        index.refresher.request_file(Path(name))
    await index.settle()
    assert index.done == ["*", "a.py", "b.py"]
    assert index.n_looks == 2


async def test_many_files_are_a_look_at_everything(index: _Index) -> None:
    await index.settle()
    for number in range(MANY_FILES):
        index.refresher.request_file(Path(f"{number}.py"))
    await index.settle()
    assert index.done == ["*", "*"]


@pytest.mark.parametrize("name", [".gitignore", ".codeassistignore", ".gitmodules"])
async def test_a_file_that_tells_of_others_is_a_look_at_everything(index: _Index, name: str) -> None:
    await index.settle()
    index.refresher.request_file(Path("folder") / name)
    await index.settle()
    index.refresher.request_file(Path("a.py"))
    await index.settle()
    assert index.done == ["*", "*", "a.py"]


async def test_waiting_for_its_turn_is_not_work_that_is_followed_by_rest() -> None:
    index, turn = _Index(), asyncio.Lock()
    await turn.acquire()
    running = asyncio.ensure_future(index.refresher.run(turn))
    await asyncio.sleep(0)
    index.now += 1000.0
    assert index.done == []
    turn.release()
    await index.settle()
    running.cancel()
    assert (index.done, index.slept, turn.locked()) == (["*"], [0.0], False)


async def test_a_long_refresh_is_followed_by_a_longer_rest(index: _Index) -> None:
    index.takes_s = 3.0
    await index.settle()
    index.refresher.request_all()
    await index.settle()
    assert index.slept == [REST_FACTOR * 3.0, QUIET_S, REST_FACTOR * 3.0]


async def test_a_user_in_a_hurry_does_not_wait_for_the_rest_to_be_over(index: _Index) -> None:
    is_over = asyncio.Event()

    async def sleep(seconds: float) -> None:
        index.slept.append(seconds)
        if seconds > QUIET_S:
            await is_over.wait()

    index.sleep = sleep
    index.takes_s = 60.0
    index.refresher._sleep = sleep
    await index.settle()
    index.refresher.request_all()
    await index.settle()
    assert index.done == ["*"]
    index.refresher.request_now()
    await index.settle()
    assert index.done == ["*", "*"]
