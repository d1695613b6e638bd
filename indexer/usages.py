"""Where a name is used: the lines themselves, code before tests."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator

from indexer import records
from indexer.ranking import is_test_path
from indexer.types import Chunk, Hit, Reference

# A name that is used more often than this is looked up no further.
MAX_USAGES = 5_000

_WHY = {"call": "calls", "type": "has the type", "attribute": "reads", "name": "uses"}


def find_usages(connection: sqlite3.Connection, name: str, limit: int) -> list[Hit]:
    """The first `limit` lines that use a name, by path and line; lines of tests come last."""
    found = records.references_to(connection, name, MAX_USAGES)
    found.sort(key=lambda reference: (is_test_path(reference.path), reference.path, reference.line))
    return list(_hits(connection, _one_a_line(found)[:limit]))


def _one_a_line(references: Iterable[Reference]) -> list[Reference]:
    """Without repetitions: a call is a use of the name as well."""
    lines: dict[tuple[str, int], Reference] = {}
    for reference in references:
        known = lines.get((reference.path, reference.line))
        if known is None or known.kind == "name":
            lines[reference.path, reference.line] = reference
    return list(lines.values())


def _hits(connection: sqlite3.Connection, references: list[Reference]) -> Iterator[Hit]:
    chunk: Chunk | None = None
    for rank, reference in enumerate(references):
        if chunk is None or not _holds(chunk, reference):
            chunk = records.chunk_at(connection, reference.path, reference.line)
        text = chunk.text.split("\n")[reference.line - chunk.start_line] if chunk else ""
        yield Hit(
            path=reference.path,
            start_line=reference.line,
            end_line=reference.line,
            score=1.0 - rank / len(references),
            text=text,
            source="usage",
            why=f"{_WHY[reference.kind]} {reference.name}",
            symbol=reference.name,
        )


def _holds(chunk: Chunk, reference: Reference) -> bool:
    return chunk.path == reference.path and chunk.start_line <= reference.line <= chunk.end_line
