"""Findings, as the editor shows them: `textDocument/publishDiagnostics` for open documents.

A document is looked through when it is opened or saved and when other files have changed; while it is edited, what was
found may only go. Nothing is found in the middle of a word. What a review has found is shown beside that, also of files
that are not open, and goes along with its lines until the next review.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from codeassist.errors import CodeassistError
from codeassist.findings.types import Finding
from codeassist.review.moving import ReviewedFile
from lsp.areas import OpenTexts, read_text
from lsp.chat_commands import open_documents
from lsp.documents import Document
from lsp.encoded_findings import diagnostic_of, plain_lines
from lsp.folder import Folder
from lsp.reviewed import Reviewed
from lsp.workspace import path_of, uri_in

if TYPE_CHECKING:
    from lsp.language_server import CodeassistServer

logger = logging.getLogger(__name__)

DISMISS = "codeassist.dismissFinding"
# A burst of saves, or of files that a branch switch changes, is looked at once.
QUIET_S = 0.3


class _Place(NamedTuple):
    """A file of a folder."""

    folder: Folder
    path: str


class Diagnostics:
    """What is shown of each document, and what has to be looked at again."""

    def __init__(self, server: CodeassistServer, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._server = server
        self.sleep = sleep
        self._settled: dict[str, Document] = {}
        self._shown: dict[str, tuple[Finding, ...]] = {}
        self._shown_closed: set[str] = set()
        self._reviewed = Reviewed()
        self._wanted: set[str] = set()
        self._is_at_work = False
        self._told: set[str] = set()

    def settled(self, uri: str) -> None:
        """A document was opened or saved: its text is as its author means it."""
        document = self._server.documents.find(uri)
        if document is None:
            return
        self._settled[uri] = document
        if (
            self._reviewed
            and (place := self._place(uri)) is not None
            and (other := uri_in(place.folder.path, place.path)) != uri
        ):
            self._clear(other)  # The editor has another address for it than the one that it was shown under.
        self._want({uri})

    def edited(self, uri: str) -> None:
        """A document has another text: what was found may be mended."""
        if self._shown.get(uri) or self._review_of(uri) is not None:
            self._want({uri})

    def files_changed(self) -> None:
        """Other files may have changed, or documents may belong to another folder."""
        for folder, path in self._reviewed.leave(self._server.backend.every_folder):
            self._clear(uri_in(folder, path))
        self._want({*self._settled, *self._addresses(self._reviewed.files())})

    def closed(self, uri: str) -> None:
        """A document is no longer open: of its file there is what a review has found."""
        self._settled.pop(uri, None)
        place = self._place(uri)
        if place is None or self._reviewed.find(*place) is None:
            self._clear(uri)
            return
        address = uri_in(place.folder.path, place.path)
        if address != uri:
            self._clear(uri)
        self._want({address})

    def reviewed(self, folder: Folder, files: Mapping[str, ReviewedFile], passes: Collection[str]) -> None:
        """A review has looked at a folder. files: by path. passes: those that came to their end; what others found
        before stays."""
        concerned = self._reviewed.take(folder, files, passes)
        self._want(self._addresses((folder, path) for path in concerned))

    def finding_of(self, uri: str, diagnostic: types.Diagnostic) -> Finding | None:
        """The finding that a diagnostic of ours shows: by its id, or by what it says: some clients drop `data`."""
        identity = diagnostic.data.get("id") if isinstance(diagnostic.data, Mapping) else None
        shown = self._shown.get(uri, ())
        by_id = next((finding for finding in shown if finding.id == identity), None)
        return by_id or next((finding for finding in shown if finding.message == diagnostic.message), None)

    def current(self, document: Document, identity: str) -> Finding | None:
        """A finding that is shown, where it stands in this text; None where that line is another by now."""
        reviewed = self._review_of(document.uri)
        found = reviewed.moved(plain_lines(document)) if reviewed is not None else ()
        shown = {finding.id for finding in self._shown.get(document.uri, ())}
        return next((finding for finding in found if finding.id == identity and identity in shown), None)

    async def dismiss(self, uri: str, identity: str) -> None:
        """Remember that the user does not want to see a finding. Raises CodeassistError."""
        finding = next((item for item in self._shown.get(uri, ()) if item.id == identity), None)
        place = self._place(uri)
        if finding is None or place is None:
            return
        with place.folder.in_use() as assistant:
            await asyncio.to_thread(assistant.finder.dismiss, finding)
        self._reviewed.drop(place.folder, place.path, identity)
        self._want({*self._settled, uri})

    def _want(self, uris: set[str]) -> None:
        self._wanted |= uris
        if self._wanted and not self._is_at_work:
            self._is_at_work = True
            self._server.background.start(self._work(), "looking for problems")

    async def _work(self) -> None:
        try:
            while self._wanted:
                await self.sleep(QUIET_S)
                uris, self._wanted = self._wanted, set()
                for uri in sorted(uris):
                    await self._look(uri)
        finally:
            self._is_at_work = False

    async def _look(self, uri: str) -> None:
        document, place = self._server.documents.find(uri), self._place(uri)
        if place is None:
            return
        if document is None:
            await self._look_at_closed(uri, place)
            return
        try:
            found = await self._find(place, document)
        except Exception:  # what only helps must not end the search in other documents
            logger.exception("looking for problems in %s failed", uri)
            found = ()
        if not self._server.documents.is_current(document):
            return  # Who edited it asked again, where anything is shown.
        if document is not self._settled.get(uri):
            before = {finding.id for finding in self._shown.get(uri, ())}
            found = tuple(finding for finding in found if finding.id in before)
        elif self._reviewed:
            self._reviewed.follow(*place, plain_lines(document))
        self._publish(place.folder, document, (*found, *self._of_review(document, found)), version=document.version)

    async def _look_at_closed(self, uri: str, place: _Place) -> None:
        """Of a file that is not open there is what a review has found, by the text on the disk."""
        await self._reviewed.follow_disk(*place)
        if uri in self._addresses([place]) and self._server.documents.find(uri) is None:
            reviewed = self._reviewed.find(*place) or ReviewedFile((), ())
            lines = (*(f"{line}\n" for line in reviewed.lines), "")
            document = Document(uri, 0, "", lines, self._server.documents.encoding)
            if uri not in self._shown_closed or self._shown.get(uri, ()) != reviewed.findings:
                self._publish(place.folder, document, reviewed.findings, version=None)

    async def _find(self, place: _Place, document: Document) -> tuple[Finding, ...]:
        folder, path = place
        with folder.in_use() as assistant:
            if not assistant.settings.review.diagnostics:
                return ()
            texts = OpenTexts({**open_documents(self._server, folder), path: document})
            found = await asyncio.to_thread(lambda: assistant.finder.find(path, texts[path], texts))
        if found.warning and found.warning not in self._told:
            self._told.add(found.warning)
            self._server.warn(f"codeassist: {found.warning}")
        return found.findings

    def _of_review(self, document: Document, found: tuple[Finding, ...]) -> list[Finding]:
        """What a review has found and is not told already."""
        if (reviewed := self._review_of(document.uri)) is None:
            return []
        told = {(finding.category, finding.start_line) for finding in found}
        moved = reviewed.moved(plain_lines(document))
        return [finding for finding in moved if (finding.category, finding.start_line) not in told]

    def _review_of(self, uri: str) -> ReviewedFile | None:
        place = self._place(uri) if self._reviewed else None
        return self._reviewed.find(*place) if place is not None else None

    def _place(self, uri: str) -> _Place | None:
        """Where a document lies; None where no folder is open that holds it."""
        folder = self._server.backend.folder_of(path_of(uri))
        if folder is None or folder.assistant is None:
            return None
        return _Place(folder, folder.assistant.relative(path_of(uri)))

    def _addresses(self, files: Iterable[tuple[Folder, str]]) -> set[str]:
        """How the editor knows files: by the documents that are open, else by the folder."""
        opened = {place: uri for uri in self._server.documents.uris() if (place := self._place(uri)) is not None}
        return {opened.get(_Place(folder, path)) or uri_in(folder.path, path) for folder, path in files}

    def _publish(self, folder: Folder, document: Document, found: tuple[Finding, ...], *, version: int | None) -> None:
        uri = document.uri
        if not found and not self._shown.get(uri):
            return
        self._shown[uri] = found
        (self._shown_closed.discard if version is not None else self._shown_closed.add)(uri)
        shown = [diagnostic_of(folder.path, document, one, has_places=self._has_places) for one in found]
        self._send(uri, shown, version)

    def _clear(self, uri: str) -> None:
        self._shown_closed.discard(uri)
        if self._shown.pop(uri, ()):
            self._send(uri, [], None)

    def _send(self, uri: str, diagnostics: list[types.Diagnostic], version: int | None) -> None:
        self._server.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(uri=uri, version=version, diagnostics=diagnostics)
        )

    @property
    def _has_places(self) -> bool:
        """Whether the client shows where else to look."""
        text_document = self._server.client_capabilities.text_document
        capability = text_document.publish_diagnostics if text_document is not None else None
        return capability is not None and bool(capability.related_information)


def register_findings(server: CodeassistServer) -> None:
    """Announce the command on findings."""

    @server.command(DISMISS)
    async def dismiss(*arguments: Any) -> None:
        uri, identity = read_text(arguments, "uri", DISMISS), read_text(arguments, "id", DISMISS)
        if not uri or not identity:
            raise JsonRpcInvalidParams(f'{DISMISS} takes one argument {{"uri": string, "id": string}}')
        try:
            await server.diagnostics.dismiss(uri, identity)
        except CodeassistError as error:
            server.warn(f"codeassist: {error}")
