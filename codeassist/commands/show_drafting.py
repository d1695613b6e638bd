"""What `codeassist mtp measure` found, as tables for a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from codeassist.engine.speculation import Drafter
from codeassist.mtp.figures import Figures, Interval
from codeassist.mtp.measure import Measurement, Result


def show_measurement(console: Console, measured: Measurement) -> None:
    """Print it; shares and gains with their 95 % intervals."""
    for purpose, result in measured.results.items():
        console.print(Text.assemble((purpose, "bold"), f"   {_gaps(result)}"))
        console.print(_speed(result))
        console.print(_drafts(result))
        console.print(Text.assemble("  choice: ", (_choice(result.choice), "bold"), f"   {_why(result)}"))
        console.print()
    for drafter, why in measured.failed.items():
        console.print(Text(f"{drafter} could not run: {why}", style="red"))


def _gaps(result: Result) -> str:
    return f"{result.n_cases} gaps, {result.repeated:.0%} of whose code stands elsewhere in the prompt"


def _speed(result: Result) -> Table:
    table = _table("drafting", "tokens/s", "first token", "after a key", "whole", "gain")
    for one in result.figures:
        times = (f"{ms:,.1f} ms" for ms in (one.first_ms, one.typed_first_ms, one.suggestion_ms))
        grown = f"{one.gain.value:+.0%} ({one.gain.low:+.0%} to {one.gain.high:+.0%})" if one.drafter.n_tokens else ""
        table.add_row(str(one.drafter), f"{one.tokens_per_s:,.1f}", *times, grown)
    return table


def _drafts(result: Result) -> Table:
    table = _table("drafting", "drafted", "tokens per step", "same text", "same start", "accepted, 1st on")
    for one in result.figures[1:]:
        step, same = one.tokens_per_step, one.agreement
        table.add_row(
            str(one.drafter),
            f"{one.drafted:.0%}",
            f"{step.value:.2f} ({step.low:.2f}–{step.high:.2f})",
            f"{same.same} of {same.of}",
            f"{same.median:g}, least {same.shortest}",
            _accepted(one),
        )
    return table


def _accepted(figures: Figures) -> str:
    return "  ".join(map(_share, figures.accepted))


def _share(interval: Interval) -> str:
    return f"{interval.value:.0%} ({interval.low:.0%}–{interval.high:.0%})"


def _choice(drafter: Drafter) -> str:
    return f"{drafter.method}, {drafter.n_tokens} per step" if drafter.n_tokens else "no drafting"


def _why(result: Result) -> str:
    if result.choice.n_tokens:
        return f"surely more than the {result.noise:.1%} by which two runs without drafting may differ"
    return f"nothing surely gains more than the {result.noise:.1%} by which two runs without drafting may differ"


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 2))
    table.add_column(first, style="cyan", no_wrap=True)
    for heading in others:
        table.add_column(heading, justify="right", no_wrap=heading != others[-1])
    return table
