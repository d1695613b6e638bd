"""`codeassist stats`."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import typer
from rich.markup import escape

from codeassist.commands.front import Front, front_of
from codeassist.commands.opening import settings_for
from codeassist.commands.options import AsJson, Overrides
from codeassist.commands.show_stats import show_report
from codeassist.directories import statistics_file
from codeassist.statistics.report import Report, make_report
from codeassist.statistics.store import DAY_S, MAX_DAYS, StatisticsStore

DAYS = 30

Days = Annotated[int, typer.Option("--days", min=1, max=MAX_DAYS, help="How far to look back.")]
Language = Annotated[
    str | None,
    typer.Option("--language", metavar="NAME", help="One language alone, e.g. python.", show_default=False),
]
Forget = Annotated[bool, typer.Option("--forget", help="Delete everything that was counted.")]


def stats(
    context: typer.Context,
    days: Days = DAYS,
    language: Language = None,
    forget: Forget = False,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """What became of the suggestions in your editors: shown, accepted, kept, and how long they took.

    It is counted on this machine, without any text, path or name, and never sent. statistics.enabled turns it off.

    [bold]What the words mean[/bold]

      accepted   taken as a whole

      partly     only the first words or lines were taken

      rate       accepted and partly, of those shown

      typed      typed by hand to the last letter: right, and of no use

      kept       of those accepted, less than a third was edited since

    [bold]Examples[/bold]

      codeassist stats

      codeassist stats --days 7 --language python

      codeassist stats --forget
    """
    front = front_of(context)
    store = StatisticsStore(statistics_file())
    if forget:
        _forget(front, store, as_json=as_json)
    else:
        is_counting = settings_for(front, None, overrides).settings.statistics.enabled
        _tell(front, _Wish(store, days, language, is_counting), as_json=as_json)


@dataclass(frozen=True, slots=True)
class _Wish:
    """What to look at."""

    store: StatisticsStore
    days: int
    language: str | None
    is_counting: bool


def _tell(front: Front, wish: _Wish, *, as_json: bool) -> None:
    records = wish.store.read(time.time() - wish.days * DAY_S)
    report = make_report(records, wish.language)
    if as_json:
        front.print_json(_answer(report, wish))
    elif report.total.shown:
        show_report(front.console, report, wish.days, wish.language)
        front.console.print(f"[dim]counted in {escape(str(wish.store.path))}, and never sent[/]")
    else:
        front.console.print(_nothing(wish, sorted({record.language or "other" for record in records})))


def _answer(report: Report, wish: _Wish) -> dict[str, Any]:
    asked = {"days_back": wish.days, "language": wish.language}
    return asdict(report) | asked | {"file": str(wish.store.path), "is_counting": wish.is_counting}


def _forget(front: Front, store: StatisticsStore, *, as_json: bool) -> None:
    n_records = store.forget()
    if as_json:
        front.print_json({"forgotten": n_records, "file": str(store.path)})
    else:
        front.console.print(f"forgot {n_records} suggestions: {escape(str(store.path))} is deleted")


def _nothing(wish: _Wish, others: list[str]) -> str:
    """What to do about it."""
    days = f"in {wish.days} days"
    if others:
        return f"no suggestion in {escape(str(wish.language))} {days}; there are some in {escape(', '.join(others))}"
    if not wish.is_counting:
        return "nothing is counted: statistics.enabled is false"
    return (
        f"no suggestion was shown {days}. They are counted as soon as an editor that runs `codeassist lsp` "
        "shows one; the README says how to set one up, and --days looks further back"
    )
