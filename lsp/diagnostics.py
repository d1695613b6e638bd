"""Findings, as the editor shows them: `textDocument/publishDiagnostics` for open documents.

A document is looked through when it is opened or saved and when other files have changed; while it is edited, what was
found may only go. Nothing is found in the middle of a word. What a review has found is shown beside that, also of files
that are not open, and goes along with its lines until the next review.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from codeassist.errors import CodeassistError
from codeassist.findings.types import Finding, Severity
from codeassist.review.changes import lines_of
from codeassist.review.moving import ReviewedFile
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

# Of a change that many calls have not followed, an editor shows some.
MAX_PLACES = 20
_PLACE = re.compile(r"(?P<path>.+?):(?P<line>\d+)(?:: ?(?P<says>.*))?", re.DOTALL)

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
        self._reviewed: dict[str, ReviewedFile] = {}
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
        if self._shown.get(uri) or uri in self._reviewed:
            self._want({uri})

    def files_changed(self) -> None:
        """Other files may have changed, or documents may belong to another folder."""
        self._want(set(self._settled))

    def closed(self, uri: str) -> None:
        """A document is no longer open."""
        self._settled.pop(uri, None)
        folder, reviewed = self._server.backend.folder_of(path_of(uri)), self._reviewed.get(uri)
        if folder is not None and reviewed is not None:
            self._publish_closed(folder, uri, reviewed)
        elif self._shown.pop(uri, ()):
            self._server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri=uri, diagnostics=[]))

    def reviewed(self, folder: Folder, files: Mapping[str, ReviewedFile], passes: Collection[str]) -> None:
        """A review has looked at a folder. files: by path. What other passes found before stays."""
        found = {uri_in(folder.path, path): file for path, file in files.items()}
        for uri in {*self._reviewed, *found}:
            if self._server.backend.folder_of(path_of(uri)) is folder:
                self._take(folder, uri, found.get(uri), passes)

    def _take(self, folder: Folder, uri: str, found: ReviewedFile | None, passes: Collection[str]) -> None:
        earlier = self._reviewed.pop(uri, ReviewedFile((), ()))
        kept = earlier.without(one.id for one in earlier.findings if one.found_by in passes)
        if found is not None:
            kept = ReviewedFile(found.lines, (*kept.moved(found.lines), *found.findings))
        if kept.findings:
            self._reviewed[uri] = kept
        if self._server.documents.find(uri) is not None:
            self._want({uri})
        else:
            self._publish_closed(folder, uri, kept)

    def finding_of(self, uri: str, diagnostic: types.Diagnostic) -> Finding | None:
        """The finding that a diagnostic of ours shows: by its id, or by what it says: some clients drop `data`."""
        identity = diagnostic.data.get("id") if isinstance(diagnostic.data, Mapping) else None
        shown = self._shown.get(uri, ())
        by_id = next((finding for finding in shown if finding.id == identity), None)
        return by_id or next((finding for finding in shown if finding.message == diagnostic.message), None)

    def shown(self, uri: str, identity: str) -> Finding | None:
        """A finding that is shown, as it stands now."""
        return next((finding for finding in self._shown.get(uri, ()) if finding.id == identity), None)

    async def dismiss(self, uri: str, identity: str) -> None:
        """Remember that the user does not want to see a finding. Raises CodeassistError."""
        finding = next((item for item in self._shown.get(uri, ()) if item.id == identity), None)
        folder = self._server.backend.folder_of(path_of(uri))
        if finding is None or folder is None or folder.assistant is None:
            return
        with folder.in_use() as assistant:
            await asyncio.to_thread(assistant.finder.dismiss, finding)
        if (reviewed := self._reviewed.get(uri)) is not None:
            self._reviewed[uri] = reviewed.without([identity])
            if self._server.documents.find(uri) is None:
                self._publish_closed(folder, uri, self._reviewed[uri])
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
        self._publish(folder, document, (*found, *self._of_review(document, found)))

    def _of_review(self, document: Document, found: tuple[Finding, ...]) -> list[Finding]:
        """What a review has found and is not told already."""
        if (reviewed := self._reviewed.get(document.uri)) is None:
            return []
        told = {(finding.category, finding.start_line) for finding in found}
        moved = reviewed.moved(plain_lines(document))
        return [finding for finding in moved if (finding.category, finding.start_line) not in told]

    def _publish_closed(self, folder: Folder, uri: str, reviewed: ReviewedFile) -> None:
        """Of a file that is not open there is what a review has found, in the text that it has seen."""
        lines = tuple(f"{line}\n" for line in reviewed.lines)
        document = Document(uri, 0, "", (*lines, ""), self._server.documents.encoding)
        self._publish(folder, document, reviewed.findings, is_open=False)

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

    def _publish(self, folder: Folder, document: Document, found: tuple[Finding, ...], *, is_open: bool = True) -> None:
        if not found and not self._shown.get(document.uri):
            return
        self._shown[document.uri] = found
        diagnostics = [self._encode(folder, document, finding) for finding in found]
        self._server.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(
                uri=document.uri, version=document.version if is_open else None, diagnostics=diagnostics
            )
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
        if capability is None or not capability.related_information:
            return None
        told = [found for place in finding.places[:MAX_PLACES] if (found := _related(folder, place)) is not None]
        if told or finding.evidence.rpartition(":")[0] == finding.path:
            return told or None
        path = finding.evidence.rpartition(":")[0]
        says = f"{path} does not define it" if finding.category == "missing-name" else path
        shown = _related(folder, f"{finding.evidence}: {says}")
        return [shown] if shown is not None else None


def _related(folder: Folder, place: str) -> types.DiagnosticRelatedInformation | None:
    """A place as findings write it, `path:line`; what the editor is to show of it may stand behind it."""
    found = _PLACE.fullmatch(place)
    if found is None:
        return None
    start = types.Position(line=max(int(found["line"]) - 1, 0), character=0)
    location = types.Location(uri=uri_in(folder.path, found["path"]), range=types.Range(start=start, end=start))
    return types.DiagnosticRelatedInformation(location=location, message=found["says"] or found["path"])


def plain_lines(document: Document) -> tuple[str, ...]:
    """A document's lines as a review counts them: without line ends, byte order mark, and an empty last one."""
    return lines_of(document.text.removeprefix(BOM).replace("\r\n", "\n").replace("\r", "\n"))


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
