"""`codeassist review`."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from codeassist.commands.front import Front, front_of
from codeassist.commands.opening import run_async, settings_for
from codeassist.commands.options import AsJson, Overrides, WorkspaceArgument
from codeassist.commands.places import given_workspace

if TYPE_CHECKING:
    from codeassist.review.changes import Changes
    from codeassist.review.report import Report

Range = Annotated[
    str | None,
    typer.Option("--range", metavar="A..B", help="The changes from one commit to another.", show_default=False),
]


def review(
    context: typer.Context,
    path: WorkspaceArgument = None,
    revisions: Range = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Find what is wrong with a change before it is committed.

    [bold]Examples[/bold]

      codeassist review                          what is staged

      codeassist review --range main..HEAD       a branch
    """
    front = front_of(context)
    workspace = given_workspace(path, front.cwd)
    report = run_async(_review(front, workspace, revisions, overrides))
    if as_json:
        from codeassist.review.report import report_to_json

        front.print_json(report_to_json(report))
    else:
        from codeassist.commands.show_review import show_review

        show_review(front.console, report)
    if any(finding.severity == "error" for finding in report.findings):
        raise typer.Exit(1)


async def _review(front: Front, workspace: Path, revisions: str | None, overrides: list[str] | None) -> Report:
    from codeassist.commands.opening import refreshed_index
    from codeassist.review.passes.types import ChatAccess, Deadline, Review
    from codeassist.review.registry import PASSES
    from codeassist.review.reviewer import Limits, dismissed, only, run_review
    from codeassist.review.tree import ReviewedTree

    loaded = settings_for(front, workspace, overrides).settings
    settings = loaded.review
    deadline = Deadline(time.monotonic() + settings.max_seconds)
    changes = await asyncio.to_thread(_changes, workspace, revisions)
    async with refreshed_index(front, workspace, overrides) as index:
        chat = ChatAccess(loaded.chat, prompt_tokens=settings.prompt_tokens)
        asked = Review(changes, ReviewedTree(workspace, changes), index, deadline, chat=chat)
        baseline, problem = await asyncio.to_thread(dismissed, asked)
        if problem:
            front.warn(problem)
        limits = Limits(settings.max_per_file, least_confidence=settings.min_confidence)
        return await run_review(asked, only(PASSES, settings.passes), limits, baseline)


def _changes(workspace: Path, revisions: str | None) -> Changes:
    from codeassist.review import gathering

    if revisions is None:
        return gathering.staged(workspace)
    first, dots, last = revisions.partition("..")
    if not dots or not first:
        raise typer.BadParameter(f"{revisions!r} is no A..B; write it like main..HEAD")
    return gathering.between(workspace, first, last or "HEAD")
