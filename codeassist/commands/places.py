"""FILE:LINE:COL, and which folder is the workspace."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import typer

from codeassist.types import Cursor

_POSITION = re.compile(r"(?P<file>.+):(?P<line>\d+):(?P<col>\d+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a file as a person says it: line and column count from 1, columns count code points."""

    file: str
    line: int
    col: int

    @property
    def cursor(self) -> Cursor:
        """The same place as the core counts it."""
        return Cursor(self.line - 1, self.col - 1)


def parse_position(text: str) -> Position:
    """A position from FILE:LINE:COL, where FILE may hold colons itself. Raises typer.BadParameter."""
    match = _POSITION.fullmatch(text)
    if match is None:
        raise typer.BadParameter(f"{text!r} is no FILE:LINE:COL; write it like src/app.py:12:5")
    if len(match["line"]) > 9 or len(match["col"]) > 9:
        raise typer.BadParameter(f"{text!r}: no file has that many lines or columns")
    position = Position(match["file"], int(match["line"]), int(match["col"]))
    if position.line < 1 or position.col < 1:
        raise typer.BadParameter(f"{text!r}: lines and columns count from 1")
    return position


def find_file(file: str, cwd: Path, workspace: Path | None) -> Path:
    """`file` as seen from `cwd`; where nothing stands there, as seen from the workspace."""
    here = cwd / file
    if workspace is None or here.exists():
        return here
    return workspace / file


def given_workspace(path: Path | None, cwd: Path) -> Path:
    """The folder that was named, or the git root of the working directory. Raises typer.BadParameter."""
    if path is None:
        return git_root(cwd) or cwd
    folder = cwd / path
    if not folder.is_dir():
        problem = "is a file; name the folder that holds it" if folder.exists() else "does not exist"
        raise typer.BadParameter(f"workspace {path} {problem}")
    return folder.resolve()


def workspace_of(file: Path) -> Path:
    """The git root of a file, else its folder."""
    folder = Path(os.path.realpath(file)).parent  # resolve() raises for a link that leads to itself
    return git_root(folder) or folder


def git_root(folder: Path) -> Path | None:
    """The nearest folder upwards that holds `.git`."""
    resolved = folder.resolve()
    return next((place for place in (resolved, *resolved.parents) if (place / ".git").exists()), None)
