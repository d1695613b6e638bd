from __future__ import annotations

import asyncio

import pytest

from codeassist.errand import Errand


async def test_who_waits_for_the_end_can_be_cancelled() -> None:
    may_end, was_told = asyncio.Event(), asyncio.Event()

    async def stubborn() -> None:
        try:
            await may_end.wait()
        except asyncio.CancelledError:
            was_told.set()
            await may_end.wait()

    errand = Errand()
    errand.start(stubborn())
    await asyncio.sleep(0)
    closing = asyncio.create_task(errand.close())
    await was_told.wait()
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    may_end.set()


async def test_closing_waits_for_the_end_and_may_be_done_twice() -> None:
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    errand = Errand()
    errand.start(work())
    await asyncio.sleep(0)
    await errand.close()
    assert ended.is_set()
    await errand.close()
