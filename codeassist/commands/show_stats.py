"""The figures of `codeassist stats` for a person's eyes: a table, a bar for each day or week, a histogram."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from rich.console import Console
from rich.table import Table
from rich.text import Text

from codeassist.statistics.report import LATENCY_BOUNDS_MS, Report, Tally, share

BAR_CELLS = 40
# More days than this are shown by the week.
MAX_DAYS_SHOWN = 31


def show_report(console: Console, report: Report, days: int, language: str | None) -> None:
    """All of it."""
    total = report.total
    what = f" of {language}" if language else ""
    console.print(
        Text.assemble(
            (f"{total.shown:,} suggestions{what} in {days} days", "bold"),
            f", of which {_percent(total.acceptance)} were accepted, as a whole or in part",
        )
    )
    console.print()
    console.print(_language_table(report))
    console.print()
    console.print(Text("by day" if len(report.days) <= MAX_DAYS_SHOWN else "by week", style="bold"))
    bar = _bar_of(console)
    for line in _period_lines(report.days, bar):
        console.print(line)
    console.print()
    console.print(
        Text.assemble(
            ("time to the answer", "bold"),
            f"  half within {_ms(total.latency_p50_ms)}, 95 % within {_ms(total.latency_p95_ms)}",
        )
    )
    for line in _latency_lines(report.latencies, bar):
        console.print(line)


def _language_table(report: Report) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1))
    table.add_column("language", style="cyan")
    headings = ("shown", "accepted", "partly", "rate", "typed", "kept 30s", "kept 5m", "letters")
    for heading in headings:
        table.add_column(heading, justify="right")
    for name, tally in report.languages.items():
        table.add_row(Text(name), *_cells(tally))
    if len(report.languages) > 1:
        table.add_row(Text("all", style="bold"), *_cells(report.total), style="bold")
    return table


def _cells(tally: Tally) -> list[str]:
    return [
        f"{tally.shown:,}",
        f"{tally.accepted:,}",
        f"{tally.partly:,}",
        _percent(tally.acceptance),
        f"{tally.typed_along:,}",
        _percent(share(tally.kept_30, tally.looked_at_30)),
        _percent(share(tally.kept_300, tally.looked_at_300)),
        f"{tally.characters:,}",
    ]


def _percent(fraction: float | None) -> str:
    return "-" if fraction is None else f"{100 * fraction:.0f} %"


def _ms(latency: float | None) -> str:
    return "-" if latency is None else f"{latency:.0f} ms"


class _Bars:
    """Draws parts of a row of cells; plain letters where the terminal cannot show blocks."""

    def __init__(self, full: str, rest: str) -> None:
        self._full = full
        self._rest = rest

    def draw(self, part: int, whole: int, largest: int) -> Text:
        """`whole` of `largest` cells wide, the first `part` of them bright; what is not nothing gets a cell."""
        n_whole = max(round(BAR_CELLS * whole / largest), 1) if whole else 0
        n_part = min(max(round(n_whole * part / whole), 1), n_whole) if part else 0
        bar = Text(self._full * n_part, style="green")
        bar.append(self._rest * (n_whole - n_part), style="dim")
        return bar


def _bar_of(console: Console) -> _Bars:
    try:
        "█░".encode(console.encoding)
    except (UnicodeEncodeError, LookupError):
        return _Bars("#", ".")
    return _Bars("█", "░")


def _period_lines(days: Mapping[str, Tally], bars: _Bars) -> list[Text]:
    """Shown as the length of a bar, accepted as its bright part."""
    periods: dict[str, list[Tally]] = {}
    for day, tally in days.items():
        periods.setdefault(_period(day, by_week=len(days) > MAX_DAYS_SHOWN), []).append(tally)
    counts = {
        name: (sum(tally.accepted + tally.partly for tally in tallies), sum(tally.shown for tally in tallies))
        for name, tallies in periods.items()
    }
    largest = max(shown for _, shown in counts.values())
    lines = []
    for name, (taken, shown) in counts.items():
        label = f"  {_percent(taken / shown)}  {taken:,} of {shown:,}"
        lines.append(Text.assemble((f"{name}  ", "cyan"), bars.draw(taken, shown, largest), (label, "")))
    return lines


def _period(day: str, *, by_week: bool) -> str:
    """A day, or the Monday of its week."""
    if not by_week:
        return day
    date = datetime.date.fromisoformat(day)
    return (date - datetime.timedelta(days=date.weekday())).isoformat()


def _latency_lines(latencies: tuple[int, ...], bars: _Bars) -> list[Text]:
    labels = [f"up to {bound:>4} ms" for bound in LATENCY_BOUNDS_MS] + [f" over {LATENCY_BOUNDS_MS[-1]:>4} ms"]
    largest, total = max(latencies), sum(latencies)
    return [
        Text.assemble((f"{label}  ", "cyan"), bars.draw(count, count, largest), f"  {_percent(count / total)}")
        for label, count in zip(labels, latencies, strict=True)
    ]
