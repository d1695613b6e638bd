"""Where an environment has editable installs from: the folders that its path files add to Python's search path.

Nothing is run: of a `.pth` file the lines that are folders count (Python's `site`), of setuptools' finders for flat
layouts (`__editable___NAME_finder.py`) their MAPPING of packages to folders.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

MAX_FILES = 200
MAX_BYTES = 256 * 1024

_MAPPING = re.compile(r"^MAPPING\b[^=\n]*=[ \t]*(\{.*\})[ \t]*$", re.MULTILINE)


def editable_folders(site_packages: Path) -> list[str]:
    """Folders to import from, in the order of the files' names. What cannot be read adds none."""
    found: dict[str, None] = {}
    for file in islice(sorted(site_packages.glob("*.pth")), MAX_FILES):
        found.update(dict.fromkeys(_of_lines(_text(file), site_packages)))
    for file in islice(sorted(site_packages.glob("__editable__*_finder.py")), MAX_FILES):
        found.update(dict.fromkeys(_of_mapping(_text(file))))
    return list(filter(os.path.isdir, found))


def _of_lines(text: str, site_packages: Path) -> Iterator[str]:
    for line in text.splitlines():
        entry = line.strip()
        if entry and not entry.startswith(("#", "import ", "import\t")):
            yield _real(site_packages / entry)


def _of_mapping(text: str) -> Iterator[str]:
    match = _MAPPING.search(text)
    try:
        mapping = ast.literal_eval(match[1]) if match is not None else {}
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return
    for name, place in mapping.items() if isinstance(mapping, dict) else ():
        if isinstance(name, str) and isinstance(place, str):
            path, depth = Path(place), name.count(".")
            is_alike = path.name == name.rpartition(".")[2]  # Else it is imported by another name than its folder's.
            if path.is_absolute() and is_alike and len(path.parents) > depth:
                yield _real(path.parents[depth])


def _real(path: Path) -> str:
    """The path with its links followed, "" for what can be no path."""
    try:
        return os.path.realpath(path)
    except ValueError:  # A zero byte, or half a character.
        return ""


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8", "replace") if file.stat().st_size <= MAX_BYTES else ""
    except OSError:
        return ""
