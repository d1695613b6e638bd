"""Where chunks stand, without their texts: the SQL of a person's search, which looks at far more than it shows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeVar

from indexer import records
from indexer.types import Chunk, Symbol

Value = TypeVar("Value")


class Place(NamedTuple):
    """One chunk: its row, and where it stands."""

    path: str
    start_line: int
    end_line: int
    row: int


_PLACE = "f.path, c.start_line, c.end_line, c.id"


def places_of(connection: sqlite3.Connection, chunks: Sequence[int]) -> dict[int, Place]:
    """Where the chunks of these rows stand, by row."""
    places: dict[int, Place] = {}
    for part in _parts(chunks):
        found = connection.execute(
            f"SELECT {_PLACE} FROM chunks c JOIN files f ON f.id = c.file_id"
            f" WHERE c.id IN ({','.join('?' * len(part))})",
            part,
        )
        places.update((row[3], Place(*row)) for row in found)
    return places


def places_with_hashes(connection: sqlite3.Connection, hashes: Sequence[str]) -> list[tuple[Place, str]]:
    """Chunks with exactly these texts, and which of them, by path and line."""
    rows: list[tuple[Place, str]] = []
    for part in _parts(hashes):
        found = connection.execute(
            f"SELECT {_PLACE}, c.hash FROM chunks c JOIN files f ON f.id = c.file_id"
            f" WHERE c.hash IN ({','.join('?' * len(part))})",
            part,
        )
        rows += [(Place(*row[:4]), row[4]) for row in found]
    return sorted(rows)


def places_defining(
    connection: sqlite3.Connection, names: Sequence[str], limit: int
) -> list[tuple[Symbol, Place | None]]:
    """Definitions with one of these names (in lower case), whatever their case, and the chunk that holds their head."""
    rows: list[tuple[Symbol, Place | None]] = []
    for part in _parts(names):
        found = connection.execute(
            "SELECT s.name, s.kind, f.path, s.start_line, s.end_line, s.signature, s.container, s.doc,"
            f" {_PLACE} FROM symbols s JOIN files f ON f.id = s.file_id LEFT JOIN chunks c"
            " ON c.file_id = s.file_id AND c.start_line <= s.start_line AND c.end_line >= s.start_line"
            f" WHERE lower(s.name) IN ({','.join('?' * len(part))}) LIMIT ?",
            (*part, limit),
        )
        rows += [(Symbol(*row[:8]), Place(*row[8:]) if row[9] is not None else None) for row in found]
    return sorted(rows, key=lambda item: (item[0].path, item[0].start_line, item[0].name))


def chunks_at(connection: sqlite3.Connection, places: Iterable[Place]) -> list[Chunk]:
    """The chunks at these places, in that order."""
    return records.chunks_by_id(connection, [place.row for place in places])


def all_chunks(connection: sqlite3.Connection) -> list[Chunk]:
    """Every chunk, by path and line."""
    rows = connection.execute(
        "SELECT f.path, c.start_line, c.end_line, c.text, f.language, c.hash FROM chunks c"
        " JOIN files f ON f.id = c.file_id ORDER BY f.path, c.start_line"
    )
    return [Chunk(*row) for row in rows]


def _parts(values: Sequence[Value]) -> Iterable[Sequence[Value]]:
    return (values[at : at + records.MAX_PARAMETERS] for at in range(0, len(values), records.MAX_PARAMETERS))
