"""Texts of libraries -> their symbols, in one process that can be abandoned and that ends when it is idle."""

from __future__ import annotations

import contextlib
import logging
import selectors
from pathlib import Path
from typing import Any

from indexer.files import SourceFile
from indexer.processes import Worker
from indexer.rows import FileRows, symbols_of
from indexer.rules import Rules
from indexer.symbols import FileSymbols
from indexer.worker import READY, read_frame, write_frame
from indexer.workers import FILE_SECONDS, PROGRAM, STALLED_SECONDS

logger = logging.getLogger(__name__)

# After so many processes in a row that did not start, no more are.
MAX_FAILED_STARTS = 3

# What stands in a text that its parser was lost in: another process may do better.
LOST = FileSymbols((), (), ())


class Parser:
    """Starts the process when it is needed, and another one when it hangs or dies over a text. For one thread, but for
    `close`."""

    def __init__(self, program: str = PROGRAM, file_seconds: float = FILE_SECONDS) -> None:
        self._program = program
        self._file_seconds = file_seconds
        self._worker: Worker | None = None
        self._n_failed_starts = 0
        self._is_closed = False

    @property
    def process(self) -> Worker | None:
        """The process that parses, None while there is none."""
        return self._worker

    def symbols_of(self, source: SourceFile) -> FileSymbols | None:
        """What stands in a text, or LOST; None where no process can be started."""
        worker = self._running()
        if worker is None:
            return None
        try:
            request = Path("/"), Rules(0), self._file_seconds, [source]
            write_frame(worker.stdin, request)  # type: ignore[arg-type]
            facts = _answer(worker)
        except (OSError, EOFError, ValueError):
            self.stop()
            if self._is_closed:
                return None
            logger.info("%s is left out: its parser was lost in it", source.path)
            return LOST
        return symbols_of(facts) if isinstance(facts, FileRows) else LOST

    def stop(self) -> None:
        """End the process; the next text starts another one."""
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.stop()

    def close(self) -> None:
        """Parse nothing more; who waits for an answer waits no longer. From any thread."""
        self._is_closed = True
        worker = self._worker
        if worker is not None:
            worker.process.kill()

    def _running(self) -> Worker | None:
        if self._is_closed or self._worker is not None or self._n_failed_starts >= MAX_FAILED_STARTS:
            return None if self._is_closed else self._worker
        try:
            self._worker = Worker(self._program)
        except OSError as error:
            logger.warning("no process to read libraries with: %s", error)
            self._n_failed_starts = MAX_FAILED_STARTS
            return None
        with contextlib.suppress(OSError, EOFError, ValueError):
            if _answer(self._worker) == READY:
                self._worker.is_ready, self._n_failed_starts = True, 0
                return self._worker
        self.stop()
        self._n_failed_starts += 1
        return None


def _answer(worker: Worker) -> Any:
    """The next frame. Raises EOFError when there is none in time."""
    with selectors.DefaultSelector() as selector:
        selector.register(worker.stdout, selectors.EVENT_READ)
        if not selector.select(STALLED_SECONDS):
            raise EOFError
    return read_frame(worker.stdout)  # type: ignore[arg-type]
