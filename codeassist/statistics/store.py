"""The records of a user: one SQLite file that several servers write to at a time, bounded in age and number."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

from codeassist.errors import StatisticsUnavailable
from codeassist.statistics.record import Record

# Raise it with every change of what is kept.
#   1  one row for each suggestion that was shown
FORMAT = 1
DAY_S = 24 * 3600
MAX_DAYS = 400
MAX_ROWS = 200_000
# Counting takes milliseconds, so it is done once for so many records.
LOOK_EVERY = 500
BUSY_SECONDS = 5.0

_COLUMNS = tuple(field.name for field in fields(Record))
_SCHEMA = """
CREATE TABLE IF NOT EXISTS suggestions (
    key TEXT PRIMARY KEY, shown_at REAL NOT NULL, language TEXT NOT NULL, characters INTEGER NOT NULL,
    latency_ms REAL NOT NULL, invoked INTEGER NOT NULL, typed INTEGER NOT NULL, taken INTEGER NOT NULL,
    is_whole INTEGER NOT NULL, accepted_at REAL, changed_30 REAL, changed_300 REAL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS suggestions_by_time ON suggestions (shown_at);
"""


@dataclass(frozen=True, slots=True)
class Shown:
    """Counts of suggestions. accepted: any part of one. typed_along: by hand, to the last letter."""

    shown: int
    accepted: int
    typed_along: int


class StatisticsStore:
    """Every method raises StatisticsUnavailable for what is wrong with the file. For one thread at a time."""

    def __init__(
        self,
        path: Path,
        *,
        max_rows: int = MAX_ROWS,
        busy_seconds: float = BUSY_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.path = path
        self._max_rows = max_rows
        self._busy_seconds = busy_seconds
        self._clock = clock
        self._n_until_look = 0

    def write(self, records: Sequence[Record]) -> None:
        """Keep records, each in the place of the one with the same key, and drop what is too old or too much."""
        self._make_folder()
        with self._connected("rwc") as connection:
            _set_up(connection)
            marks = ", ".join("?" * len(_COLUMNS))
            with connection:
                connection.executemany(f"INSERT OR REPLACE INTO suggestions VALUES ({marks})", map(astuple, records))
                self._n_until_look -= len(records)
                if self._n_until_look < 0:
                    self._n_until_look = LOOK_EVERY
                    self._make_room(connection)

    def read(self, since: float) -> list[Record]:
        """What was shown since a time, the oldest first; nothing where there is no file."""
        if not self.path.exists():
            return []
        with self._connected("ro") as connection:
            if not _format(connection):
                return []
            columns = ", ".join(_COLUMNS)
            rows = connection.execute(
                f"SELECT {columns} FROM suggestions WHERE shown_at >= ? ORDER BY shown_at", (since,)
            )
            return [_record(row) for row in rows]

    def count(self, since: float) -> Shown:
        """What came of those that were shown since a time, without reading each."""
        if not self.path.exists():
            return Shown(0, 0, 0)
        with self._connected("ro") as connection:
            if not _format(connection):
                return Shown(0, 0, 0)
            counts = "count(*), total(taken > 0), total(taken = 0 AND typed >= characters)"
            row = connection.execute(f"SELECT {counts} FROM suggestions WHERE shown_at >= ?", (since,)).fetchone()
            return Shown(*map(int, row))

    def forget(self) -> int:
        """Delete everything; how many records there were, 0 for a file that could not be read."""
        n_records = 0
        with contextlib.suppress(StatisticsUnavailable):
            n_records = len(self.read(0.0))
        try:
            for suffix in ("", "-wal", "-shm"):
                Path(f"{self.path}{suffix}").unlink(missing_ok=True)
        except OSError as error:
            raise StatisticsUnavailable(f"{self.path} cannot be deleted: {error.strerror}") from error
        return n_records

    def _make_folder(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise StatisticsUnavailable(f"{self.path.parent} cannot be made: {error.strerror}") from error

    @contextmanager
    def _connected(self, mode: str) -> Iterator[sqlite3.Connection]:
        """A connection for one piece of work: a file that is deleted or replaced meanwhile is met anew by the next."""
        connection = None
        try:
            uri = f"{self.path.absolute().as_uri()}?mode={mode}"
            connection = sqlite3.connect(uri, uri=True, timeout=self._busy_seconds)
            yield connection
        except (sqlite3.Error, OSError, ValueError, TypeError) as error:
            raise StatisticsUnavailable(f"{self.path} cannot be used: {error}{_remedy(error)}") from error
        finally:
            if connection is not None:
                connection.close()

    def _make_room(self, connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM suggestions WHERE shown_at < ?", (self._clock() - MAX_DAYS * DAY_S,))
        (n_rows,) = connection.execute("SELECT count(*) FROM suggestions").fetchone()
        if n_rows > self._max_rows:
            connection.execute(
                "DELETE FROM suggestions WHERE key IN (SELECT key FROM suggestions ORDER BY shown_at LIMIT ?)",
                (n_rows - self._max_rows * 9 // 10,),
            )


def _set_up(connection: sqlite3.Connection) -> None:
    if _format(connection) == 0:
        connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {FORMAT}; COMMIT;")


def _format(connection: sqlite3.Connection) -> int:
    """0 for an empty file. Raises sqlite3.DatabaseError for a format that this version does not know."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version not in (0, FORMAT):
        raise sqlite3.DatabaseError(f"it is of format {version}, which another version of codeassist wrote")
    return int(version)


def _remedy(error: Exception) -> str:
    is_passing = isinstance(error, sqlite3.OperationalError | OSError)
    return "" if is_passing else "; `codeassist stats --forget` deletes it"


def _record(row: tuple[Any, ...]) -> Record:
    values = dict(zip(_COLUMNS, row, strict=True))
    return Record(**values | {"invoked": bool(values["invoked"]), "is_whole": bool(values["is_whole"])})
