"""Newest wins: of several requests about one document, only the last is worth an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Answer = TypeVar("Answer")


class Latest:
    """The running work by key, one piece for each."""

    def __init__(self) -> None:
        self._running: dict[str, asyncio.Task[Any]] = {}

    async def run(self, key: str, work: Coroutine[Any, Any, Answer]) -> Answer | None:
        """What `work` comes to, or None when newer work, or `drop`, took its place.

        Cancelling the caller cancels the work. The older work is told to stop, not waited for.
        """
        self.drop(key)
        task = asyncio.ensure_future(work)
        self._running[key] = task
        try:
            return await task
        except asyncio.CancelledError:
            if self._running.get(key) is task or _caller_is_cancelled():
                raise
            return None
        finally:
            if self._running.get(key) is task:
                del self._running[key]

    def drop(self, key: str) -> None:
        """Cancel the work on this key; its caller gets None."""
        if (task := self._running.pop(key, None)) is not None:
            task.cancel()

    def drop_all(self) -> None:
        """Cancel everything."""
        for key in list(self._running):
            self.drop(key)


def _caller_is_cancelled() -> bool:
    caller = asyncio.current_task()
    return caller is not None and caller.cancelling() > 0
