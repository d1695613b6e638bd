"""Whole files as the index has them: the SQL of `locating.py`."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from indexer import records
from indexer.chunks import MAX_CHARS


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file put together from its chunks. is_whole: whether nothing but blank lines is missing."""

    blob: str
    lines: tuple[str, ...]
    is_whole: bool


def file_id(connection: sqlite3.Connection, path: str) -> int | None:
    """The row of an indexed file."""
    row = connection.execute("SELECT id FROM files WHERE path = ?", (path,)).fetchone()
    return int(row[0]) if row else None


def lines_of(connection: sqlite3.Connection, row: int) -> list[str]:
    """The lines of a file's chunks; those between chunks, which are blank or very long, are left out."""
    rows = connection.execute("SELECT text FROM chunks WHERE file_id = ?", (row,))
    return [line for (text,) in rows for line in text.split("\n")]


def read_file(connection: sqlite3.Connection, path: str) -> StoredFile | None:
    """An indexed file; lines between chunks, which are blank or very long, come as empty ones."""
    query = "SELECT id, blob, size, n_lines FROM files WHERE path = ?"
    row = connection.execute(query, (path,)).fetchone() if records.can_hold(path) else None
    if row is None:
        return None
    number, blob, size, n_lines = row
    lines: list[str] = []
    n_bytes = 0
    query = "SELECT start_line, text, length(CAST(text AS BLOB)) FROM chunks WHERE file_id = ? ORDER BY start_line"
    for start, text, n_of_chunk in connection.execute(query, (number,)):
        lines += [""] * (start - 1 - len(lines))
        lines += text.split("\n")
        n_bytes += n_of_chunk
    lines += [""] * (n_lines - len(lines))
    # Blank lines may hold blanks, and line ends two bytes, but what is as long as a chunk is a line left out.
    return StoredFile(blob, tuple(lines), size - n_bytes - n_lines <= MAX_CHARS // 2)
