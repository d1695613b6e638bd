"""A review of what is not committed yet, as the editor's user asks for it: progress, diagnostics, one message."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from codeassist.chat.edits import FileEdit, LineEdit, Lines
from codeassist.errors import CodeassistError, DocumentError
from codeassist.findings.baseline import BASELINE
from codeassist.findings.types import Finding, Replacement
from codeassist.review.changes import lines_of
from codeassist.review.gathering import uncommitted
from codeassist.review.moving import ReviewedFile
from codeassist.review.passes.types import Deadline
from codeassist.review.registry import PASSES
from codeassist.review.report import Report
from codeassist.review.reviewer import Limits
from codeassist.review.reviewing import Repository, Reviewed, Wanted, review_change
from lsp.applying import apply_edit
from lsp.areas import read_text
from lsp.chat_commands import open_documents, run_with_progress
from lsp.diagnostics import plain_lines
from lsp.folder import Folder
from lsp.progress import WorkDone
from lsp.workspace import path_of

if TYPE_CHECKING:
    from codeassist.assistant import Assistant
    from lsp.language_server import CodeassistServer

logger = logging.getLogger(__name__)

REVIEW = "codeassist.review"
APPLY = "codeassist.applyFinding"
# What is looked at on a save: what is quick, and sure.
ON_SAVE = ("static",)
# A burst of saves is one.
QUIET_S = 1.0


class Reviews:
    """Reviews of the session's folders, one of each at a time."""

    def __init__(self, server: CodeassistServer) -> None:
        self._server = server
        self._saved: set[Folder] = set()

    def saved(self, uri: str) -> None:
        """A file was saved: what is quick to tell of the change is told, where the settings want that."""
        folder = self._server.backend.folder_of(path_of(uri))
        if folder is None or folder.assistant is None or not folder.assistant.settings.review.on_save:
            return
        if folder not in self._saved:
            self._saved.add(folder)
            self._server.background.start(self._after_save(folder), "reviewing what was saved")

    async def _after_save(self, folder: Folder) -> None:
        await asyncio.sleep(QUIET_S)
        self._saved.discard(folder)
        if folder.assistant is None:
            return
        try:
            await self.review(folder, ON_SAVE)
        except CodeassistError as error:
            logger.info("no review of what was saved: %s", error)

    async def review(self, folder: Folder, passes: Sequence[str]) -> Report:
        """Look at what is not committed, and show what was found. Raises ReviewImpossible."""
        with folder.in_use() as assistant:
            found = await _reviewed(assistant, passes)
        ran = {one.name for one in found.report.passes}
        self._server.diagnostics.reviewed(folder, _by_file(found), ran)
        return found.report

    async def apply(self, uri: str, identity: str) -> None:
        """Have the editor put a finding's remedy in. Raises CodeassistError."""
        finding, folder = self._server.diagnostics.shown(uri, identity), self._server.backend.folder_of(path_of(uri))
        if finding is None or finding.replacement is None or folder is None or folder.assistant is None:
            raise DocumentError(
                "this remedy is not there any more: the text has changed since, or nothing is known of it"
            )
        seen = open_documents(self._server, folder)
        path = folder.assistant.relative(path_of(uri))
        document = seen.get(path)
        if document is None:
            raise DocumentError(f"{path} is not open; open it, and apply the remedy there")
        text = "\n".join(plain_lines(document))
        edit = FileEdit(path, (_edit(text, finding.replacement),), text)
        await apply_edit(self._server, folder.path, edit, seen, f"codeassist: {finding.message}")


def register_reviewing(server: CodeassistServer) -> None:
    """Announce the commands."""

    @server.command(REVIEW)
    async def review(*arguments: Any) -> None:
        folder = _folder(server, arguments)

        async def work(told: WorkDone) -> str:
            assert folder.assistant is not None, "who asks has looked"
            report = await server.reviews.review(folder, folder.assistant.settings.review.passes)
            told.end("")
            server.tell(f"codeassist: {summary(report)}")
            return ""

        if folder.assistant is None:
            server.warn("codeassist: the workspace is not open yet; try again in a moment")
        else:
            await run_with_progress(server, "codeassist: reviewing what is not committed", work)

    @server.command(APPLY)
    async def apply(*arguments: Any) -> None:
        uri, identity = read_text(arguments, "uri", APPLY), read_text(arguments, "id", APPLY)
        try:
            await server.reviews.apply(uri, identity)
        except CodeassistError as error:
            server.warn(f"codeassist: {error}")


def summary(report: Report) -> str:
    """One sentence for a message."""
    files = f"{report.n_files} changed file{'s' * (report.n_files != 1)}"
    if not report.n_files:
        return "nothing has changed since the last commit"
    n_found = len(report.findings)
    found = f"{n_found} finding{'s' * (n_found != 1)}" if n_found else "nothing found"
    notes = [f"{one.name}: {one.note}" for one in report.passes if one.note]
    return "; ".join([f"{found} in {files} ({report.ms / 1e3:.1f} s)", *notes])


async def _reviewed(assistant: Assistant, passes: Sequence[str]) -> Reviewed:
    settings = assistant.settings.review
    repository = Repository(assistant.workspace, assistant.index, assistant.refresh, settings, assistant, PASSES)
    limits = Limits(settings.max_per_file, least_confidence=settings.min_confidence)
    wanted = Wanted(tuple(passes), limits, assistant.workspace / BASELINE)
    deadline = Deadline(time.monotonic() + settings.max_seconds)
    return await review_change(repository, lambda: uncommitted(assistant.workspace), deadline, wanted)


def _by_file(reviewed: Reviewed) -> Mapping[str, ReviewedFile]:
    found: dict[str, list[Finding]] = {}
    for finding in reviewed.report.findings:
        found.setdefault(finding.path, []).append(finding)
    return {path: ReviewedFile(lines_of(reviewed.tree.text(path) or ""), tuple(some)) for path, some in found.items()}


def _edit(text: str, remedy: Replacement) -> LineEdit:
    """A remedy as whole lines; lines that are taken out take their line end with them."""
    start, end = remedy.start_line - 1, remedy.end_line
    if remedy.text or start == end:
        return LineEdit(Lines(start, end), remedy.text)
    lines = text.split("\n")
    if end < len(lines):
        return LineEdit(Lines(start, end + 1), lines[end])
    return LineEdit(Lines(max(start - 1, 0), end), lines[start - 1] if start else "")


def _folder(server: CodeassistServer, arguments: tuple[Any, ...]) -> Folder:
    """The folder of the document that an argument names, else the session's first. Raises JsonRpcInvalidParams."""
    if arguments and arguments[0]:
        folder = server.backend.folder_of(path_of(read_text(arguments, "uri", REVIEW)))
    else:
        folder = next(iter(server.backend.folders), None)
    if folder is None:
        raise JsonRpcInvalidParams(f'{REVIEW} takes one argument {{"uri": string}} of a document in an open folder')
    return folder


def remedy_title(finding: Finding, diagnostic: types.Diagnostic) -> str:
    """What the menu says of a remedy."""
    assert finding.replacement is not None, "who asks has looked"
    first = finding.replacement.text.strip().split("\n", 1)[0]
    return f"Change to `{first}`" if first else f"Remove: {diagnostic.message}"
