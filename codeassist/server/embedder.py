"""The index's embedding model, for those who ask over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

import numpy as np

from codeassist.embedders import open_embedder
from codeassist.engine.fields import Misfit
from codeassist.server.completion_fields import characters
from codeassist.server.problems import Problem
from codeassist.settings import IndexSettings
from indexer.embedding import Embedder, Vectors
from indexer.errors import EmbedderUnavailable
from indexer.reranking import relevance

MAX_TEXTS = 2048
# Texts that are embedded in one go: between two, whoever has left is noticed.
_BATCH = 64
# Requests that are worked on at the same time: completions need the processor more.
_MOST_AT_ONCE = 2

_T = TypeVar("_T")


class ServedEmbedder:
    """Works in threads. Raises Problem where the model cannot be loaded, with the remedy."""

    def __init__(self, settings: IndexSettings) -> None:
        self._settings = settings
        self._embedder: Embedder | None = None
        self._name = ""
        self._turns = asyncio.Semaphore(_MOST_AT_ONCE)

    async def name(self) -> str:
        """What the model is called."""
        if not self._name:
            self._name = await self._in_thread(lambda embedder: embedder.name)
        return self._name

    async def dim(self) -> int:
        """Length of its vectors."""
        return await self._in_thread(lambda embedder: embedder.dim)

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """(n, dim) float32, each row of length 1 (or zero for a text without words)."""
        batches = [texts[start : start + _BATCH] for start in range(0, len(texts), _BATCH)]
        async with self._turns:
            found = [await self._in_thread(partial(_embedded, batch)) for batch in batches]
        return np.concatenate(found) if found else np.zeros((0, 0), dtype=np.float32)

    async def relevance(self, question: str, texts: Sequence[str]) -> list[float]:
        """How well texts answer a question, 0 to 1 (`indexer.reranking`)."""
        async with self._turns:
            return await self._in_thread(lambda embedder: relevance(embedder, question, texts))

    async def _in_thread(self, work: Callable[[Embedder], _T]) -> _T:
        try:
            return await asyncio.to_thread(lambda: work(self._opened()))
        except EmbedderUnavailable as error:
            raise Problem(501, f"there are no embeddings here: {error}", code="embedder_unavailable") from error

    def _opened(self) -> Embedder:
        if self._embedder is None:
            self._embedder = open_embedder(self._settings)
        return self._embedder


def _embedded(texts: Sequence[str], embedder: Embedder) -> Vectors:
    return embedder.embed(texts)


def texts_to_embed(value: object) -> tuple[str, ...]:
    """One text or several, none of them empty. Token ids are those of another model's tokenizer, and mean nothing."""
    found = [value] if isinstance(value, str) else value
    if isinstance(found, list) and found and not isinstance(found[0], str):
        raise Misfit("a text or a list of texts; token ids of another model's tokenizer cannot be read")
    if not isinstance(found, list) or not 1 <= len(found) <= MAX_TEXTS or not all(found):
        raise Misfit(f"a text or 1 to {MAX_TEXTS} texts, none of them empty")
    return tuple(characters(text) for text in found)


def n_words(texts: Sequence[str]) -> int:
    """What is told as the number of tokens: embedding models of all kinds are served, and words can be counted."""
    return sum(len(text.split()) for text in texts)
