"""Streams of deltas that end when nobody reads them any more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from codeassist.types import Delta


@asynccontextmanager
async def closing(deltas: AsyncIterator[Delta]) -> AsyncIterator[AsyncIterator[Delta]]:
    """The deltas for the length of the block; leaving it aborts what is still running, and waits for that.

    An async generator that is merely dropped would be closed some time later.
    """
    try:
        yield deltas
    finally:
        close = getattr(deltas, "aclose", None)
        if close is not None:
            await close()
