"""The files of a folder that git cannot tell about: every `.gitignore` is honoured, links are not followed."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from pathspec import GitIgnoreSpec

from indexer.errors import WorkspaceError
from indexer.ignore_files import read_patterns
from indexer.rules import is_vendor_folder

_Specs = list[tuple[str, GitIgnoreSpec]]


def walk(root: Path) -> Iterator[str]:
    """Paths of files and of symbolic links below root. Raises WorkspaceError when root cannot be read."""
    yield from _walk_folder(root, "", [])


def _walk_folder(root: Path, folder: str, specs: _Specs) -> Iterator[str]:
    try:
        with os.scandir(root / folder) as scan:
            entries = sorted(scan, key=lambda entry: entry.name)
    except OSError as error:
        if not folder:
            raise WorkspaceError(f"{root} cannot be read: {error.strerror or error}") from error
        return
    specs = specs + _gitignore(root, folder)
    for entry in entries:
        path = f"{folder}/{entry.name}" if folder else entry.name
        mode = _mode(entry)
        if stat.S_ISDIR(mode):
            if not is_vendor_folder(root / path) and not _is_ignored(f"{path}/", specs):
                yield from _walk_folder(root, path, specs)
        elif (stat.S_ISREG(mode) or stat.S_ISLNK(mode)) and entry.name != ".git" and not _is_ignored(path, specs):
            yield path


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
