"""A review of what is not committed yet, as the editor's user asks for it: progress, diagnostics, one message."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams

from codeassist.chat.edits import FileEdit, LineEdit, Lines
from codeassist.errors import CodeassistError, DocumentError
from codeassist.findings.baseline import BASELINE, read_baseline
from codeassist.findings.types import Finding, Replacement
from codeassist.review.changes import Changes, lines_of
from codeassist.review.gathering import uncommitted
from codeassist.review.moving import ReviewedFile
from codeassist.review.passes.model import NOT_CONFIGURED
from codeassist.review.passes.types import Deadline
from codeassist.review.registry import PASSES
from codeassist.review.report import Report
from codeassist.review.reviewer import Limits
from codeassist.review.reviewing import Repository, Reviewed, Wanted, review_change
from codeassist.review.tree import ReviewedTree
from codeassist.review.unsaved import with_open_texts
from indexer.errors import IndexerError
from lsp.applying import apply_edit
from lsp.areas import OpenTexts, read_text
from lsp.chat_commands import open_documents, run_with_progress
from lsp.documents import Document
from lsp.encoded_findings import plain_lines
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
    """Reviews of the session's folders, one of each at a time; of two that are asked for, the later counts."""

    def __init__(self, server: CodeassistServer) -> None:
        self._server = server
        self._turns: dict[Folder, asyncio.Lock] = {}

    def saved(self, uri: str) -> None:
        """A file was saved: what is quick to tell of the change is told, where the settings want that."""
        folder = self._server.backend.folder_of(path_of(uri))
        if folder is not None and folder.assistant is not None and folder.assistant.settings.review.on_save:
            self._server.background.start(self._after_save(folder), "reviewing what was saved")

    async def _after_save(self, folder: Folder) -> None:
        await self._server.latest.run(_key(folder, "save"), self._quietly(folder))

    async def _quietly(self, folder: Folder) -> None:
        await asyncio.sleep(QUIET_S)
        try:
            await self.review(folder, ON_SAVE)
        except (CodeassistError, IndexerError) as error:
            logger.info("no review of what was saved: %s", error)

    async def review(
        self, folder: Folder, passes: Sequence[str], on_pass: Callable[[str], None] = lambda _: None
    ) -> Report:
        """Look at what is not committed, and show what was found. on_pass: told the name of each pass when it begins.

        Raises CodeassistError and IndexerError.
        """
        async with self._turns.setdefault(folder, asyncio.Lock()):
            if folder.assistant is None or folder not in self._server.backend.every_folder:
                raise DocumentError("the folder is not open")
            with folder.in_use() as assistant:
                texts = OpenTexts(open_documents(self._server, folder))
                found = await _reviewed(assistant, passes, texts, on_pass)
                # What was dismissed while the passes were at work.
                dismissed = (await asyncio.to_thread(read_baseline, assistant.workspace)).ids
            report = self._of_folder(folder, found.report, dismissed)
            for note in report.notes:
                logger.info("review of %s: %s", folder.path, note)
            # What a pass that was cut short does not find again may be there still.
            ended = {one.name for one in report.passes if one.is_complete}
            files = await asyncio.to_thread(_by_file, report, found.tree)
            self._server.diagnostics.reviewed(folder, files, ended)
            return report

    def folders_moved(self) -> None:
        """Folders came or went: nobody waits for the review of one that is gone."""
        for folder in self._turns.keys() - set(self._server.backend.every_folder):
            del self._turns[folder]
            for occasion in ("save", "wish"):
                self._server.latest.drop(_key(folder, occasion))

    async def apply(self, uri: str, identity: str) -> None:
        """Have the editor put a finding's remedy in. Raises CodeassistError."""
        document, folder = self._server.documents.find(uri), self._server.backend.folder_of(path_of(uri))
        if document is None:
            raise DocumentError(f"{path_of(uri).name} is not open; open it, and apply the remedy there")
        finding = self._server.diagnostics.current(document, identity)
        if finding is None or finding.replacement is None or folder is None or folder.assistant is None:
            raise DocumentError(
                "this remedy is not there any more: the text has changed since, or nothing is known of it"
            )
        path = folder.assistant.relative(path_of(uri))
        text = "\n".join(plain_lines(document))
        edit = FileEdit(path, (_edit(text, finding.replacement),), text)
        await apply_edit(self._server, folder.path, edit, {path: document}, "codeassist: the remedy of a finding")

    def _of_folder(self, folder: Folder, report: Report, dismissed: Set[str]) -> Report:
        """What is said of a folder within this one is left to the review of that one."""
        owner = self._server.backend.folder_of
        own = [one for one in report.findings if owner(folder.path / one.path) is folder]
        return replace(report, findings=tuple(one for one in own if one.id not in dismissed))


