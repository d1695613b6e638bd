"""What stands in the store: writing files, reading symbols, chunks and vectors. SQL is here and in
`use_records.py`, `graph_records.py`, `vector_records.py`, `word_records.py` and `places.py`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from indexer.rows import FileRows
from indexer.types import Chunk, Import, SkippedFile, Symbol

Vectors = npt.NDArray[np.float32]

_SYMBOL = (
    "SELECT s.name, s.kind, f.path, s.start_line, s.end_line, s.signature, s.container, s.doc"
    " FROM symbols s JOIN files f ON f.id = s.file_id"
)
_CHUNK = (
    "SELECT f.path, c.start_line, c.end_line, c.text, f.language, c.hash FROM chunks c JOIN files f ON f.id = c.file_id"
)
# The note that says when the index was last brought up to date (ISO 8601, UTC).
REFRESHED_AT = "refreshed_at"
# SQLite allows 999 parameters in builds that are still around.
MAX_PARAMETERS = 900


def read_blobs(connection: sqlite3.Connection) -> dict[str, str]:
    """Blob ids of every path that was looked at, the skipped ones included."""
    return dict(connection.execute("SELECT path, blob FROM files UNION ALL SELECT path, blob FROM skipped"))


def can_hold(path: str) -> bool:
    """Whether a path can stand in the store, which keeps UTF-8: bytes of other file names come as lone surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in path)


def blobs_of(connection: sqlite3.Connection, paths: Iterable[str]) -> dict[str, str]:
    """Blob ids of those of the paths that are indexed."""
    query = "SELECT path, blob FROM files WHERE path = ?"
    found = (connection.execute(query, (path,)).fetchone() for path in paths if can_hold(path))
    return dict(row for row in found if row)


def blob_of(connection: sqlite3.Connection, path: str) -> str | None:
    """Blob id of one path, None when it was never looked at."""
    if not can_hold(path):
        return None
    row = connection.execute(
        "SELECT blob FROM files WHERE path = ?1 UNION ALL SELECT blob FROM skipped WHERE path = ?1", (path,)
    ).fetchone()
    return row[0] if row else None


def remove_path(connection: sqlite3.Connection, path: str) -> None:
    """Forget one file with everything that hangs on it."""
    row = connection.execute("SELECT id FROM files WHERE path = ?", (path,)).fetchone()
    if row:
        connection.execute("DELETE FROM chunks_text WHERE rowid IN (SELECT id FROM chunks WHERE file_id = ?)", row)
        connection.execute("DELETE FROM files WHERE id = ?", row)
    connection.execute("DELETE FROM skipped WHERE path = ?", (path,))


def replace_file(connection: sqlite3.Connection, rows: FileRows, blob: str) -> None:
    """Put what is known of one file now in the place of what was known of it."""
    remove_path(connection, rows.path)
    cursor = connection.execute(
        "INSERT INTO files (path, blob, language, size, n_lines, unparsed) VALUES (?, ?, ?, ?, ?, ?)",
        (rows.path, blob, rows.language, rows.size, rows.n_lines, rows.unparsed),
    )
    file_id = cursor.lastrowid
    connection.executemany(
        "INSERT INTO symbols (file_id, name, kind, start_line, end_line, signature, container, doc)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [(file_id, *row) for row in rows.symbols],
    )
    connection.executemany("INSERT INTO refs VALUES (?, ?, ?, ?)", [(file_id, *row) for row in rows.references])
    connection.executemany("INSERT INTO imports VALUES (?, ?, ?, ?, ?)", [(file_id, *row) for row in rows.imports])
    connection.executemany("INSERT INTO bases VALUES (?, ?, ?, ?, ?)", [(file_id, *row) for row in rows.bases])
    connection.executemany("INSERT INTO namespaces VALUES (?, ?)", [(file_id, name) for name in rows.namespaces])
    connection.executemany("INSERT INTO types VALUES (?, ?, ?)", [(file_id, *row) for row in rows.typed])
    (last_chunk,) = connection.execute("SELECT coalesce(max(id), 0) FROM chunks").fetchone()
    chunk_ids = range(last_chunk + 1, last_chunk + 1 + len(rows.chunks))
    connection.executemany(
        "INSERT INTO chunks (id, file_id, start_line, end_line, hash, text) VALUES (?, ?, ?, ?, ?, ?)",
        [(row_id, file_id, *row) for row_id, row in zip(chunk_ids, rows.chunks, strict=True)],
    )
    connection.executemany(
        "INSERT INTO chunks_text (rowid, terms) VALUES (?, ?)", zip(chunk_ids, rows.terms, strict=True)
    )


def replace_skipped(connection: sqlite3.Connection, skipped: SkippedFile, blob: str) -> None:
    """Note that a file was looked at and left out."""
    remove_path(connection, skipped.path)
    connection.execute("INSERT INTO skipped VALUES (?, ?, ?)", (skipped.path, blob, skipped.reason))


