"""One workspace, opened: its index, its engine and its completer, behind the few calls that front ends need."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from dataclasses import replace
from pathlib import Path

from codeassist.activity import Activity
from codeassist.adapters.using import AdaptedEngine, ChosenAdapter
from codeassist.chat.model import OpenChat, open_chat
from codeassist.completion import Completer
from codeassist.directories import active_environment, cache_directory, cargo_home, go_module_cache
from codeassist.documents import make_document, read_document
from codeassist.embedders import find_embedder
from codeassist.engine.choose import open_engine
from codeassist.findings.finder import Finder
from codeassist.gap_whereabouts import Repository
from codeassist.gaps import PreparedGap
from codeassist.ghost_text import GhostText
from codeassist.models.directory import shipped_model
from codeassist.next_edit.editor import NextEditor
from codeassist.next_edit.files import IndexedFiles
from codeassist.protocols import Engine
from codeassist.settings import IndexSettings, Settings
from codeassist.sharing import Shared
from codeassist.sources import Neighbour, WithActivity
from codeassist.tokenizer import FileTokenizer
from codeassist.types import Cursor, Delta, Document, Explanation, FimRequest, GenerationRequest, Outcome, Suggestion
from indexer import vectors
from indexer.changes import read_changes
from indexer.dependencies.types import Installed
from indexer.errors import EmbedderUnavailable
from indexer.index import CodeIndex
from indexer.status import StoredIndex, read_status
from indexer.types import Hit, IndexReport, ProgressCallback, Query, Symbol

# An editor may have several workspaces open in one process: what they only read is there once.
_TOKENIZERS = Shared(FileTokenizer)


class Assistant:
    """Front ends (command line, Language Server, HTTP) talk to this and to nothing below it."""

    def __init__(self, settings: Settings, workspace: Path, engine: Engine, index: CodeIndex) -> None:
        self.settings = settings
        self.workspace = workspace
        self.engine = engine
        self.index = index
        self.activity = Activity()
        self.next_edits = NextEditor(IndexedFiles(index, workspace))
        self.open_chat: OpenChat = open_chat
        self.finder = Finder(workspace)
        self._adapted = AdaptedEngine(lambda: self.engine, ChosenAdapter(settings.engine.lora, workspace))
        self._neighbours: tuple[Neighbour, ...] = ()
        self._completer: Completer | None = None
        self._making = threading.Lock()
        self._ghost_text = GhostText(self._made, lambda: self.settings.completion)

    async def start_engine(self) -> None:
        """Load the model. Raises ModelError or EngineUnavailable."""
        await self.engine.start()

    async def refresh(self, progress: ProgressCallback | None = None) -> IndexReport:
        """Bring the index up to the working tree, in a thread; `progress` is called from that thread."""
        return await asyncio.to_thread(self.index.refresh, progress)

    async def refresh_file(self, path: Path) -> None:
        """Bring the index up to one file that was saved, created or removed."""
        await asyncio.to_thread(self.index.refresh_file, self.relative(path))

    async def prepare(self, path: str, text: str) -> None:
        """Have the index find out what a document imports from installed libraries, before it is edited."""
        await asyncio.to_thread(self.index.prepare, path, text)

    async def look_at_changes(self) -> None:
        """Find out, in a thread, what is changed and not committed: before anything is edited, that is the user's work.

        Asks the index which files count, and so wants to come after a refresh.
        """
        await asyncio.to_thread(self._look_at_changes)

    def work_beside(self, others: Iterable[Assistant]) -> None:
        """The user has these workspaces open, too: what is edited there may be of use here."""
        self._neighbours = tuple(
            Neighbour(f"{os.path.relpath(other.workspace, self.workspace)}/", other.activity, other.index.withheld)
            for other in others
            if other is not self
        )

    async def search(self, text: str, limit: int) -> list[Hit]:
        """Hits for a person's query, best first."""
        return await asyncio.to_thread(self.index.search, Query(text), limit)

    async def find_symbols(self, text: str, limit: int) -> list[Symbol]:
        """Definitions by a few letters of their names, those that fit best first."""
        return await asyncio.to_thread(self.index.find_symbols, text, limit)

    def read_document(self, path: Path) -> Document:
        """A file as a document. Raises DocumentError for what cannot be completed in."""
        return read_document(path, self.relative(path))

    def document(self, path: Path, text: str, version: int = 0) -> Document:
        """An editor's buffer as a document (line ends normalised, language by file name)."""
        return make_document(self.relative(path), text, version)

    def relative(self, path: Path) -> str:
        """The path as prompts and the index know it: relative to the workspace, or the bare name outside of it.

        A path that cannot be resolved has its bare name too: editors tell of whatever lies in the folder.
        """
        with contextlib.suppress(ValueError, OSError, RuntimeError):  # a NUL, a name too long, a symlink to itself
            return path.resolve().relative_to(self.workspace).as_posix()
        return path.name

    async def complete(self, document: Document, cursor: Cursor, *, invoked: bool = False) -> Suggestion:
        """What to suggest at the cursor. Raises CursorError; engine trouble becomes a `drop_reason`."""
        return await (await self._made()).complete(document, cursor, invoked=invoked)

    async def suggestions(self, document: Document, cursor: Cursor, *, invoked: bool = False) -> list[Suggestion]:
        """What an editor shows at the cursor, best first; where the user has not asked it waits until that is likely
        of use, and gives one at most. Raises CursorError; why there is none is what `last_suggestion` tells."""
        return await self._ghost_text.suggestions(document, cursor, invoked=invoked)

    def edited(self, path: str, inserted: str) -> None:
        """A document was edited in an editor: the rhythm of the user's keys decides when suggestions are made."""
        self._ghost_text.edited(path, inserted)

    def accepted(self, suggestion_id: str) -> None:
        """The user took a suggestion as a whole."""
        self._ghost_text.accepted(suggestion_id)

    def last_suggestion(self, path: str | None) -> Outcome | None:
        """What the last of `suggestions` came to in a document (in any for None), and why; None before the first."""
        return self._ghost_text.last(path)

    def configure(self, settings: Settings) -> None:
        """Other settings from the next request on; engine and index stay as they were opened."""
        self.settings = replace(settings, engine=self.settings.engine, index=self.settings.index)
        if self._completer is not None:
            self._completer.configure(settings.completion)

    async def prewarm(self, document: Document, cursor: Cursor) -> None:
        """Have the engine compute the prompt for this cursor, after everybody else. Raises CursorError."""
        await self._ghost_text.prewarm(document, cursor)

    async def explain(self, document: Document, cursor: Cursor, *, invoked: bool = False) -> Explanation:
        """What `complete` would send to the engine here, and why. Needs no running engine. Raises CursorError."""
        return await (await self._made()).explain(document, cursor, invoked=invoked)

    async def prepare_gap(self, asked: FimRequest) -> PreparedGap:
        """The prompt for a gap in a bare text, and what was added to it. Raises ModelError."""
        return await (await self._made()).gaps.prepare(asked)

    def fill_gap(self, prepared: PreparedGap) -> AsyncGenerator[Delta]:
        """The answer to a prepared gap. Leaving the loop aborts."""
        return self.completer.gaps.fill(prepared)

    def generate(self, request: GenerationRequest) -> AsyncIterator[Delta]:
        """The engine itself, for prompts that are rendered already."""
        return self.engine.stream(request)

    def continue_prompt(self, request: GenerationRequest) -> AsyncIterator[Delta]:
        """The same with the workspace's adapter."""
        return self._adapted.stream(request)

    @property
    def adapter(self) -> str:
        """Folder of the adapter that the workspace is completed with; "" for none."""
        return self._adapted.adapter

    @property
    def completer(self) -> Completer:
        """Made on first use, from any thread: an engine that is somewhere else knows its model only once it has been
        reached. Reads a tokenizer, so an event loop lets a thread ask first. Raises ModelError or ConfigError.
        """
        with self._making:
            if self._completer is None:
                tokenizer = _TOKENIZERS.get(self.engine.info.tokenizer or shipped_model() / "tokenizer.json")
                retriever = WithActivity(self.index, self.activity, self.index.withheld, lambda: self._neighbours)
                self._completer = Completer(
                    self._adapted,
                    tokenizer,
                    retriever,
                    self.settings.completion,
                    withheld=self._withheld,
                    known_names=self.index.known_names,
                    repository=self._repository(),
                    adapter=lambda: self._adapted.adapter,
                )
            return self._completer

    async def close(self) -> None:
        """Stop engine and index; safe to call twice."""
        await self.leave()
        await self.engine.close()

    async def leave(self) -> None:
        """Close the workspace, and leave the engine to those who share it; safe to call twice."""
        try:
            await self._ghost_text.close()
        finally:
            if self._completer is not None:
                self._completer.close()
            await asyncio.to_thread(self.index.close)

    def _look_at_changes(self) -> None:
        limit_kb = self.settings.index.max_file_kb
        self.activity.changed_on_disk(read_changes(self.workspace, self.index.versions, limit_kb))

    def _withheld(self, document: Document) -> str | None:
        return self.index.withheld(document.path, document.text)

    def _repository(self) -> Repository:
        index = self.index
        return Repository(str(self.workspace), index.locate, index.withheld, lambda: self.settings.server.context)

    async def _made(self) -> Completer:
        return await asyncio.to_thread(lambda: self.completer) if self._completer is None else self._completer


