from __future__ import annotations

import asyncio

import pytest

from lsp.latest import Latest


class _Work:
    """Work that ends when it is told to, and knows whether it was stopped."""

    def __init__(self) -> None:
        self.finish = asyncio.Event()
        self.started = asyncio.Event()
        self.is_cancelled = False

    async def run(self, answer: str) -> str:
        self.started.set()
        try:
            await self.finish.wait()
        except asyncio.CancelledError:
            self.is_cancelled = True
            raise
        return answer


async def test_newer_work_cancels_older_work_whose_answer_is_none() -> None:
    latest, older, newer = Latest(), _Work(), _Work()
    first = asyncio.ensure_future(latest.run("a", older.run("old")))
    await older.started.wait()
    second = asyncio.ensure_future(latest.run("a", newer.run("new")))
    assert await first is None
    assert older.is_cancelled
    newer.finish.set()
    assert await second == "new"


async def test_other_documents_are_left_alone() -> None:
    latest, one, other = Latest(), _Work(), _Work()
    one.finish.set()
    other.finish.set()
    answers = await asyncio.gather(latest.run("a", one.run("1")), latest.run("b", other.run("2")))
    assert list(answers) == ["1", "2"]


async def test_cancelling_the_caller_cancels_the_work() -> None:
    latest, work = Latest(), _Work()
    caller = asyncio.ensure_future(latest.run("a", work.run("x")))
    await work.started.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert work.is_cancelled


async def test_dropped_work_answers_none() -> None:
    latest, work, other = Latest(), _Work(), _Work()
    callers = [asyncio.ensure_future(latest.run(key, item.run("x"))) for key, item in (("a", work), ("b", other))]
    await other.started.wait()
    latest.drop("nothing runs here")
    latest.drop_all()
    assert await asyncio.gather(*callers) == [None, None]
    assert work.is_cancelled
    assert other.is_cancelled


async def test_work_that_was_replaced_before_it_began_answers_none() -> None:
    latest, older, newer = Latest(), _Work(), _Work()
    newer.finish.set()
    first = asyncio.ensure_future(latest.run("a", older.run("old")))
    second = asyncio.ensure_future(latest.run("a", newer.run("new")))
    assert list(await asyncio.gather(first, second)) == [None, "new"]


async def test_a_failure_is_the_callers() -> None:
    async def fail() -> None:
        raise ValueError("broken")

    latest = Latest()
    with pytest.raises(ValueError, match="broken"):
        await latest.run("a", fail())
    with pytest.raises(ValueError, match="broken"):
        await latest.run("a", fail())