def read_skipped(connection: sqlite3.Connection) -> list[SkippedFile]:
    """Files that are not indexed, by path."""
    return [SkippedFile(*row) for row in connection.execute("SELECT path, reason FROM skipped ORDER BY path")]


def count_chunks(connection: sqlite3.Connection) -> int:
    """The number of chunks."""
    (n_chunks,) = connection.execute("SELECT count(*) FROM chunks").fetchone()
    return int(n_chunks)


def count_all(connection: sqlite3.Connection) -> tuple[int, int, int]:
    """Numbers of files, chunks and symbols."""
    tables = ("files", "chunks", "symbols")
    files, chunks, symbols = (connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables)
    return files, chunks, symbols


def symbols_named(connection: sqlite3.Connection, name: str, limit: int) -> list[Symbol]:
    """Definitions with exactly this name, by path and line."""
    rows = connection.execute(f"{_SYMBOL} WHERE s.name = ? ORDER BY f.path, s.start_line LIMIT ?", (name, limit))
    return [Symbol(*row) for row in rows]


def symbols_named_loosely(connection: sqlite3.Connection, name: str, limit: int) -> list[Symbol]:
    """Definitions with this name whatever its case, by path and line."""
    rows = connection.execute(
        f"{_SYMBOL} WHERE lower(s.name) = ? ORDER BY f.path, s.start_line LIMIT ?", (name.lower(), limit)
    )
    return [Symbol(*row) for row in rows]


def symbols_in(connection: sqlite3.Connection, path: str, name: str | None = None) -> list[Symbol]:
    """Definitions of one file (with this name), by line."""
    condition = "f.path = ?1 AND (?2 IS NULL OR s.name = ?2)"
    rows = connection.execute(f"{_SYMBOL} WHERE {condition} ORDER BY s.start_line", (path, name))
    return [Symbol(*row) for row in rows]


def symbols_by_id(connection: sqlite3.Connection, rows: Sequence[int]) -> list[Symbol]:
    """Definitions by their rows, in that order."""
    found = (connection.execute(f"{_SYMBOL} WHERE s.id = ?", (row,)).fetchone() for row in rows)
    return [Symbol(*values) for values in found if values]


def members_of(connection: sqlite3.Connection, symbol: Symbol) -> list[Symbol]:
    """What a class holds, by line."""
    qualified = f"{symbol.container}.{symbol.name}" if symbol.container else symbol.name
    rows = connection.execute(
        f"{_SYMBOL} WHERE f.path = ? AND s.container IN (?, ?) AND s.start_line >= ? AND s.end_line <= ?"
        " ORDER BY s.start_line",
        (symbol.path, qualified, symbol.name, symbol.start_line, symbol.end_line),
    )
    return [Symbol(*row) for row in rows]


def types_of_name(connection: sqlite3.Connection, name: str, limit: int) -> tuple[list[tuple[str, int]], int]:
    """Types that variables of this name are said to have, each with the number of files that say so, the most frequent
    first; and the sum of these numbers over all types."""
    rows = connection.execute(
        "SELECT type, count(*) AS n FROM types WHERE name = ? GROUP BY type ORDER BY n DESC, type", (name,)
    ).fetchall()
    return rows[:limit], sum(n for _, n in rows)


def file_ids(connection: sqlite3.Connection, after: int) -> dict[str, int]:
    """The rows of the indexed files that have one after this; a file that was read again has a new one."""
    return dict(connection.execute("SELECT path, id FROM files WHERE id > ?", (after,)))


def count_files(connection: sqlite3.Connection) -> int:
    """The number of indexed files."""
    (n_files,) = connection.execute("SELECT count(*) FROM files").fetchone()
    return int(n_files)


def look_at_tables(connection: sqlite3.Connection) -> None:
    """Meet damage at the root of what is read piece by piece later: now somebody may wait for a new index."""
    for table in ("imports", "symbols"):
        connection.execute(f"SELECT rowid FROM {table} NOT INDEXED LIMIT 1").fetchone()


def top_level_names(connection: sqlite3.Connection, file_id: int) -> Iterable[tuple[str, int]]:
    """(name, symbol row) of what can be imported from a file; JavaScript's default export also by that name."""
    return connection.execute(
        "SELECT name, id FROM symbols WHERE kind NOT IN ('method', 'field') AND file_id = ?1 UNION ALL SELECT"
        " 'default', id FROM symbols WHERE file_id = ?1 AND signature GLOB 'export default *' ORDER BY 2",
        (file_id,),
    )


def imports_of(connection: sqlite3.Connection, file_id: int) -> Iterable[Import]:
    """Imports of a file in the order of the source."""
    rows = connection.execute(
        "SELECT i.module, i.name, i.alias, f.path, i.line FROM imports i JOIN files f ON f.id = i.file_id"
        " WHERE i.file_id = ? ORDER BY i.rowid",
        (file_id,),
    )
    return (Import(*row) for row in rows)


