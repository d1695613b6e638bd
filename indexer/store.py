"""The index on disk: one SQLite file, the truth from which everything else can be rebuilt.

WAL mode with a busy timeout lets several processes share one index. Every write is one transaction, so a process that
is killed at any moment leaves an index that opens. An older format or a damaged file is set aside and built anew; a
file that somebody deleted or replaced is opened again.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from indexer.errors import IndexClosed, IndexDamaged
from indexer.place import place_for, set_aside
from indexer.schema import FORMAT, SCHEMA

logger = logging.getLogger(__name__)

FILE_NAME = "index.sqlite"
BUSY_SECONDS = 15.0
CLOSE_SECONDS = 2.0  # So long closing waits for each of those who read.


class Store:
    """Connections to one index file: one for each thread that reads, one guarded by a lock that writes."""

    def __init__(self, directory: Path) -> None:
        """Open or create the index in `directory`. Raises IndexDamaged when it can be neither used nor set aside."""
        self.warnings: list[str] = []
        self.epoch = 0  # Grows whenever this is another index than before; row numbers mean nothing beyond it.
        self.is_closed = False
        self._directory = directory
        self._write_lock = threading.RLock()
        self._readers: dict[threading.Thread, _Reader] = {}
        self._readers_lock = threading.Lock()
        self._settle_in()

    @property
    def path(self) -> Path:
        """The file of the index."""
        return self._place.directory / FILE_NAME

    def settled_epoch(self) -> int:
        """The epoch, after a look at whether the file is still the one that was opened."""
        self._check_open()
        if not self._is_in_place():
            self._reopen()
        return self.epoch

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection of this thread that sees one state of the index from the first query on."""
        reader = self._taken_reader()
        try:
            if reader.connection.in_transaction:
                yield reader.connection
                return
            reader.connection.execute("BEGIN")
            try:
                yield reader.connection
            finally:
                with contextlib.suppress(sqlite3.Error):
                    reader.connection.execute("ROLLBACK")
        finally:
            reader.lock.release()

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The writing connection inside one transaction: all of it is kept, or nothing."""
        with self._write_lock:
            self.settled_epoch()
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    self._writer.execute("ROLLBACK")
                raise
            self._writer.execute("COMMIT")

    def rebuild(self, reason: str, epoch: int) -> None:
        """Set the index of this epoch aside and start an empty one. Raises IndexDamaged."""
        with self._write_lock:
            if self.settled_epoch() != epoch:
                return  # Another thread did, or another process put a new one there.
            self._close_all()
            self.epoch += 1
            self._set_aside(reason)
            self._writer = self._connect_new()
            self._opened_id = self._file_id()

    def close(self) -> None:
        """Close every connection; safe to call twice."""
        with self._write_lock:
            self.is_closed = True
            self._close_all()
            self._place.remove()

    def _settle_in(self) -> None:
        self._place = place_for(self._directory, FILE_NAME)
        if self._place.warning:
            self._warn(self._place.warning)
        try:
            self._writer = self._open_or_rebuild()
        except IndexDamaged:
            self._place.remove()
            raise
        self._opened_id = self._file_id()

    def _reopen(self) -> None:
        """Take to the index that stands at the path now: the old one was deleted or replaced by somebody."""
        with self._write_lock:
            self._check_open()
            if self._is_in_place():
                return
            logger.warning("%s is no longer the file that was opened; it is opened again", self.path)
            self._close_all()
            self._place.remove()
            self.epoch += 1
            self._settle_in()

    def _is_in_place(self) -> bool:
        return self._opened_id is not None and self._file_id() == self._opened_id

    def _file_id(self) -> tuple[int, int] | None:
        """Which file stands at the path. Its number is not used again while we have it open."""
        try:
            status = self.path.stat()
        except OSError:
            return None
        return status.st_dev, status.st_ino

    def _warn(self, warning: str) -> None:
        logger.warning("%s: %s", self.path, warning)
        if warning not in self.warnings:
            self.warnings.append(warning)

    def _check_open(self) -> None:
        if self.is_closed:
            raise IndexClosed("the index is closed; open it again")

    def _taken_reader(self) -> _Reader:
        """This thread's connection, which nobody closes until its lock is released."""
        while True:
            reader = self._reader()
            reader.lock.acquire()
            if not reader.is_closed:
                return reader
            reader.lock.release()  # It was closed in between.

    def _reader(self) -> _Reader:
        self.settled_epoch()
        thread = threading.current_thread()
        with self._readers_lock:
            reader = self._readers.get(thread)
            if reader is None:
                self._close_abandoned()
                reader = self._readers[thread] = _Reader(self._connect())
            return reader

    def _close_abandoned(self) -> None:
        """Close the connections of threads that have ended."""
        for thread in [thread for thread in self._readers if not thread.is_alive()]:
            self._readers.pop(thread).close()

    def _close_all(self) -> None:
        with self._readers_lock:
            readers, self._readers = self._readers, {}
        for reader in readers.values():
            reader.close()
        with contextlib.suppress(sqlite3.Error):
            self._writer.close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            _use_wal(connection)
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA cache_size = -16000")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _open_or_rebuild(self) -> sqlite3.Connection:
        try:
            return self._connect_checked()
        except _UnusableError as unusable:
            self._set_aside(str(unusable))
        return self._connect_new()

    def _connect_new(self) -> sqlite3.Connection:
        try:
            return self._connect_checked()
        except _UnusableError as error:
            raise IndexDamaged(f"no index can be made at {self.path}: it is {error}; delete the folder") from error

    def _connect_checked(self) -> sqlite3.Connection:
        """A connection to an index of this format, made if there is none. Raises _UnusableError, IndexDamaged."""
        try:
            connection = self._connect()
            try:
                problem = _problem(connection)
            except sqlite3.Error:
                connection.close()
                raise
        except sqlite3.DatabaseError as error:
            if is_damage(error):
                raise _UnusableError(f"damaged ({error})") from error
            raise IndexDamaged(f"the index {self.path} cannot be opened: {error}; free the disk or the file") from error
        if problem:
            connection.close()
            raise _UnusableError(problem)
        return connection

    def _set_aside(self, reason: str) -> None:
        self._warn(f"the index was {reason}; it is built anew")
        try:
            set_aside(self.path)
        except OSError as error:
            raise IndexDamaged(f"the index {self.path} is {reason} and cannot be set aside: {error}") from error


