"""`codeassist index`."""

from __future__ import annotations

import asyncio
from pathlib import Path

import typer
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from codeassist.commands.answers import report_answer
from codeassist.commands.bars import bars
from codeassist.commands.front import Front, front_of
from codeassist.commands.opening import opened_index, run_async
from codeassist.commands.options import AsJson, Overrides, WorkspaceArgument
from codeassist.commands.places import given_workspace
from indexer.types import IndexReport

MAX_SKIPPED_SHOWN = 20


def index(
    context: typer.Context,
    path: WorkspaceArgument = None,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Bring the index of a repository up to date, and say what is in it.

    Only what changed since the last time is read. Every other command does this by itself.

    [bold]Examples[/bold]

      codeassist index

      codeassist index ~/src/project --json
    """
    front = front_of(context)
    workspace = given_workspace(path, front.cwd)
    report = run_async(_refresh(front, workspace, overrides))
    if as_json:
        front.print_json(report_answer(report))
    else:
        _show(front, workspace, report)


async def _refresh(front: Front, workspace: Path, overrides: list[str] | None) -> IndexReport:
    async with opened_index(front, workspace, overrides) as opened:
        with bars(front) as shown:
            return await asyncio.to_thread(opened.refresh, shown.on_index)


def _show(front: Front, workspace: Path, report: IndexReport) -> None:
    console = front.console
    console.print(
        f"[bold]{report.files}[/] files · [bold]{report.chunks}[/] chunks · [bold]{report.symbols}[/] symbols · "
        f"vectors {'on' if report.vectors else 'off'}   [dim]{escape(str(workspace))}[/]",
    )
    console.print(
        f"[dim]{report.changed} changed, {report.removed} removed, {report.bytes_read / 1e6:.1f} MB read "
        f"in {report.seconds:.2f} s[/]"
    )
    for warning in report.warnings:
        front.warn(warning)
    if report.skipped:
        console.print(_skipped_table(report))


def _skipped_table(report: IndexReport) -> Table:
    n_more = len(report.skipped) - MAX_SKIPPED_SHOWN
    caption = f"and {n_more} more; --json lists all" if n_more > 0 else None
    table = Table(title=f"{len(report.skipped)} skipped", title_justify="left", box=None, caption=caption)
    table.add_column("path")
    table.add_column("reason", style="dim")
    for file in report.skipped[:MAX_SKIPPED_SHOWN]:
        table.add_row(Text(file.path), Text(file.reason))  # as they are: [id] is a folder, not markup
    return table
