"""Files of ignore patterns: `.gitignore`, `.codeassistignore`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from pathspec import GitIgnoreSpec

IGNORE_FILE = ".codeassistignore"

# (folder, patterns): what an ignore file says, and where it stands.
FolderPatterns = tuple[str, tuple[str, ...]]


def read_patterns(file: Path) -> tuple[str, ...]:
    """The patterns of an ignore file; one that is missing or cannot be read counts as empty."""
    try:
        if not file.is_file():
            return ()
        text = file.read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return ()
    return valid_patterns(text.splitlines())


def valid_patterns(patterns: Sequence[str]) -> tuple[str, ...]:
    """The patterns that can be understood; git too passes over the others."""
    valid: list[str] = []
    for pattern in patterns:
        try:
            GitIgnoreSpec.from_lines([pattern])
        except ValueError:
            continue
        valid.append(pattern)
    return tuple(valid)


def enclosing_patterns(root: Path) -> tuple[FolderPatterns, ...]:
    """What the `.codeassistignore` files above root say, up to the root of the git repository; the nearest first.

    Each comes with the path that leads from its folder to root, which its patterns are relative to.
    """
    root = root.resolve()
    found: list[FolderPatterns] = []
    for folder in _folders_up_to_repository(root):
        patterns = read_patterns(folder / IGNORE_FILE)
        if patterns:
            found.append((root.relative_to(folder).as_posix(), patterns))
    return tuple(found)


def _folders_up_to_repository(root: Path) -> Sequence[Path]:
    if os.path.lexists(root / ".git"):
        return ()
    for n_above, folder in enumerate(root.parents, 1):
        if os.path.lexists(folder / ".git"):
            return root.parents[:n_above]
    return ()