class _Reader:
    """The connection of one thread. lock: held while it reads."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.lock = threading.RLock()
        self.is_closed = False

    def close(self) -> None:
        """Close it when nobody reads: under a query that crashes the process. Who reads for long keeps it."""
        self.is_closed = True
        if self.lock.acquire(timeout=CLOSE_SECONDS):
            with contextlib.suppress(sqlite3.Error):
                self.connection.close()
            self.lock.release()


class _UnusableError(Exception):
    """Why the file at hand has to be set aside."""


def _problem(connection: sqlite3.Connection) -> str | None:
    """What is wrong with the index, None when nothing is. An empty file gets its tables here."""
    version = _version(connection)
    if version == 0:
        version = _create_tables(connection)
    if version != FORMAT:
        return f"of format {version}, this version reads {FORMAT}"
    connection.execute("SELECT id FROM files LIMIT 1").fetchone()
    return None


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch to WAL. SQLite does not wait for others that do the same right now, so the waiting is done here."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        time.sleep(0.01)


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _create_tables(connection: sqlite3.Connection) -> int:
    """Make the tables unless another process just did; the format that the file has now."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        (n_tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if n_tables == 0:
            for statement in SCHEMA.split(";\n"):
                if statement.strip():
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {FORMAT}")
    finally:
        connection.execute("COMMIT")
    return _version(connection)


def is_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether the error tells of damaged bytes rather than of a full disk or a busy file."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_FORMAT)
