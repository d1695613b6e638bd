"""Several programs on one GPU: all may start their engines at once, one measures at a time."""

from __future__ import annotations

import asyncio
import fcntl
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path


@asynccontextmanager
async def in_turn(files: Sequence[Path]) -> AsyncIterator[None]:
    """Holds a lock on each file for the length of the block: one file for each GPU, in the same order everywhere."""
    with ExitStack() as held:
        for path in files:
            file = held.enter_context(path.open("w"))
            await asyncio.to_thread(fcntl.flock, file, fcntl.LOCK_EX)
        yield
