"""Questions that a person answers, and a program by an option."""

from __future__ import annotations

from typing import Annotated

import typer

from codeassist.commands.front import Front
from codeassist.errors import ConfigError

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; needed where nobody can be asked.")]


def require_agreement(front: Front, question: str, *, yes: bool) -> None:
    """Returns when it may be done. Raises ConfigError where nobody can be asked, typer.Abort for a no."""
    if yes:
        return
    if not front.stdin.isatty():
        raise ConfigError(f"{question} There is no terminal to ask at; say so with --yes")
    front.stderr.write(f"{question} [y/N] ")
    front.stderr.flush()
    answer = front.stdin.readline().decode("utf-8", errors="replace").strip().lower()
    if answer not in ("y", "yes"):
        raise typer.Abort
