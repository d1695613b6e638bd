"""The files of a folder that git cannot tell about: every `.gitignore` is honoured, links are not followed."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from pathspec import GitIgnoreSpec

from indexer.errors import WorkspaceError
from indexer.ignore_files import read_patterns
from indexer.rules import is_vendor_folder

_Specs = list[tuple[str, GitIgnoreSpec]]
_Entry = tuple[str, int, _Specs]


def walk(root: Path) -> Iterator[str]:
    """Paths of files and of symbolic links below root. Raises WorkspaceError when root cannot be read."""
    try:
        waiting: list[_Entry] = _entries(root, "", [])  # Folders nest deeper than may recurse.
    except OSError as error:
        raise WorkspaceError(f"{root} cannot be read: {error.strerror or error}") from error
    while waiting:
        path, mode, specs = waiting.pop()
        if not stat.S_ISDIR(mode):
            if not _is_ignored(path, specs):
                yield path
        elif not is_vendor_folder(root / path) and not _is_ignored(f"{path}/", specs):
            with contextlib.suppress(OSError):
                waiting += _entries(root, path, specs)


def _entries(root: Path, folder: str, specs: _Specs) -> list[_Entry]:
    """What lies in a folder, the last name first; specs: what is ignored above."""
    with os.scandir(root / folder) as scan:
        entries = sorted(((entry.name, _mode(entry)) for entry in scan if entry.name != ".git"), reverse=True)
    prefix, specs = f"{folder}/" if folder else "", specs + _gitignore(root, folder)
    return [(prefix + name, mode, specs) for name, mode in entries if _is_walked(mode)]


def _is_walked(mode: int) -> bool:
    return stat.S_ISDIR(mode) or stat.S_ISREG(mode) or stat.S_ISLNK(mode)


def _mode(entry: os.DirEntry[str]) -> int:
    """What kind of entry it is, 0 when it has just vanished."""
    try:
        return entry.stat(follow_symlinks=False).st_mode
    except OSError:
        return 0


def _gitignore(root: Path, folder: str) -> _Specs:
    patterns = read_patterns(root / folder / ".gitignore")
    return [(folder, GitIgnoreSpec.from_lines(patterns))] if patterns else []


def _is_ignored(path: str, specs: _Specs) -> bool:
    """The innermost .gitignore that has an opinion decides."""
    for folder, spec in reversed(specs):
        result = spec.check_file(path.removeprefix(f"{folder}/") if folder else path)
        if result.include is not None:
            return result.include
    return False


def is_ignored_in_walk(root: Path, path: str) -> bool:
    """Whether a .gitignore on the way to this path names it or a folder that it is in."""
    specs = _gitignore(root, "")
    for folder in [str(parent) for parent in reversed(PurePosixPath(path).parents)][1:]:
        if _is_ignored(f"{folder}/", specs):
            return True
        specs = specs + _gitignore(root, folder)
    return _is_ignored(path, specs)
