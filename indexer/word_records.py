"""What the full-text index holds, without its own ranking: the SQL of `postings.py`."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence


def rows_of_token(connection: sqlite3.Connection, token: str) -> str:
    """Rows of the chunks that have this token, as the full-text index spells it, as often as they have it, in order:
    numbers with commas between them, which numpy reads much quicker than Python makes a list of rows.
    """
    (rows,) = connection.execute("SELECT group_concat(doc) FROM chunks_tokens WHERE term = ?", (token,)).fetchone()
    return rows or ""


def file_rows(connection: sqlite3.Connection) -> list[int]:
    """The row of every indexed file, in order; a file that was read again has a new one."""
    return [row[0] for row in connection.execute("SELECT id FROM files ORDER BY id")]


def chunk_lengths(connection: sqlite3.Connection, files: Sequence[int] | None) -> list[tuple[int, int, int]]:
    """(row, file, number of terms) of the chunks of these files, or of all (None)."""
    query = "SELECT c.id, c.file_id, d.sz FROM chunks c JOIN chunks_text_docsize d ON d.id = c.id"
    if files is None:
        rows = connection.execute(query).fetchall()
    else:
        rows = [row for file in files for row in connection.execute(f"{query} WHERE c.file_id = ?", (file,))]
    return [(row, file, _number(size)) for row, file, size in rows]


def _number(varint: bytes) -> int:
    """A number as SQLite writes it: seven bits a byte, the high ones first."""
    value = 0
    for byte in varint:
        value = value << 7 | byte & 0x7F
    return value
