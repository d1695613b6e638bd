"""Raw results on disk as they come, outside of the repository: what was measured is not measured again."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

Row = dict[str, Any]

DEFAULT = Path(tempfile.gettempdir()) / "codeassist-quality"


class Journal:
    """Rows by key; one JSON line each, the last of a key counts."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._file = file
        self._rows = dict(_read(file))
        if self._rows:
            print(f"{len(self._rows)} results are in {file} already", file=sys.stderr)

    def get(self, key: str) -> Row | None:
        """What was written for this key."""
        return self._rows.get(key)

    def add(self, key: str, row: Row) -> None:
        """Keep a row."""
        self._rows[key] = row
        with self._file.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps([key, row]) + "\n")


def _read(file: Path) -> list[tuple[str, Row]]:
    """All whole lines: the last one may have been cut off."""
    if not file.exists():
        return []
    lines = file.read_text(encoding="utf-8").split("\n")
    if lines[-1]:
        with file.open("a", encoding="utf-8") as cut:
            cut.write("\n")
    found = []
    for line in lines:
        try:
            key, row = json.loads(line)
        except ValueError:
            continue
        found.append((key, row))
    return found
