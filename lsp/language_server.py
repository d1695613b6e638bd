"""The state of one session, which every feature is handed."""

from __future__ import annotations

import asyncio
import logging
import re
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from codeassist import __version__
from codeassist.chat.model import chat_name
from lsp.backend import Backend
from lsp.background import Background
from lsp.configuration import Configuration
from lsp.cursors import Cursors
from lsp.diagnostics import Diagnostics
from lsp.documents import Document, DocumentStore
from lsp.editing import Editing
from lsp.latest import Latest
from lsp.outcomes import Outcomes
from lsp.outlines import Outlines
from lsp.progress import WorkDone
from lsp.protocol import Protocol
from lsp.reviewing import Reviews
from lsp.short_status import SHORT_STATUS, short_status
from lsp.suggestions import Suggestions
from lsp.switches import Switches
from lsp.watching import Watching
from lsp.wiring import Wiring
from lsp.workspace import path_of

if TYPE_CHECKING:
    from codeassist.assistant import Assistant

logger = logging.getLogger(__name__)

STATUS = "codeassist/status"

# VS Code makes a link of `[label](address)` in a message, and runs a command that is its address.
_LINK = re.compile(r"\]\((?=[a-z]+:)", re.IGNORECASE)


class CodeassistServer(LanguageServer):
    """Documents, running requests, folders and the engine of one editor."""

    protocol: Protocol
    initialize_params: types.InitializeParams

    def __init__(self, wiring: Wiring) -> None:
        super().__init__(
            "codeassist",
            __version__,
            text_document_sync_kind=types.TextDocumentSyncKind.Incremental,
            protocol_cls=Protocol,
        )
        self.documents = DocumentStore()
        self.editing = Editing(lambda: self.documents, self._owner, self._prepare)
        self.latest = Latest()
        self.outlines = Outlines()
        self.background = Background(self._background_failed)
        self.at_close = ExitStack()
        self.backend = Backend(wiring.open_assistant, self, self.background, self._make_nowhere, self._moved)
        self.switches = Switches(self.tell_status)
        self.configuration = Configuration(
            lambda: self.backend, self.switches, wiring.load_settings, wiring.settings, self.tell_status
        )
        self.suggestions = Suggestions()
        self.cursors = Cursors()
        self.outcomes = Outcomes(
            wiring.statistics,
            lambda: self.configuration.settings.statistics.enabled,
            self.background,
            self._document,
        )
        self.watching = Watching(self)
        self.diagnostics = Diagnostics(self)
        self.reviews = Reviews(self)
        self.ended = asyncio.Event()
        self.is_shutting_down = False
        # Whether the editor asks for next edits itself, and need not find them among the code actions.
        self.asks_next_edits = False
        self._closing: asyncio.Task[None] | None = None

    @property
    def exit_code(self) -> int:
        """0 when the client has said `shutdown`, answered or not, else 1 (LSP 3.18, "exit")."""
        return 0 if self.is_shutting_down or self.protocol.is_shut_down else 1

    def end(self) -> None:
        """Leave the session: the client said `exit`, or is gone."""
        self.ended.set()

    async def close(self) -> None:
        """Stop what runs, then the engine. Whoever calls it while it is at work waits for the same end."""
        if self._closing is None:
            self._closing = asyncio.ensure_future(self._close())
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        self.latest.drop_all()
        await self.background.close()
        await asyncio.gather(self.backend.close(), asyncio.to_thread(self.outcomes.close))
        self.at_close.close()

    def see_to_homes(self) -> None:
        """Have a folder even for documents that lie in none."""
        if not all(self.backend.holding(path_of(uri)) for uri in self.documents.uris()):
            self.backend.open_nowhere()

    def warn(self, message: str) -> None:
        """Show a warning to the user, and log it."""
        logger.warning("%s", message)
        self._show(types.MessageType.Warning, message)

    def tell(self, message: str) -> None:
        """Show the user what was asked for."""
        self._show(types.MessageType.Info, message)

    def _show(self, kind: types.MessageType, message: str) -> None:
        """The message may tell names and settings of a repository that nobody trusts, and what a model says."""
        self.window_show_message(types.ShowMessageParams(type=kind, message=_LINK.sub("] (", message)))

    @property
    def lists_entries(self) -> bool:
        """Whether suggestions are entries of the completion list, by the settings as they are now."""
        wanted, documents = self.configuration.as_list_entries, self.client_capabilities.text_document
        has_ghost_text = documents is not None and documents.inline_completion is not None
        return wanted == "on" or (wanted == "auto" and not has_ghost_text)

    def status(self) -> dict[str, Any]:
        """Engine, model, folders, and what is switched on."""
        settings = self.configuration.settings
        return self.backend.status() | self.switches.status(settings.completion) | {"chat": chat_name(settings.chat)}

    def tell_status(self) -> dict[str, Any]:
        """Send the status, and Copilot's form of it, as notifications; what was sent."""
        status = self.status()
        self.protocol.notify(STATUS, status)
        self.protocol.notify(SHORT_STATUS, short_status(status))
        if status["index"]["state"] == "ready":
            self.diagnostics.files_changed()
        return status

    def sent(self, uri: str, items: Sequence[types.InlineCompletionItem]) -> None:
        """These items go to the editor, which shows the first one."""
        self.outcomes.sent(uri, self.suggestions.find_in(items))

    def file_changed(self, path: Path) -> None:
        """A file was saved, created or removed: the index follows, and the settings where it is about them."""
        self.backend.file_changed(path)
        if self.configuration.is_own_file(path):
            self.background.start(self.configuration.reread(path), "reading the settings")

    def accepted(self, uri: str, suggestion_id: str) -> None:
        """The user took a suggestion as a whole."""
        folder = self.backend.folder_of(path_of(uri))
        if folder is not None and folder.assistant is not None:
            folder.assistant.accepted(suggestion_id)
        if (offer := self.suggestions.find(uri, suggestion_id)) is not None:
            self.outcomes.accepted(offer)

    def work_done(self, title: str) -> WorkDone:
        """A new piece of work that the editor may show."""
        return WorkDone(self, title)

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Log only: pygls would pop up every failure of a notification."""
        logger.error("%s", error, exc_info=error)

    def _moved(self) -> None:
        self.see_to_homes()
        self.editing.settle()
        if self.configuration.is_behind():
            self.background.start(self.configuration.settle(), "reading the settings")
        self.reviews.folders_moved()
        self.diagnostics.files_changed()

    def _document(self, uri: str) -> Document | None:
        return self.documents.find(uri)

    def _owner(self, uri: str) -> Assistant | None:
        folder = self.backend.folder_of(path_of(uri))
        return folder.assistant if folder else None

    def _prepare(self, assistant: Assistant, path: str, text: str) -> None:
        self.background.start(assistant.prepare(path, text), f"preparing {path}")

    def _make_nowhere(self) -> tuple[Path, dict[str, object]]:
        """An empty folder that ends with the session: a lone file is no reason to index the folder it lies in."""
        folder = Path(self.at_close.enter_context(tempfile.TemporaryDirectory(prefix="codeassist-")))
        workspace = folder / "workspace"
        workspace.mkdir()
        return workspace, {"index.directory": str(folder / "index")}

    def _background_failed(self, name: str, error: BaseException) -> None:
        """The border to the editor for work that nobody waits for: a bug is told once, its trace is in the log."""
        logger.error("%s failed", name, exc_info=error)
        self.warn(f"codeassist: {name} failed ({type(error).__name__}: {error}); the server's log tells more")
