"""`codeassist index`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from codeassist.commands.answers import report_answer, status_answer
from codeassist.commands.bars import bars
from codeassist.commands.front import Front, front_of
from codeassist.commands.opening import opened_index, run_async, settings_for
from codeassist.commands.options import AsJson, Overrides, WorkspaceArgument
from codeassist.commands.places import given_workspace
from indexer.types import IndexReport

if TYPE_CHECKING:
    from indexer.status import StoredIndex

MAX_SKIPPED_SHOWN = 20

Status = Annotated[
    bool, typer.Option("--status", help="Index nothing: say what there is, and how far it is behind the files.")
]


def index(
    context: typer.Context,
    path: WorkspaceArgument = None,
    status: Status = False,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """Bring the index of a repository up to date, and say what is in it.

    Only what changed since the last time is read. Every other command does this by itself.

    [bold]Examples[/bold]

      codeassist index

      codeassist index ~/src/project --json

      codeassist index --status
    """
    front = front_of(context)
    workspace = given_workspace(path, front.cwd)
    if status:
        raise typer.Exit(_tell_status(front, workspace, overrides, as_json=as_json))
    report = run_async(_refresh(front, workspace, overrides))
    if as_json:
        front.print_json(report_answer(report))
    else:
        _show(front, workspace, report)


async def _refresh(front: Front, workspace: Path, overrides: list[str] | None) -> IndexReport:
    async with opened_index(front, workspace, overrides) as opened:
        with bars(front) as shown:
            return await asyncio.to_thread(opened.refresh, shown.on_index)


def _tell_status(front: Front, workspace: Path, overrides: list[str] | None, *, as_json: bool) -> int:
    """Exit code 1 for an index that cannot be used as it is."""
    from codeassist.assistant import index_status

    stored = index_status(settings_for(front, workspace, overrides).settings.index, workspace)
    if as_json:
        front.print_json(status_answer(stored))
    else:
        _show_status(front, workspace, stored)
    return 1 if stored.problem else 0


def _show_status(front: Front, workspace: Path, stored: StoredIndex) -> None:
    remedy = f"codeassist index {workspace}"
    where = f"{stored.directory} ({stored.bytes_on_disk / 1e6:.1f} MB"
    if not stored.exists:
        front.console.print(escape(f"no index yet; `{remedy}` makes one in {stored.directory}"))
    elif stored.problem:
        first = "" if stored.format else "delete that folder, and "
        front.console.print(escape(f"the index in {where}) is {stored.problem}; {first}`{remedy}` builds it anew"))
    else:
        for name, text in _status_rows(stored, where).items():
            front.console.print(Text.assemble((f"{name:<10}", "dim"), text))


def _status_rows(stored: StoredIndex, where: str) -> dict[str, str]:
    n_behind = stored.changed + stored.new + stored.gone
    behind = f"{stored.changed} changed, {stored.new} new, {stored.gone} gone since" if n_behind else "up to date"
    when = stored.refreshed_at.replace("T", " ").replace("+00:00", " UTC, ")
    missing = f", {stored.missing_vectors} missing" if stored.missing_vectors else ""
    rows = {
        "in": f"{where}, {stored.bytes_per_source_byte:.1f} times the source), format {stored.format}",
        "holds": f"{stored.files} files · {stored.chunks} chunks · {stored.symbols} symbols · {stored.vectors} vectors",
        "vectors": f"of {stored.embedder}{missing}" if stored.embedder else "",
        "refreshed": f"{when}{behind}",
        "now": "a process is bringing it up to date" if stored.refreshing else "",
        "lines only": _counts(stored.unparsed),
        "skipped": _counts(stored.skipped) or "nothing",
    }
    return {name: text for name, text in rows.items() if text}


def _counts(by_reason: Mapping[str, int]) -> str:
    return ", ".join(f"{n_files} {reason}" for reason, n_files in by_reason.items())


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
