"""The answers that an agent gets, as text: places that can be opened, and the code that stands there.

An agent edits files between its questions, so each question first brings the index up to date. A question waits for
that no longer than `PATIENCE_S`; what it is answered with then says that the index is not complete yet.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence

from codeassist.agents.outline import estimated_tokens, outline
from indexer.errors import IndexerError
from indexer.index import CodeIndex
from indexer.types import Hit, Query, Symbol

logger = logging.getLogger(__name__)

PATIENCE_S = 20.0
# An index that was brought up to date this recently is taken as it is.
FRESH_S = 1.0
MAX_LIMIT = 100
# So many definitions are ranked for a map; its budget ends it long before.
MAX_RANKED = 1_000
MAX_MAP_TOKENS = 20_000
MAX_LINES_SHOWN = 40


class AgentTools:
    """Questions about one workspace; every method may be called at any time."""

    def __init__(self, index: CodeIndex, clock: Callable[[], float] = time.monotonic) -> None:
        self._index = index
        self._clock = clock
        self._refreshing: asyncio.Task[None] | None = None
        self._fresh_until = float("-inf")
        self._trouble = ""

    async def search_code(self, query: str, limit: int = 8) -> str:
        """Code by names, words and meaning."""
        if not query.strip():
            return "Say what to look for: a name, words, or a sentence that says what the code does."
        return await self._answered(
            lambda: _hits(self._index.search(Query(query), _within(limit))), f"Nothing was found for {query!r}."
        )

    async def find_symbol(self, name: str, limit: int = 20) -> str:
        """Definitions of a name."""
        return await self._answered(lambda: _symbols(self._definitions(name, _within(limit))), _unknown(name))

    async def find_usages(self, name: str, limit: int = 50) -> str:
        """Lines that use a name."""
        return await self._answered(
            lambda: _usages(self._index.usages(name, _within(limit))), f"Nothing in this repository uses {name!r}."
        )

    async def repository_map(
        self, max_tokens: int = 1024, focus: Sequence[str] = (), mentioned: Sequence[str] = ()
    ) -> str:
        """The definitions that matter most."""
        budget = min(max(max_tokens, 1), MAX_MAP_TOKENS)

        def drawn() -> str:
            ranked = self._index.important(MAX_RANKED, focus=focus, mentioned=frozenset(mentioned))
            return outline(ranked, budget, estimated_tokens)

        return await self._answered(drawn, f"No definition fits into {budget} tokens.")

    async def close(self) -> None:
        """Wait for a refresh that is under way."""
        if self._refreshing is not None:
            await asyncio.wait([self._refreshing])

    def _definitions(self, name: str, limit: int) -> list[Symbol]:
        exact = self._index.symbols(name, limit)
        return exact or self._index.find_symbols(name, limit)

    async def _answered(self, ask: Callable[[], str], nothing: str) -> str:
        note = await self._refreshed()
        text = await asyncio.to_thread(ask) or nothing
        return f"{note}\n\n{text}" if note else text

    async def _refreshed(self) -> str:
        """Bring the index up to date; a line for the agent when it is not."""
        if self._refreshing is None and self._clock() >= self._fresh_until:
            self._refreshing = asyncio.create_task(self._refresh(), name="refreshing the index")
        if self._refreshing is not None:
            await asyncio.wait([self._refreshing], timeout=PATIENCE_S)
        if self._refreshing is not None:
            return "The index is still being built: this answer may miss code. Ask again in a while."
        return f"The index could not be brought up to date: {self._trouble}" if self._trouble else ""

    async def _refresh(self) -> None:
        try:
            await asyncio.to_thread(self._index.refresh)
            self._trouble = ""
        except IndexerError as error:
            logger.warning("the index was not refreshed: %s", error)
            self._trouble = str(error)
        finally:
            self._fresh_until = self._clock() + FRESH_S
            self._refreshing = None


def _within(limit: int) -> int:
    return min(max(limit, 1), MAX_LIMIT)


def _unknown(name: str) -> str:
    return f"No definition is named {name!r}, or like it. search_code also finds words and meanings."


def _hits(hits: Sequence[Hit]) -> str:
    return "\n\n".join(
        f"{_place(hit.path, hit.start_line, hit.end_line)}  ({hit.why})\n{_cut(hit.text)}" for hit in hits
    )


def _symbols(symbols: Sequence[Symbol]) -> str:
    return "\n\n".join(
        f"{_place(symbol.path, symbol.start_line, symbol.end_line)}  {_kind(symbol)}\n{_cut(symbol.signature)}"
        for symbol in symbols
    )


def _usages(hits: Sequence[Hit]) -> str:
    return "\n".join(f"{hit.path}:{hit.start_line}: {hit.text.strip()}" for hit in hits)


def _kind(symbol: Symbol) -> str:
    return f"({symbol.kind} of {symbol.container})" if symbol.container else f"({symbol.kind})"


def _place(path: str, start_line: int, end_line: int) -> str:
    return f"{path}:{start_line}" if start_line == end_line else f"{path}:{start_line}-{end_line}"


def _cut(text: str) -> str:
    lines = text.rstrip("\n").split("\n")
    n_more = len(lines) - MAX_LINES_SHOWN
    return "\n".join([*lines[:MAX_LINES_SHOWN], f"... {n_more} more lines"] if n_more > 0 else lines)
