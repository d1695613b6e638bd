"""What was read of libraries, kept for all workspaces and processes of a user: one SQLite file.

A row is one file of a library by its absolute path, valid for one size and time of change. The file is a cache: where
it cannot be opened or written, nothing is kept, and when it is damaged or of another format, it is made anew.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from indexer.place import SUFFIXES

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")

# Raise it with every change of what is kept.
#   1  symbols, imports, exports and default of a file, as JSON that is compressed
#   2  imports that give a module's own things away under another name, and `export *` as one of all names
FORMAT = 2
MAX_BYTES = 128 * 1024 * 1024
# What is left when there was too much.
KEPT_SHARE = 0.8
# The sum is looked at after so many new bytes.
LOOK_BYTES = 4 * 1024 * 1024
BUSY_SECONDS = 5.0
DAY = 24 * 3600

_SCHEMA = """
CREATE TABLE IF NOT EXISTS files (
    path TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, used_day INTEGER NOT NULL,
    facts BLOB NOT NULL) WITHOUT ROWID
"""


class LibraryStore:
    """Keeps texts by path, size and time. For one thread at a time; never raises for what is on disk."""

    def __init__(self, path: Path | None, max_bytes: int = MAX_BYTES, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._path = path
        self._max_bytes = max_bytes
        self._connection: sqlite3.Connection | None = None
        self._opened_id: tuple[int, int] | None = None
        self._n_new_bytes = LOOK_BYTES

    def get(self, path: str, version: tuple[int, int]) -> str | None:
        """The text kept for a file of this size and time, None when there is none."""

        def find(connection: sqlite3.Connection) -> str | None:
            row = connection.execute(
                "SELECT facts, used_day FROM files WHERE path = ? AND size = ? AND mtime_ns = ?", (path, *version)
            ).fetchone()
            if row is None:
                return None
            if row[1] != self._today():
                connection.execute("UPDATE files SET used_day = ? WHERE path = ?", (self._today(), path))
            return zlib.decompress(row[0]).decode()

        return self._try(find)

    def put(self, path: str, version: tuple[int, int], text: str) -> None:
        """Keep a text in the place of what was kept for this file."""
        facts = zlib.compress(text.encode("utf-8", "replace"), 1)

        def write(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)", (path, *version, self._today(), facts)
            )
            self._n_new_bytes += len(facts)
            if self._n_new_bytes >= LOOK_BYTES:
                self._n_new_bytes = 0
                self._make_room(connection)

        self._try(write)

    def close(self) -> None:
        """Close the file; it is opened again when it is used again."""
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
        self._connection = None

    def _try(self, work: Callable[[sqlite3.Connection], Answer]) -> Answer | None:
        """The answer; None where there is no store, and where something goes wrong with it."""
        try:
            connection = self._opened()
            return work(connection) if connection is not None else None
        except (sqlite3.Error, OSError, zlib.error, UnicodeError) as error:
            logger.info("what is known of libraries cannot be kept in %s: %s", self._path, error)
            self.close()
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                return None
            if isinstance(error, OSError | sqlite3.OperationalError):
                self._path = None
            else:
                self._start_over()
            return None

    def _opened(self) -> sqlite3.Connection | None:
        if self._path is None:
            return None
        if self._connection is not None and self._opened_id == _file_id(self._path):
            return self._connection
        self.close()  # There is none yet, or somebody deleted or replaced the file.
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._connection = connection = sqlite3.connect(
            self._path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version not in (0, FORMAT):
            raise sqlite3.DatabaseError(f"its format is {version}")
        connection.execute(_SCHEMA)
        connection.execute(f"PRAGMA user_version = {FORMAT}")
        self._opened_id = _file_id(self._path)
        return connection

    def _start_over(self) -> None:
        """Remove a file that is damaged or of another format; the next who uses it makes a new one."""
        try:
            for suffix in SUFFIXES:
                Path(f"{self._path}{suffix}").unlink(missing_ok=True)
        except OSError:
            self._path = None

    def _today(self) -> int:
        return int(self._clock() // DAY)

    def _make_room(self, connection: sqlite3.Connection) -> None:
        """Delete what was not used for the longest time, when all together is too much."""
        rows = connection.execute("SELECT path, length(facts) FROM files ORDER BY used_day, path").fetchall()
        n_bytes = sum(size for _, size in rows)
        if n_bytes <= self._max_bytes:
            return
        for path, size in rows:
            if n_bytes <= KEPT_SHARE * self._max_bytes:
                break
            connection.execute("DELETE FROM files WHERE path = ?", (path,))
            n_bytes -= size


def _file_id(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
