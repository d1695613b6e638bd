"""Where a name is used: the lines themselves, code before tests.

The store knows which files use a name, but of each only where it does so first. So files are read again, from their
chunks, until there are as many lines as are asked for.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from indexer import records, use_records
from indexer.languages import language_of
from indexer.parsing import Parsed, parse
from indexer.ranking import is_test_path
from indexer.types import Hit

# What a line is said to do; of several the first.
_WHY = (("reference.call", "calls"), ("reference.type", "uses the type"))


def find_usages(connection: sqlite3.Connection, name: str, limit: int) -> list[Hit]:
    """The first `limit` lines that use a name, by path and line; lines of tests come last."""
    paths = sorted(use_records.paths_using(connection, name), key=lambda path: (is_test_path(path), path))
    hits = list(islice((hit for path in paths for hit in _hits_in(connection, path, name)), limit))
    return [replace(hit, score=1.0 - rank / len(hits)) for rank, hit in enumerate(hits)]


def _hits_in(connection: sqlite3.Connection, path: str, name: str) -> Iterator[Hit]:
    lines = _lines(connection, path)
    language = language_of(path)
    parsed = parse(language, "\n".join(lines)) if language else None
    found = _usages(parsed, name) if parsed else {}
    for line, verb in sorted(found.items()):
        yield Hit(
            path=path,
            start_line=line,
            end_line=line,
            score=0.0,
            text=lines[line - 1],
            source="usage",
            why=f"{verb} {name}",
            symbol=name,
        )


def _lines(connection: sqlite3.Connection, path: str) -> list[str]:
    """The lines of a file as its chunks have them: what is in none, blank lines and very long ones, is empty."""
    lines: list[str] = []
    for chunk in records.chunks_of(connection, path):
        lines += [""] * (chunk.start_line - 1 - len(lines))
        lines += chunk.text.split("\n")
    return lines


def _usages(parsed: Parsed, name: str) -> dict[int, str]:
    """What is done with the name in each line that uses it."""
    found: dict[int, str] = {}
    for capture, verb in _WHY:
        for captures in parsed.matches:
            for node in captures.get(capture, ()):
                if parsed.text(node) == name:
                    found.setdefault(node.start_point.row + 1, verb)
    return found
