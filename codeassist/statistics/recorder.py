"""Writes records in a thread of its own: nobody waits for the disk, and what goes wrong there is a line in the log."""

from __future__ import annotations

import logging
import queue
import threading
import time

from codeassist.errors import StatisticsUnavailable
from codeassist.statistics.record import Record
from codeassist.statistics.store import StatisticsStore

logger = logging.getLogger(__name__)

# While the file is locked or cannot be written, no more than this waits for it.
MAX_WAITING = 1000
# A suggestion that is typed along changes with every key: it is written once for all of them.
LINGER_S = 1.0


class Recorder:
    """Takes records from any thread. Of several with one key the last counts. The thread is a daemon, and starts with
    the first record."""

    def __init__(self, store: StatisticsStore) -> None:
        self.store = store
        self._queue: queue.SimpleQueue[Record | threading.Event | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._is_closed = False
        self._is_failing = False

    def put(self, record: Record) -> None:
        """Keep a record soon; after `close` nothing is kept any more."""
        if self._is_closed:
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="codeassist-statistics", daemon=True)
            self._thread.start()
        self._queue.put(record)

    def flush(self, within_s: float = 2.0) -> None:
        """Write what waits, for a limited time."""
        if self._thread is not None and not self._is_closed:
            written = threading.Event()
            self._queue.put(written)
            written.wait(within_s)

    def close(self, within_s: float = 2.0) -> None:
        """Write what waits, for a limited time; safe to call twice."""
        self._is_closed = True
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(within_s)

    def _run(self) -> None:
        waiting: dict[str, Record] = {}
        end: threading.Event | bool | None = True
        while end is not None:
            end = self._gather(waiting)
            if waiting and self._write(waiting):
                waiting.clear()
            while len(waiting) > MAX_WAITING:
                del waiting[next(iter(waiting))]
            if isinstance(end, threading.Event):
                end.set()

    def _gather(self, waiting: dict[str, Record]) -> threading.Event | bool | None:
        """Wait for a record, and take those that come within `LINGER_S`. None: no more will come. An event: somebody
        waits until all is written.
        """
        entry = self._queue.get()
        deadline = time.monotonic() + LINGER_S
        while isinstance(entry, Record):
            waiting.pop(entry.key, None)
            waiting[entry.key] = entry
            try:
                entry = self._queue.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                return True
        return entry

    def _write(self, waiting: dict[str, Record]) -> bool:
        try:
            self.store.write(list(waiting.values()))
        except StatisticsUnavailable as error:
            if not self._is_failing:
                logger.warning("no statistics are kept: %s", error)
            self._is_failing = True
            return False
        self._is_failing = False
        return True
