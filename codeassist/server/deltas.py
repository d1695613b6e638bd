"""What dialects share about an engine's answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from codeassist.types import Delta, FinishReason, Usage


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer."""

    text: str
    usage: Usage
    finish_reason: FinishReason


@asynccontextmanager
async def closing(deltas: AsyncIterator[Delta]) -> AsyncIterator[AsyncIterator[Delta]]:
    """The deltas for the length of the block; leaving it aborts what is still running, and waits for that."""
    try:
        yield deltas
    finally:
        close = getattr(deltas, "aclose", None)
        if close is not None:
            await close()


async def collect(deltas: AsyncIterator[Delta]) -> Answer:
    """All deltas as one answer."""
    texts: list[str] = []
    usage, reason = Usage(), None
    async with closing(deltas):
        async for delta in deltas:
            texts.append(delta.text)
            usage, reason = delta.usage, delta.finish_reason
    return Answer("".join(texts), usage, reason or "stop")
