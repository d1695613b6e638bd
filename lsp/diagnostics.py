"""Findings, as the editor shows them: `textDocument/publishDiagnostics` for open documents.

A document is looked through when it is opened or saved and when other files have changed; while it is edited, what was
found may only go. Nothing is found in the middle of a word.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from codeassist.errors import CodeassistError
from codeassist.findings.types import Finding, Severity
from codeassist.types import Cursor
from lsp.areas import OpenTexts, read_text
from lsp.chat_commands import open_documents
from lsp.documents import Document
from lsp.folder import Folder
from lsp.place import BOM
from lsp.workspace import path_of, uri_in

if TYPE_CHECKING:
    from lsp.language_server import CodeassistServer

logger = logging.getLogger(__name__)

SOURCE = "codeassist"
DISMISS = "codeassist.dismissFinding"
# A burst of saves, or of files that a branch switch changes, is looked at once.
QUIET_S = 0.3

_SEVERITIES: dict[Severity, types.DiagnosticSeverity] = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "note": types.DiagnosticSeverity.Information,
}


class Diagnostics:
    """What is shown of each open document, and what has to be looked at again."""

    def __init__(self, server: CodeassistServer, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._server = server
        self.sleep = sleep
        self._settled: dict[str, Document] = {}
        self._shown: dict[str, tuple[Finding, ...]] = {}
        self._wanted: set[str] = set()
        self._is_at_work = False
        self._told: set[str] = set()

    def settled(self, uri: str) -> None:
        """A document was opened or saved: its text is as its author means it."""
        document = self._server.documents.find(uri)
        if document is not None:
            self._settled[uri] = document
            self._want({uri})

    def edited(self, uri: str) -> None:
        """A document has another text: what was found may be mended."""
        if self._shown.get(uri):
            self._want({uri})

    def files_changed(self) -> None:
        """Other files may have changed, or documents may belong to another folder."""
        self._want(set(self._settled))

    def closed(self, uri: str) -> None:
        """A document is no longer open."""
        self._settled.pop(uri, None)
        if self._shown.pop(uri, ()):
            self._server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri=uri, diagnostics=[]))

    def finding_of(self, uri: str, diagnostic: types.Diagnostic) -> Finding | None:
        """The finding that a diagnostic of ours shows: by its id, or by what it says: some clients drop `data`."""
        identity = diagnostic.data.get("id") if isinstance(diagnostic.data, Mapping) else None
        shown = self._shown.get(uri, ())
        by_id = next((finding for finding in shown if finding.id == identity), None)
        return by_id or next((finding for finding in shown if finding.message == diagnostic.message), None)

    async def dismiss(self, uri: str, identity: str) -> None:
        """Remember that the user does not want to see a finding. Raises CodeassistError."""
        finding = next((item for item in self._shown.get(uri, ()) if item.id == identity), None)
        folder = self._server.backend.folder_of(path_of(uri))
        if finding is None or folder is None or folder.assistant is None:
            return
        with folder.in_use() as assistant:
            await asyncio.to_thread(assistant.finder.dismiss, finding)
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
        document = self._server.documents.find(uri)
        folder = self._server.backend.folder_of(path_of(uri))
        if document is None or folder is None or folder.assistant is None:
            return
        try:
            found = await self._find(folder, document)
        except Exception:  # what only helps must not end the search in other documents
            logger.exception("looking for problems in %s failed", uri)
            return
        if not self._server.documents.is_current(document):
            return  # Who edited it asked again, where anything is shown.
        if document is not self._settled.get(uri):
            before = {finding.id for finding in self._shown.get(uri, ())}
            found = tuple(finding for finding in found if finding.id in before)
        self._publish(folder, document, found)

    async def _find(self, folder: Folder, document: Document) -> tuple[Finding, ...]:
        with folder.in_use() as assistant:
            if not assistant.settings.review.diagnostics:
                return ()
            path = assistant.relative(path_of(document.uri))
            texts = OpenTexts({**open_documents(self._server, folder), path: document})
            found = await asyncio.to_thread(lambda: assistant.finder.find(path, texts[path], texts))
        if found.warning and found.warning not in self._told:
            self._told.add(found.warning)
            self._server.warn(f"codeassist: {found.warning}")
        return found.findings

    def _publish(self, folder: Folder, document: Document, found: tuple[Finding, ...]) -> None:
        if not found and not self._shown.get(document.uri):
            return
        self._shown[document.uri] = found
        diagnostics = [self._encode(folder, document, finding) for finding in found]
        self._server.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(uri=document.uri, version=document.version, diagnostics=diagnostics)
        )

    def _encode(self, folder: Folder, document: Document, finding: Finding) -> types.Diagnostic:
        last = min(finding.end_line, len(document.lines)) - 1
        first = min(finding.start_line - 1, last)
        end = len(document.lines[last]) if finding.end_column is None else finding.end_column
        area = types.Range(
            start=document.position(Cursor(first, finding.start_column + _n_before(document, first))),
            end=document.position(Cursor(last, end + _n_before(document, last))),
        )
        return types.Diagnostic(
            range=area,
            message=finding.message,
            severity=_SEVERITIES[finding.severity],
            code=finding.category,
            source=SOURCE,
            data={"id": finding.id},
            related_information=self._evidence(folder, finding),
        )

    def _evidence(self, folder: Folder, finding: Finding) -> list[types.DiagnosticRelatedInformation] | None:
        """Where the editor may look; None for a client that shows no such thing, and for evidence that is the place."""
        text_document = self._server.client_capabilities.text_document
        capability = text_document.publish_diagnostics if text_document is not None else None
        path, _, line = finding.evidence.rpartition(":")
        if capability is None or not capability.related_information or path == finding.path:
            return None
        start = types.Position(line=int(line) - 1, character=0)
        location = types.Location(uri=uri_in(folder.path, path), range=types.Range(start=start, end=start))
        return [types.DiagnosticRelatedInformation(location=location, message=f"{path} does not define it")]


def _n_before(document: Document, line: int) -> int:
    """Code points at the start of a line that findings do not count: a byte order mark."""
    return int(line == 0 and document.lines[0].startswith(BOM))


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
