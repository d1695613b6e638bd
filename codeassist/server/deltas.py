"""What dialects share about an engine's answer."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, replace

from codeassist.engine.streams import closing
from codeassist.types import Delta, FinishReason, Token, Usage


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer."""

    text: str
    usage: Usage
    finish_reason: FinishReason
    tokens: tuple[Token, ...] = ()


async def limited(deltas: AsyncIterator[Delta], max_tokens: int) -> AsyncGenerator[Delta, None]:
    """At most `max_tokens` tokens of text; the healed start, which has been asked for already, does not count.

    An engine that gives several tokens at once may overshoot by those.
    """
    n_unseen: int | None = None
    async with closing(deltas):
        async for delta in deltas:
            if n_unseen is None and delta.text:
                n_unseen = delta.usage.completion_tokens - 1
            if n_unseen is not None and delta.usage.completion_tokens - n_unseen >= max_tokens:
                yield replace(delta, finish_reason=delta.finish_reason or "length")
                return
            yield delta


async def collect(deltas: AsyncIterator[Delta]) -> Answer:
    """All deltas as one answer."""
    texts: list[str] = []
    tokens: list[Token] = []
    usage, reason = Usage(), None
    async with closing(deltas):
        async for delta in deltas:
            texts.append(delta.text)
            tokens += delta.tokens
            usage, reason = delta.usage, delta.finish_reason
    return Answer("".join(texts), usage, reason or "stop", tuple(tokens))
