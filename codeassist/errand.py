"""One piece of work that nobody waits for; a newer one takes its place."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

logger = logging.getLogger(__name__)


class Errand:
    """At most one task. What fails is a line in the log."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run this; what ran before is told to stop."""
        self.stop()
        self._task = asyncio.create_task(work)
        self._task.add_done_callback(_finished)

    def stop(self) -> None:
        """Cancel what runs."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def done(self) -> None:
        """Wait until what runs has ended, however it ends; cancelling this leaves it alone."""
        if self._task is not None:
            await asyncio.wait({self._task})

    async def close(self) -> None:
        """Cancel what runs and wait until it has ended, however it ends."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})


def _finished(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.error("work in the background failed", exc_info=error)
