"""The answers that an agent gets, as text.

An agent edits files between its questions, so that each question is answered from an index that was brought up to date
after it was asked: questions that come while a refresh runs share the next one. A question waits for that no longer
than `PATIENCE_S`; what it is answered with then says that the index is not complete yet.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Iterable, Sequence

from codeassist.agents.outline import estimated_tokens, outline
from codeassist.agents.texts import hits_text, quoted, readable, symbols_text, usages_text
from indexer.errors import IndexClosed, IndexerError
from indexer.index import CodeIndex
from indexer.symbol_search import split_question
from indexer.types import Query, Symbol

logger = logging.getLogger(__name__)

PATIENCE_S = 20.0
MAX_LIMIT = 100
# So many definitions are ranked for a map; its budget ends it long before.
MAX_RANKED = 1_000
MAX_MAP_TOKENS = 20_000
# Of a question this much is read, and no name is longer.
MAX_QUERY_LETTERS = 4_000
MAX_NAME_LETTERS = 200

UNFINISHED = "The index is still being built: this answer may miss code. Ask again in a while."
NO_QUERY = "Say what to look for: a name, words, or a sentence that says what the code does."
NO_NAME = "Say which name to look for."
NO_MAP = "No file here uses what another one defines: there is nothing to draw a map of."


class AgentTools:
    """Questions about one workspace; every method may be called at any time."""

    def __init__(self, index: CodeIndex, patience_s: float = PATIENCE_S) -> None:
        self._index = index
        self._patience_s = patience_s
        self._running: asyncio.Task[str] | None = None
        self._next: asyncio.Task[str] | None = None

    def begin(self) -> None:
        """Bring the index up to date before anybody asks: a first index takes its time."""
        self._next = asyncio.create_task(self._refresh(None), name="refreshing the index")

    async def search_code(self, query: str, limit: int = 8) -> str:
        """Code by names, words and meaning."""
        text = readable(query).strip()[:MAX_QUERY_LETTERS]
        if not text:
            return NO_QUERY
        return await self._answered(
            lambda: hits_text(self._index.search(Query(text), _within(limit))), f"Nothing was found for {quoted(text)}."
        )

    async def find_symbol(self, name: str, limit: int = 20) -> str:
        """Definitions of a name."""
        wanted, n_wanted = _spelled(name), _within(limit)
        if not wanted:
            return NO_NAME
        unknown = f"No definition is named {quoted(wanted)}, or like it. search_code also finds words and meanings."
        if len(wanted) > MAX_NAME_LETTERS:
            return unknown
        return await self._answered(lambda: symbols_text(self._definitions(wanted, n_wanted + 1), n_wanted), unknown)

    async def find_usages(self, name: str, limit: int = 50) -> str:
        """Lines that use a name, whatever it belongs to."""
        wanted, n_wanted = split_question(_spelled(name))[1], _within(limit)
        if not wanted:
            return NO_NAME
        unused = f"Nothing is known to use {quoted(wanted)}. search_code also finds mentions in comments and texts."
        if len(wanted) > MAX_NAME_LETTERS:
            return unused
        return await self._answered(lambda: usages_text(self._index.usages(wanted, n_wanted + 1), n_wanted), unused)

    async def repository_map(
        self, max_tokens: int = 1024, focus: Sequence[str] = (), mentioned: Sequence[str] = ()
    ) -> str:
        """The definitions that matter most."""
        budget = min(max(max_tokens, 1), MAX_MAP_TOKENS)
        names = frozenset(split_question(_spelled(name))[1] for name in mentioned)
        return await self._answered(
            lambda: self._drawn(budget, self._relative(focus), names), f"No definition fits into {budget} tokens."
        )

    async def close(self) -> None:
        """Close the index; a refresh that is under way ends early."""
        await asyncio.to_thread(self._index.close)
        refreshes = [refresh for refresh in (self._running, self._next) if refresh is not None]
        if refreshes:
            await asyncio.wait(refreshes)

    def _definitions(self, name: str, limit: int) -> list[Symbol]:
        exact = self._index.symbols(name, limit)
        return exact or self._index.find_symbols(name, limit)

    def _drawn(self, budget: int, focus: Sequence[str], mentioned: frozenset[str]) -> str:
        known = self._index.versions(focus)
        unknown = [quoted(path) for path in focus if path not in known]
        note = f"Not in the index, so the map is not drawn from there: {', '.join(unknown)}\n\n" if unknown else ""
        ranked = self._index.important(MAX_RANKED, focus=list(known), mentioned=mentioned)
        text = outline(ranked, budget, estimated_tokens) if ranked else NO_MAP
        return note + text if text else ""

    def _relative(self, paths: Iterable[str]) -> list[str]:
        """Paths as the index knows them, from such as `./a.py` and absolute ones."""
        root = self._index.root
        return [os.path.relpath(root / readable(path), root) for path in paths if path.strip()]

    async def _answered(self, ask: Callable[[], str], nothing: str) -> str:
        note = await self._refreshed()
        text = await asyncio.to_thread(ask) or nothing
        return readable(f"{note}\n\n{text}" if note else text)

    async def _refreshed(self) -> str:
        """Bring the index up to date; a line for the agent when it is not."""
        if self._next is None:
            self._next = asyncio.create_task(self._refresh(self._running), name="refreshing the index")
        refresh = self._next
        await asyncio.wait([refresh], timeout=self._patience_s)
        return refresh.result() if refresh.done() else UNFINISHED

    async def _refresh(self, previous: asyncio.Task[str] | None) -> str:
        if previous is not None:
            await asyncio.wait([previous])
        # What is saved from now on may be missed: who asks from now on waits for another one.
        self._running, self._next = self._next, None
        try:
            await asyncio.to_thread(self._index.refresh)
        except IndexClosed:
            return UNFINISHED
        except (IndexerError, OSError) as error:
            logger.warning("the index was not refreshed: %s", error)
            return f"The index could not be brought up to date: {error}"
        return ""


def _within(limit: int) -> int:
    return min(max(limit, 1), MAX_LIMIT)


def _spelled(name: str) -> str:
    """A name as the index knows it, where an agent wrote a call."""
    return readable(name).strip().removesuffix("()")