def open_assistant(
    settings: Settings, workspace: Path, *, engine: Engine | None = None, attach: bool = True
) -> Assistant:
    """Wire engine and index for one workspace; loads and reads nothing yet.

    engine: one that another workspace uses already; None for a new one. attach: whether that may be the model of a
    running `codeassist serve`. Raises ModelError, WorkspaceError.
    """
    root = workspace.resolve()
    engine = engine or open_engine(settings.engine, attach=attach, chat=settings.chat)
    return Assistant(settings, root, engine, open_index(settings.index, root))


def open_index(settings: IndexSettings, workspace: Path) -> CodeIndex:
    """The index of a workspace, by itself. Raises WorkspaceError."""
    return CodeIndex.open(
        workspace.resolve(),
        directory=index_directory(settings, workspace),
        embedder=find_embedder(settings) if settings.vectors else None,
        max_file_kb=settings.max_file_kb,
        exclude=settings.exclude,
        installed=_installed(settings, workspace) if settings.dependencies else None,
    )


def _installed(settings: IndexSettings, workspace: Path) -> Installed:
    """Where libraries may be, and the file that keeps what is known of them for all workspaces."""
    environment = workspace.resolve() / Path(settings.environment).expanduser() if settings.environment else None
    return Installed(
        store=str(_index_parent(settings) / "libraries.sqlite"),
        environment=str(environment) if environment else None,
        active=active_environment(),
        go=str(go_module_cache()),
        cargo=str(cargo_home()),
    )


def _index_parent(settings: IndexSettings) -> Path:
    return Path(settings.directory).expanduser() if settings.directory else cache_directory() / "index"


def index_directory(settings: IndexSettings, workspace: Path) -> Path:
    """Where the index of a workspace is kept: one folder for each resolved path."""
    root = workspace.resolve()
    readable = root.name.encode("utf-8", "backslashreplace").decode().replace("\\", "_")
    return _index_parent(settings) / f"{readable or 'root'}-{hashlib.sha256(os.fsencode(root)).hexdigest()[:16]}"


def index_status(settings: IndexSettings, workspace: Path) -> StoredIndex:
    """What there is of a workspace's index; makes and mends nothing. Raises WorkspaceError."""
    directory, embedder = index_directory(settings, workspace), _embedder_name(settings)
    return read_status(workspace.resolve(), directory, settings.max_file_kb, settings.exclude, embedder)


def _embedder_name(settings: IndexSettings) -> str:
    """The name of the embedder that an index would have vectors of, "" where it would have none."""
    embedder = find_embedder(settings) if settings.vectors and vectors.is_installed() else None
    try:
        return embedder.name if embedder else ""
    except EmbedderUnavailable:
        return ""
