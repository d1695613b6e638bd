"""An assistant without index and prompts, whose answers a test decides."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from pathlib import Path

from codeassist.activity import Activity
from codeassist.documents import make_document
from codeassist.engine.scripted import ScriptedEngine
from codeassist.errors import CodeassistError
from codeassist.findings.finder import Finder
from codeassist.next_edit.editor import NextEditor
from codeassist.outcomes import Outcomes
from codeassist.settings import Settings
from codeassist.types import Cursor, Document, Explanation, Outcome, Suggestion
from indexer.types import IndexReport, Progress, ProgressCallback, Symbol

REPORT = IndexReport(
    files=3, chunks=7, symbols=5, changed=3, removed=0, bytes_read=99, skipped=(), vectors=False, seconds=0.0
)


class NoFiles:
    """A workspace in which nothing is but open documents."""

    def paths(self, word: str) -> list[str]:
        return []

    def defining(self, name: str) -> list[str]:
        return []

    def document(self, path: str) -> Document | None:
        return None


class FakeAssistant:
    """The public calls of `codeassist.assistant.Assistant` that the Language Server makes.

    answer: what `complete` returns, made from the document and the cursor; further: what `suggestions` gives besides;
    find: what `find_symbols` returns. While `hold` is set to an event, all wait for it; engine and index are ready
    once `loading` is set. edits: what edits put in. refresh_errors: what
    the next refresh of a name ends with; "*" is that of everything. completer_made_in: the thread that first asked for
    the completer.
    """

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace
        self.settings = Settings()
        self.told: list[Settings] = []
        self.engine = ScriptedEngine()
        self.activity = Activity()
        self.finder = Finder(workspace)
        self.next_edits = NextEditor(NoFiles())
        self.answer: Callable[[Document, Cursor], Suggestion] = lambda document, cursor: Suggestion("s1", "pass")
        self.find: Callable[[str], list[Symbol]] = lambda text: []
        self.hold: asyncio.Event | None = None
        self.loading = asyncio.Event()
        self.loading.set()
        self.start_error: CodeassistError | None = None
        self.asked: list[tuple[Document, Cursor, bool]] = []
        self.asked_symbols: list[tuple[str, int]] = []
        self.was_asked = asyncio.Event()
        self.n_cancelled = 0
        self.further: list[Suggestion] = []
        self.edits: list[str] = []
        self.outcomes = Outcomes()
        self.taken: list[str] = []
        self.prewarmed: list[tuple[str, Cursor]] = []
        self.was_prewarmed = asyncio.Event()
        self.prepared: list[tuple[str, str]] = []
        self.refreshes: list[str] = []
        self.refreshed = asyncio.Event()
        self.refresh_errors: dict[str, Exception] = {}
        self.completer_made_in: Future[threading.Thread] = Future()
        self.n_closed = 0
        self.n_looks = 0
        self.others: list[FakeAssistant] = []

    def configure(self, settings: Settings) -> None:
        self.settings = settings
        self.told.append(settings)

    def relative(self, path: Path) -> str:
        return path.name

    async def start_engine(self) -> None:
        if self.start_error is not None:
            raise self.start_error
        await self.loading.wait()
        await self.engine.start()

    async def refresh(self, progress: ProgressCallback | None = None) -> IndexReport:
        self.refreshes.append("*")
        await self.loading.wait()
        self._fail("*")
        if progress is not None:
            await asyncio.to_thread(self._report, progress)
        self.refreshed.set()
        return REPORT

    async def refresh_file(self, path: Path) -> None:
        self.refreshes.append(path.name)
        self._fail(path.name)
        self.refreshed.set()

    async def prepare(self, path: str, text: str) -> None:
        self.prepared.append((path, text))

    async def look_at_changes(self) -> None:
        self.n_looks += 1

    def work_beside(self, others: Iterable[FakeAssistant]) -> None:
        self.others = [other for other in others if other is not self]

    def document(self, path: Path, text: str, version: int = 0) -> Document:
        return make_document(path.name, text, version)

    async def complete(self, document: Document, cursor: Cursor, *, invoked: bool = False) -> Suggestion:
        self.asked.append((document, cursor, invoked))
        await self._held()
        return self.answer(document, cursor)

    async def suggestions(self, document: Document, cursor: Cursor, *, invoked: bool = False) -> list[Suggestion]:
        suggestion = await self.complete(document, cursor, invoked=invoked)
        self.outcomes.note(document, cursor, suggestion)
        return [suggestion, *self.further] if suggestion.text else []

    def last_suggestion(self, path: str | None) -> Outcome | None:
        return self.outcomes.last(path)

    def accepted(self, suggestion_id: str) -> None:
        self.taken.append(suggestion_id)

    async def prewarm(self, document: Document, cursor: Cursor) -> None:
        self.prewarmed.append((document.path, cursor))
        self.was_prewarmed.set()
        if self.hold is not None:
            await self.hold.wait()

    def edited(self, path: str, inserted: str) -> None:
        self.edits.append(inserted)

    async def find_symbols(self, text: str, limit: int) -> list[Symbol]:
        self.asked_symbols.append((text, limit))
        await self._held()
        return self.find(text)

    async def explain(self, document: Document, cursor: Cursor) -> Explanation:
        return Explanation(
            prompt=f"{document.path}:{cursor.line}:{cursor.column}",
            prompt_tokens=3,
            sources=(),
            left_out=(),
            budgets={"prefix": {"allowed": 9, "used": 3}},
        )

    @property
    def completer(self) -> None:
        if not self.completer_made_in.done():
            self.completer_made_in.set_result(threading.current_thread())

    async def leave(self) -> None:
        self.n_closed += 1

    async def _held(self) -> None:
        self.was_asked.set()
        try:
            if self.hold is not None:
                await self.hold.wait()
        except asyncio.CancelledError:
            self.n_cancelled += 1
            raise

    def _fail(self, name: str) -> None:
        if error := self.refresh_errors.pop(name, None):
            raise error

    def _report(self, progress: ProgressCallback) -> None:
        for done in range(5):
            progress(Progress("parse", done, 4))
