"""How a review is told: on stdout or in a file, for a person or for a program."""

from __future__ import annotations

import io
import json
from pathlib import Path

import typer
from rich.console import Console

from codeassist.commands.front import Front
from codeassist.commands.places import git_root
from codeassist.commands.review_options import Format
from codeassist.commands.show_review import show_review
from codeassist.review.formats.sarif import sarif
from codeassist.review.formats.services import github, gitlab
from codeassist.review.patching import patch_of
from codeassist.review.report import Report, report_to_json
from codeassist.review.reviewing import Reviewed


def tell(front: Front, workspace: Path, reviewed: Reviewed, how: Format, output: Path | None) -> None:
    """The report; beside a file for a program, a person gets the text. Raises typer.BadParameter."""
    report, text_of = reviewed.report, reviewed.tree.text
    if how is not Format.TEXT and not report.is_complete and not report.passes:
        for note in report.notes:
            front.warn(note)
    if output is not None:
        _write(front.cwd / output, _plain(reviewed) if how is Format.TEXT else _document(report, how, workspace))
    if how is Format.TEXT and output is not None:
        return
    if how is Format.TEXT or output is not None:
        show_review(front.console, report, text_of)
    elif how is Format.JSON:
        front.print_json(report_to_json(report))
    else:
        front.stdout.write(_document(report, how, workspace))


def tell_patch(front: Front, reviewed: Reviewed, output: Path | None) -> None:
    """The remedies as one patch, and on stderr what is not in it. Raises typer.BadParameter."""
    patch = patch_of(reviewed.report.findings, reviewed.tree)
    for note in (*reviewed.report.notes, *patch.left_out):
        front.warn(note)
    if not patch.content:
        front.warn("no finding has a remedy")
    if output is not None:
        _write(front.cwd / output, patch.content)
    else:
        _write_bytes(front, patch.content)


def _document(report: Report, how: Format, workspace: Path) -> str:
    prefix = _prefix(workspace)
    if how is Format.GITHUB:
        return github(report, prefix)
    document: object = report_to_json(report)
    if how is Format.SARIF:
        document = sarif(report, prefix)
    elif how is Format.GITLAB:
        document = gitlab(report, prefix)
    return json.dumps(document, indent=2) + "\n"


def _prefix(workspace: Path) -> str:
    """From the root of the repository to the workspace."""
    root = git_root(workspace)
    place = workspace.resolve().relative_to(root).as_posix() if root is not None else "."
    return "" if place == "." else f"{place}/"


def _plain(reviewed: Reviewed) -> str:
    stream = io.StringIO()
    console = Console(file=stream, highlight=False, soft_wrap=True)
    show_review(console, reviewed.report, reviewed.tree.text)
    return stream.getvalue()


def _write(file: Path, content: str | bytes) -> None:
    raw = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
    try:
        file.write_bytes(raw)
    except OSError as error:
        raise typer.BadParameter(f"--output {file}: cannot be written: {error.strerror}") from error


def _write_bytes(front: Front, content: bytes) -> None:
    """Bytes as they are: a patch is of files of any encoding."""
    front.stdout.flush()
    stream = getattr(front.stdout, "buffer", None)
    if stream is None:
        front.stdout.write(content.decode("utf-8", "backslashreplace"))
        return
    stream.write(content)
    stream.flush()
