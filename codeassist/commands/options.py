"""Options that several commands share, spelt once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, and nothing else on it.")]
FromStdin = Annotated[
    bool, typer.Option("--stdin", help="Read one JSON request per line, answer each with one JSON line; stay warm.")
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "-o",
        "--option",
        metavar="SECTION.KEY=VALUE",
        help="Override a setting, e.g. -o engine.threads=2. May be given several times.",
    ),
]
WorkspaceArgument = Annotated[
    Path | None,
    typer.Argument(
        metavar="[PATH]", help="The repository's folder; otherwise the one that you are in.", show_default=False
    ),
]
WorkspaceOption = Annotated[
    Path | None,
    typer.Option("--workspace", metavar="PATH", help="The repository's folder; otherwise the git root of FILE."),
]
Invoked = Annotated[
    bool, typer.Option("--invoked", help="As if you had asked for it: suggest even where typing alone would not.")
]