def among(column: str, ids: Sequence[object] | None) -> str:
    """A condition in SQL: that the column has one of these values, which are its parameters; none for None."""
    return "" if ids is None else f" AND {column} IN ({','.join('?' * len(ids))})"


def bump_generation(connection: sqlite3.Connection) -> None:
    """Tell every reader, in this process and in others, that files changed."""
    connection.execute(
        "INSERT INTO meta VALUES ('generation', '1') ON CONFLICT (key) DO UPDATE SET value = CAST(value AS INTEGER) + 1"
    )


def as_phrase(text: str) -> str:
    """A text as the full-text index looks for it as a whole, whatever characters it has.

    Source: https://www.sqlite.org/fts5.html, "FTS5 Strings"; a query ends at a NUL, and half a surrogate pair is none.
    """
    plain = text.replace("\0", " ").encode("utf-8", "replace").decode()
    return '"' + plain.replace('"', '""') + '"'


def rows_with_term(connection: sqlite3.Connection, term: str, limit: int) -> list[int]:
    """Rows of the chunks that have this term, in no order that means anything but always the same."""
    rows = connection.execute(
        "SELECT rowid FROM chunks_text WHERE chunks_text MATCH ? LIMIT ?", (as_phrase(term), limit)
    )
    return [row[0] for row in rows]


def chunks_by_id(connection: sqlite3.Connection, rows: Sequence[int]) -> list[Chunk]:
    """Chunks by their rows, in that order."""
    found = (connection.execute(f"{_CHUNK} WHERE c.id = ?", (row,)).fetchone() for row in rows)
    return [Chunk(*values) for values in found if values]


def texts_by_id(connection: sqlite3.Connection, rows: Sequence[int]) -> list[tuple[str, str]]:
    """(content hash, text) of chunks, in the order of their rows; at most MAX_PARAMETERS."""
    return connection.execute(f"SELECT hash, text FROM chunks WHERE 1{among('id', rows)} ORDER BY id", rows).fetchall()


def chunks_with_hash(connection: sqlite3.Connection, content_hash: str) -> list[Chunk]:
    """Chunks with exactly this text, by path and line."""
    rows = connection.execute(f"{_CHUNK} WHERE c.hash = ? ORDER BY f.path, c.start_line", (content_hash,))
    return [Chunk(*row) for row in rows]


def chunks_of(connection: sqlite3.Connection, path: str) -> list[Chunk]:
    """Chunks of one file, by line."""
    return [Chunk(*row) for row in connection.execute(f"{_CHUNK} WHERE f.path = ? ORDER BY c.start_line", (path,))]


def unembedded(connection: sqlite3.Connection, embedder: str, path: str | None) -> list[int]:
    """Rows of chunks (of one file, or of all) whose text has no vector of this embedder yet, one for each text."""
    of_file = "" if path is None else " AND c.file_id = (SELECT id FROM files WHERE path = ?)"
    rows = connection.execute(
        "SELECT min(c.id) FROM chunks c LEFT JOIN vectors v ON v.hash = c.hash AND v.embedder = ?"
        f" WHERE v.id IS NULL{of_file} GROUP BY c.hash ORDER BY min(c.id)",
        (embedder,) if path is None else (embedder, path),
    )
    return [row[0] for row in rows]


def insert_vectors(connection: sqlite3.Connection, embedder: str, hashes: Sequence[str], vectors: Vectors) -> None:
    """Keep vectors, as float16, for their content hashes."""
    connection.executemany(
        "INSERT OR IGNORE INTO vectors (embedder, hash, vector) VALUES (?, ?, ?)",
        [(embedder, key, row.tobytes()) for key, row in zip(hashes, vectors.astype(np.float16), strict=True)],
    )


def drop_stale_vectors(connection: sqlite3.Connection, keep: int) -> int:
    """Delete vectors without a chunk once there are more than `keep`; how many were deleted."""
    stale = "SELECT v.id FROM vectors v LEFT JOIN chunks c ON c.hash = v.hash WHERE c.id IS NULL"
    (n_stale,) = connection.execute(f"SELECT count(*) FROM ({stale})").fetchone()
    if n_stale <= keep:
        return 0
    connection.execute(f"DELETE FROM vectors WHERE id IN ({stale})")
    return int(n_stale)


def read_meta(connection: sqlite3.Connection, key: str) -> str:
    """A note of the index, "" when there is none."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return row[0] if row else ""


def write_meta(connection: sqlite3.Connection, key: str, value: str) -> None:
    """Keep a note."""
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))


def chunk_at(connection: sqlite3.Connection, path: str, line: int) -> Chunk | None:
    """The chunk of a file that holds this line."""
    row = connection.execute(
        f"{_CHUNK} WHERE f.path = ? AND c.start_line <= ? AND c.end_line >= ?", (path, line, line)
    ).fetchone()
    return Chunk(*row) if row else None
