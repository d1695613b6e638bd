"""Streams of deltas that end when nobody reads them any more."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from codeassist.types import Delta, Token


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


async def without_start(deltas: AsyncIterator[Delta], n_characters: int) -> AsyncIterator[Delta]:
    """The deltas of an answer whose first code points somebody has already: they are taken off texts and tokens.

    A token that goes beyond them stays, with what is left of its text. Tokens may run ahead of texts.
    """
    n_text = n_tokens = n_characters
    async for delta in deltas:
        text, n_text = delta.text[n_text:], max(n_text - len(delta.text), 0)
        tokens, n_tokens = _without_start(delta.tokens, n_tokens)
        yield replace(delta, text=text, tokens=tokens)


def _without_start(tokens: Sequence[Token], n_characters: int) -> tuple[tuple[Token, ...], int]:
    left: list[Token] = []
    for token in tokens:
        start, text = token.text[:n_characters], token.text[n_characters:]
        if text or not start:
            top = tuple((other[len(start) :], value) for other, value in token.top if other.startswith(start))
            left.append(replace(token, text=text, top=top) if start else token)
        n_characters -= len(start)
    return tuple(left), n_characters