def register_reviewing(server: CodeassistServer) -> None:
    """Announce the commands."""

    @server.command(REVIEW)
    async def review(*arguments: Any) -> dict[str, int] | None:
        folder = _folder(server, arguments)
        reports: list[Report] = []

        async def work(told: WorkDone) -> str:
            if not folder.name:
                raise DocumentError("this file lies in no folder that is open; open the folder of its repository")
            if folder.assistant is None and folder.opening is not None:
                await asyncio.wait([folder.opening])
            if folder.assistant is None:
                raise DocumentError(f"{folder.path} cannot be opened: {folder.index.message}")
            passes = folder.assistant.settings.review.passes
            report = await server.reviews.review(folder, passes, told.report)
            told.end("")
            server.tell(f"codeassist: {summary(report)}")
            reports.append(report)
            return ""

        await run_with_progress(server, "codeassist: reviewing what is not committed", work, _key(folder, "wish"))
        return {"findings": len(reports[0].findings), "files": reports[0].n_files} if reports else None

    @server.command(APPLY)
    async def apply(*arguments: Any) -> None:
        uri, identity = read_text(arguments, "uri", APPLY), read_text(arguments, "id", APPLY)
        try:
            await server.reviews.apply(uri, identity)
        except CodeassistError as error:
            server.warn(f"codeassist: {error}")
        except JsonRpcException as error:  # the editor's own answer to what it was asked for
            server.warn(f"codeassist: the remedy was not put in: the editor says {error}")


def summary(report: Report) -> str:
    """One sentence for a message."""
    files = f"{report.n_files} changed file{'s' * (report.n_files != 1)}"
    if not report.n_files:
        return "nothing has changed since the last commit"
    n_found = len(report.findings)
    found = f"{n_found} finding{'s' * (n_found != 1)}" if n_found else "nothing found"
    more = [f"{report.n_more} more are not shown"] if report.n_more else []
    # Who has no chat model knows that, and need not hear it at every review.
    notes = [f"{one.name}: {one.note}" for one in report.passes if one.note not in ("", NOT_CONFIGURED)]
    others = [f"{len(report.notes)} note{'s' * (len(report.notes) != 1)} in the log"] if report.notes else []
    return "; ".join([f"{found} in {files} ({report.ms / 1e3:.1f} s)", *more, *notes, *others])


async def _reviewed(
    assistant: Assistant, passes: Sequence[str], texts: Mapping[str, str], on_pass: Callable[[str], None]
) -> Reviewed:
    settings = assistant.settings.review
    repository = Repository(assistant.workspace, assistant.index, assistant.refresh, settings, assistant, PASSES)
    limits = Limits(settings.max_per_file, least_confidence=settings.min_confidence)
    wanted = Wanted(tuple(passes), limits, assistant.workspace / BASELINE)
    deadline = Deadline(time.monotonic() + settings.max_seconds)
    root = assistant.workspace

    def gather() -> Changes:
        return with_open_texts(root, uncommitted(root), texts)

    return await review_change(repository, gather, deadline, wanted, on_pass)


def _by_file(report: Report, tree: ReviewedTree) -> Mapping[str, ReviewedFile]:
    found: dict[str, list[Finding]] = {}
    for finding in report.findings:
        places = tuple(_with_code(place, tree) for place in finding.places)
        found.setdefault(finding.path, []).append(replace(finding, places=places))
    return {path: ReviewedFile(lines_of(tree.text(path) or ""), tuple(some)) for path, some in found.items()}


def _with_code(place: str, tree: ReviewedTree) -> str:
    """A place, and the line that stands there: an editor shows it beside the finding."""
    path, _, number = place.rpartition(":")
    lines = lines_of(tree.text(path) or "") if number.isdigit() else ()
    at = int(number) - 1 if number.isdigit() else -1
    return f"{place}: {lines[at].strip()}" if 0 <= at < len(lines) else place


def _key(folder: Folder, occasion: str) -> str:
    return f"review {occasion} {folder.path}"


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


def remedy_title(document: Document, remedy: Replacement) -> str:
    """What the menu says of a remedy: the first line that it puts in, or what it takes out."""
    before = plain_lines(document)[remedy.start_line - 1 : remedy.end_line]
    after = remedy.text.split("\n") if remedy.text else []
    if not after:
        return f"Remove `{before[0].strip()}`" if len(before) == 1 else f"Remove these {len(before)} lines"
    changed = [line.strip() for line in after if line.strip() and line not in before]
    return f"{'Change to' if before else 'Insert'} `{changed[0] if changed else after[0].strip()}`"
