"""A comparison of two engines as lines for a terminal."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table
from rich.text import Text

from codeassist.shadow.report import Figures, Interval, ShadowReport, Side


def show_shadow(console: Console, report: ShadowReport, since: str) -> None:
    """Print it; there is a total."""
    total = report.total
    assert total is not None
    console.print(Text.assemble((f"{total.n:,} gaps", "bold"), f" were asked of both engines (--since {since})"))
    console.print()
    console.print(_alike(total))
    console.print()
    console.print(_sides(total))
    for name, groups in (("language", report.languages), ("client", report.clients)):
        console.print()
        console.print(_groups(name, groups))


def _alike(figures: Figures) -> Table:
    table = _table("answers", "", "95 % interval")
    rows = (("the same", figures.exact), ("the same first line", figures.same_line), ("similarity", figures.similarity))
    for name, interval in rows:
        table.add_row(name, f"{interval.value:.1%}", f"{interval.low:.1%} to {interval.high:.1%}")
    return table


def _sides(figures: Figures) -> Table:
    table = _table("", "first", "second")
    sides = (figures.first, figures.second)
    table.add_row("model", *(Text(", ".join(side.models)) for side in sides))
    table.add_row("first text, half within", *(_ms(side.first_token_p50) for side in sides))
    table.add_row("whole answer, half within", *(_ms(side.ms_p50) for side in sides))
    table.add_row("whole answer, 95 % within", *(_ms(side.ms_p95) for side in sides))
    table.add_row("tokens of prompts", *(f"{side.prompt_tokens:,}" for side in sides))
    table.add_row("tokens of answers", *(f"{side.completion_tokens:,}" for side in sides))
    if any(side.cost for side in sides):
        table.add_row("cost", *(_cost(side) for side in sides))
        table.add_row("saved by the second", "", f"{figures.saved:,.4f}")
    return table


def _groups(name: str, groups: Mapping[str, Figures]) -> Table:
    table = _table(name, "gaps", "the same", "similarity", "first p50", "second p50")
    for group, figures in groups.items():
        shares = (_share(figures.exact), _share(figures.similarity))
        table.add_row(Text(group), f"{figures.n:,}", *shares, _ms(figures.first.ms_p50), _ms(figures.second.ms_p50))
    return table


def _share(interval: Interval) -> str:
    return f"{interval.value:.0%} ({interval.low:.0%}–{interval.high:.0%})"


def _cost(side: Side) -> str:
    return f"{side.cost:,.4f}"


def _ms(ms: float | None) -> str:
    return "-" if ms is None else f"{ms:,.0f} ms"


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(first, style="cyan")
    for heading in others:
        table.add_column(heading, justify="right")
    return table
