"""The options of `codeassist review`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

_WHAT = "What is reviewed"
_HOW = "How it is looked through"
_TOLD = "What is told, and how"
_REMEMBERED = "What stays unsaid"


class Format(StrEnum):
    """How a report is written."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"
    GITLAB = "gitlab"


class FailOn(StrEnum):
    """The mildest finding that makes the command fail."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"
    NEVER = "never"


Staged = Annotated[
    bool, typer.Option("--staged", help="What is staged, and nothing else: the default.", rich_help_panel=_WHAT)
]
WorkTree = Annotated[
    bool,
    typer.Option(
        "--worktree", help="Everything uncommitted: staged or not, and new files, too.", rich_help_panel=_WHAT
    ),
]
Range = Annotated[
    str | None,
    typer.Option(
        "--range",
        metavar="A..B",
        help="What changed from one commit to another; A...B: on B since it left A.",
        show_default=False,
        rich_help_panel=_WHAT,
    ),
]
Diff = Annotated[
    str | None,
    typer.Option(
        "--diff",
        metavar="FILE",
        help="A unified diff, applied to the work tree or not; - reads it from stdin.",
        show_default=False,
        rich_help_panel=_WHAT,
    ),
]
AllFiles = Annotated[
    bool,
    typer.Option(
        "--all-files",
        help="Every line of every tracked file; by static and vulnerabilities unless --passes says more.",
        rich_help_panel=_WHAT,
    ),
]
Passes = Annotated[
    str | None,
    typer.Option(
        "--passes",
        metavar="NAMES",
        help=(
            "Which passes look at it, with commas; all unless set (review.passes). static: calls, imports and names "
            "that the change breaks, secrets, what was left over. vulnerabilities: what attackers use. surprise: code "
            "that a small model finds unlikely; wants `codeassist serve` or --start-engine. model: what the chat model "
            "at chat.url finds wrong."
        ),
        show_default=False,
        rich_help_panel=_HOW,
    ),
]
NoPass = Annotated[
    list[str] | None,
    typer.Option("--no-pass", metavar="NAME", help="Leave one of them out.", show_default=False, rich_help_panel=_HOW),
]
MaxSeconds = Annotated[
    float | None,
    typer.Option(
        "--max-seconds",
        metavar="S",
        min=0.1,
        max=3600,
        help="End after so long with what is found by then (review.max_seconds).",
        show_default=False,
        rich_help_panel=_HOW,
    ),
]
StartEngine = Annotated[
    bool | None,
    typer.Option(
        "--start-engine",
        help="Load a model where no `codeassist serve` runs (review.start_engine).",
        show_default=False,
        rich_help_panel=_HOW,
    ),
]
FormatOption = Annotated[
    Format,
    typer.Option("--format", metavar="NAME", help="text, json, sarif, github or gitlab.", rich_help_panel=_TOLD),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        metavar="FILE",
        help="Write it there. With a format for programs, stdout has the text for a person.",
        show_default=False,
        rich_help_panel=_TOLD,
    ),
]
PatchOption = Annotated[
    bool,
    typer.Option("--patch", help="Print the remedies alone, as one patch for `git apply`.", rich_help_panel=_TOLD),
]
FailOnOption = Annotated[
    FailOn | None,
    typer.Option(
        "--fail-on",
        metavar="GRAVITY",
        help="Exit with 1 from error, warning or note on, or never (review.fail_on).",
        show_default=False,
        rich_help_panel=_TOLD,
    ),
]
BaselineOption = Annotated[
    Path | None,
    typer.Option(
        "--baseline",
        metavar="FILE",
        help="Findings that stay unsaid; otherwise .codeassist/review-baseline.json.",
        show_default=False,
        rich_help_panel=_REMEMBERED,
    ),
]
WriteBaseline = Annotated[
    bool,
    typer.Option("--write-baseline", help="Add all present findings to the baseline.", rich_help_panel=_REMEMBERED),
]
Dismiss = Annotated[
    list[str] | None,
    typer.Option(
        "--dismiss",
        metavar="ID",
        help="Add one finding; the first letters of its id will do. May be given several times.",
        show_default=False,
        rich_help_panel=_REMEMBERED,
    ),
]
