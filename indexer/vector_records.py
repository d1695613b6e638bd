"""Reading the vectors of the store, of which there may be a million."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

# So many are joined while other threads wait: about a millisecond.
VECTORS_PER_BATCH = 4096


def vectors_after(
    connection: sqlite3.Connection, embedder: str, dim: int, last_id: int
) -> Iterator[tuple[list[str], bytes, int]]:
    """Vectors that were added after `last_id`, some at a time: their hashes, the numbers of all of them (float16, `dim`
    each), and the last one's id."""
    # The plus keeps SQLite from going through all vectors of the embedder, by its index, to find that none is new.
    cursor = connection.execute(
        "SELECT id, hash, vector FROM vectors WHERE +embedder = ? AND id > ? AND length(vector) = ? ORDER BY id",
        (embedder, last_id, 2 * dim),
    )
    while rows := cursor.fetchmany(VECTORS_PER_BATCH):
        yield [row[1] for row in rows], b"".join([row[2] for row in rows]), rows[-1][0]


def last_vector_id(connection: sqlite3.Connection) -> int:
    """The id of the newest vector, of whatever embedder; 0 when there is none."""
    (last_id,) = connection.execute("SELECT max(id) FROM vectors").fetchone()
    return last_id or 0
