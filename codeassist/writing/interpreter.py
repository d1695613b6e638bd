"""What an interpreter needs of the file system, read from its links and its pyvenv.cfg: it is not run to be asked."""

from __future__ import annotations

import os
import re
from pathlib import Path

_HOME = re.compile(r"^home\s*=\s*(\S.*?)\s*$", re.MULTILINE)
_MAX_LINKS = 16
_MAX_CONFIG = 64 * 1024


def folders_of(program: str) -> list[Path]:
    """The folders that a program outside of the system's own belongs to; none for one that is found by its name.

    An environment and the interpreter that it was made of. A folder that holds the user's home is never one of them.
    Source: https://docs.python.org/3/library/venv.html, on `pyvenv.cfg`.
    """
    file = Path(program)
    if not file.is_absolute():
        return []
    folders: dict[Path, None] = {}
    for step in _links(file):
        folders[step.parent.parent] = None
        if home := _home(step.parent.parent):
            folders.update(dict.fromkeys(one.parent.parent for one in _links(home / step.name)))
    found = dict.fromkeys(place for folder in folders for place in (folder, folder.resolve()))
    return [folder for folder in found if folder.is_dir() and not _holds_home(folder)]


def _links(file: Path) -> list[Path]:
    """A file, and what it is a link to, step by step."""
    steps = [file]
    while file.is_symlink() and len(steps) < _MAX_LINKS:
        file = Path(os.path.normpath(file.parent / file.readlink()))
        steps.append(file)
    return steps


def _home(environment: Path) -> Path | None:
    try:
        with (environment / "pyvenv.cfg").open(encoding="utf-8", errors="replace") as config:
            found = _HOME.search(config.read(_MAX_CONFIG))
    except OSError:
        return None
    return Path(found[1]) if found and Path(found[1]).is_absolute() else None


def _holds_home(folder: Path) -> bool:
    return Path.home().resolve().is_relative_to(folder.resolve())
