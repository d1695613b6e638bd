"""One repository under measurement: its index, its cases, and how each mode asks for a suggestion in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bench.quality.cases import Case, sample_cases
from bench.quality.oracle import Oracle, needed
from bench.quality.serving import WatchedEngine
from bench.quality.soundness import vocabulary
from bench.quality.syntax import words
from codeassist.assistant import open_index
from codeassist.completion import Completer
from codeassist.protocols import Engine
from codeassist.settings import Settings
from codeassist.tokenizer import FileTokenizer
from codeassist.types import Document
from indexer.types import Hit

PATIENCE_MS = 600_000
# Where more lines that need another file are looked for: so many further turns through so many files.
NEEDING_TURNS = 4
NEEDING_TURN = 500


@dataclass(frozen=True, slots=True)
class Draw:
    """A case and what its line needs. drawn: "random", or "needing" when only lines that need something were wanted.

    is_unseen: whether the prompt's window does not spell one of the needed names.
    """

    case: Case
    drawn: str
    hits: tuple[Hit, ...]
    is_unseen: bool


class Workspace:
    """One repository, indexed, and how each mode asks in it. The engine belongs to the caller."""

    def __init__(self, root: Path, engine: Engine, settings: Settings) -> None:
        self.name = root.name
        self._engine = engine
        self._settings = replace(settings.completion, retrieve_deadline_ms=PATIENCE_MS)
        self.index = open_index(settings.index, root)
        self.known: frozenset[str] = frozenset()
        assert engine.info.tokenizer, "an engine of our own names its tokenizer"
        self._tokenizer = FileTokenizer(engine.info.tokenizer)

    async def open(self) -> None:
        """Index the files."""
        await asyncio.to_thread(self.index.refresh)
        self.known = await asyncio.to_thread(vocabulary, self.index)

    async def draw(self, root: Path, n_random: int, n_needing: int, seed: int) -> list[Draw]:
        """Random cursors, and more of those whose line needs another file."""
        drawn = [await self._draw(case, "random") for case in sample_cases(root, n_random, seed)]
        known = {draw.case.key for draw in drawn}
        for turn in range(1, NEEDING_TURNS + 1):
            for case in sample_cases(root, NEEDING_TURN, f"{seed} again {turn}"):
                if n_needing and case.key not in known and needed(case, self.index).hits:
                    known.add(case.key)
                    drawn.append(await self._draw(case, "needing"))
                    n_needing -= 1
        return drawn

    async def _draw(self, case: Case, drawn: str) -> Draw:
        """A case with what it needs."""
        need = needed(case, self.index)
        async with self.asking("no context") as (_, completer):
            window = words((await completer.explain(case.document, case.cursor)).prompt)
        return Draw(case, drawn, need.hits, bool(need.names - window))

    @asynccontextmanager
    async def asking(self, mode: str, hits: tuple[Hit, ...] = ()) -> AsyncIterator[tuple[WatchedEngine, Completer]]:
        """A completer for this mode that has not answered anything yet, and the engine that it asks.

        hits: what the oracle knows.
        """
        engine = WatchedEngine(self._engine)
        settings = replace(self._settings, context_share=0.0) if mode == "no context" else self._settings
        retriever = Oracle(self.index, hits) if mode == "oracle" else self.index
        names = self.index.known_names
        completer = Completer(engine, self._tokenizer, retriever, settings, withheld=self._withheld, known_names=names)
        try:
            yield engine, completer
        finally:
            completer.close()

    def close(self) -> None:
        """Close the index."""
        self.index.close()

    def _withheld(self, document: Document) -> str | None:
        return self.index.withheld(document.path, document.text)
