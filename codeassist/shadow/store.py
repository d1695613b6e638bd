"""The log of comparisons: one SQLite file of the user's, bounded in age and number. Texts are in it only where the user
wants them; the file is its owner's alone."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any

from codeassist.errors import ShadowLogUnavailable
from codeassist.shadow.comparison import Comparison

# Raise it with every change of what is kept.
#   1  one row for each gap that both engines answered
FORMAT = 1
DAY_S = 24 * 3600
MAX_DAYS = 400
MAX_ROWS = 50_000
# Counting takes milliseconds, so it is done once for so many rows.
LOOK_EVERY = 200
BUSY_SECONDS = 5.0

_COLUMNS = tuple(field.name for field in fields(Comparison))
_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS comparisons ({", ".join(_COLUMNS)}, PRIMARY KEY (key)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS comparisons_by_time ON comparisons (at);
"""


class ShadowLog:
    """Its methods raise ShadowLogUnavailable for what is wrong with the file, and block. For one thread at a time."""

    def __init__(self, path: Path, *, max_rows: int = MAX_ROWS, clock: Callable[[], float] = time.time) -> None:
        self.path = path
        self._max_rows = max_rows
        self._clock = clock
        self._n_until_look = 0

    def write(self, comparison: Comparison) -> None:
        """Keep a comparison, and drop what is too old or too much."""
        with self._connected("rwc") as connection:
            if _format(connection) == 0:
                connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {FORMAT}; COMMIT;")
            marks = ", ".join("?" * len(_COLUMNS))
            with connection:
                connection.execute(f"INSERT OR REPLACE INTO comparisons VALUES ({marks})", astuple(comparison))
                self._n_until_look -= 1
                if self._n_until_look < 0:
                    self._n_until_look = LOOK_EVERY
                    self._make_room(connection)

    def read(self, since: float) -> list[Comparison]:
        """Comparisons since a time, the oldest first; none where there is no file."""
        if not self.path.exists():
            return []
        with self._connected("ro") as connection:
            if not _format(connection):
                return []
            query = f"SELECT {', '.join(_COLUMNS)} FROM comparisons WHERE at >= ? ORDER BY at"
            return [_comparison(row) for row in connection.execute(query, (since,))]

    def forget(self) -> int:
        """Delete everything; how many comparisons there were, 0 for a file that could not be read."""
        n_rows = 0
        with contextlib.suppress(ShadowLogUnavailable):
            n_rows = len(self.read(0.0))
        try:
            self.path.unlink(missing_ok=True)
            Path(f"{self.path}-journal").unlink(missing_ok=True)
        except OSError as error:
            raise ShadowLogUnavailable(f"{self.path} cannot be deleted: {error.strerror}") from error
        return n_rows

    @contextmanager
    def _connected(self, mode: str) -> Iterator[sqlite3.Connection]:
        connection = None
        try:
            if mode == "rwc":
                self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                os.close(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
            connection = sqlite3.connect(f"{self.path.absolute().as_uri()}?mode={mode}", uri=True, timeout=BUSY_SECONDS)
            yield connection
        except (sqlite3.Error, OSError, ValueError, TypeError) as error:
            is_passing = isinstance(error, sqlite3.OperationalError | OSError)
            remedy = "" if is_passing else "; `codeassist shadow --forget` deletes it"
            raise ShadowLogUnavailable(f"{self.path} cannot be used: {error}{remedy}") from error
        finally:
            if connection is not None:
                connection.close()

    def _make_room(self, connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM comparisons WHERE at < ?", (self._clock() - MAX_DAYS * DAY_S,))
        (n_rows,) = connection.execute("SELECT count(*) FROM comparisons").fetchone()
        if n_rows > self._max_rows:
            oldest = "SELECT key FROM comparisons ORDER BY at LIMIT ?"
            connection.execute(f"DELETE FROM comparisons WHERE key IN ({oldest})", (n_rows - self._max_rows * 9 // 10,))


def _format(connection: sqlite3.Connection) -> int:
    """0 for an empty file. Raises sqlite3.DatabaseError for a format that this version does not know."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version not in (0, FORMAT):
        raise sqlite3.DatabaseError(f"it is of format {version}, which another version of codeassist wrote")
    return int(version)


def _comparison(row: tuple[Any, ...]) -> Comparison:
    values = dict(zip(_COLUMNS, row, strict=True))
    flags = {name: bool(values[name]) for name in ("is_exact", "is_same_line")}
    return Comparison(**values | flags)
