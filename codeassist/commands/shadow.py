"""`codeassist shadow`."""

from __future__ import annotations

import datetime
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from codeassist.commands.front import Front, front_of
from codeassist.commands.opening import settings_for
from codeassist.commands.options import AsJson, Overrides
from codeassist.commands.show_shadow import show_shadow
from codeassist.directories import shadow_file
from codeassist.errors import ConfigError
from codeassist.shadow.report import Figures, ShadowReport, make_report
from codeassist.shadow.store import ShadowLog

_UNITS_S = {"h": 3600, "d": 86_400, "w": 7 * 86_400}

Since = Annotated[
    str, typer.Option("--since", metavar="WHEN", help="How far to look back: 12h, 7d, 4w, or a day as 2026-01-31.")
]
Forget = Annotated[bool, typer.Option("--forget", help="Delete everything that was compared.")]


def shadow(
    context: typer.Context,
    since: Since = "30d",
    forget: Forget = False,
    as_json: AsJson = False,
    overrides: Overrides = None,
) -> None:
    """How the second engine answered the gaps that the first one was asked: the same or not, how fast, at what price.

    `codeassist serve` asks it a share of them (shadow.share), after the first answer, and never shows what it says.
    docs/shadow.md tells how to set it up, and how to read this.

    [bold]Examples[/bold]

      codeassist shadow

      codeassist shadow --since 7d --json

      codeassist shadow --forget
    """
    front = front_of(context)
    log = ShadowLog(shadow_file())
    if forget:
        _forget(front, log, as_json=as_json)
        return
    report = make_report(log.read(_moment(since)))
    if as_json:
        front.print_json(_answer(report, log.path, since))
    elif report.total is not None:
        show_shadow(front.console, report, since)
        front.console.print(f"[dim]compared in {escape(str(log.path))}[/]")
    else:
        share = settings_for(front, None, overrides).settings.shadow.share
        front.console.print(_nothing(since, share))


def _moment(since: str) -> float:
    """Seconds since 1970. Raises ConfigError."""
    number, unit = since[:-1], since[-1:]
    if unit in _UNITS_S and number.isascii() and number.isdigit() and len(number) <= 6:
        return time.time() - int(number) * _UNITS_S[unit]
    try:
        return datetime.datetime.fromisoformat(since).astimezone().timestamp()
    except (ValueError, OverflowError, OSError):
        raise ConfigError(f"--since is {since[:40]!r}; say 12h, 7d, 4w, or a day as 2026-01-31") from None


def _answer(report: ShadowReport, path: Path, since: str) -> dict[str, Any]:
    def told(figures: Figures | None) -> dict[str, Any] | None:
        return asdict(figures) | {"saved": figures.saved} if figures else None

    return {
        "total": told(report.total),
        "languages": {name: told(figures) for name, figures in report.languages.items()},
        "clients": {name: told(figures) for name, figures in report.clients.items()},
        "since": since,
        "file": str(path),
    }


def _forget(front: Front, log: ShadowLog, *, as_json: bool) -> None:
    n_comparisons = log.forget()
    if as_json:
        front.print_json({"forgotten": n_comparisons, "file": str(log.path)})
    else:
        front.console.print(f"forgot {n_comparisons} comparisons: {escape(str(log.path))} is deleted")


def _nothing(since: str, share: float) -> str:
    """What to do about it."""
    if not share:
        return "nothing is compared: shadow.share is 0. docs/shadow.md tells how to name a second engine"
    return f"nothing was compared since {escape(since)}. Gaps are, once `codeassist serve` runs and answers some"
