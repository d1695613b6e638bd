"""A process that parses, and one that is kept while it has nothing to do."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path
from typing import IO, cast

from indexer.worker import Item

START_SECONDS = 60.0
# A process that has closed its pipe is about to end.
END_SECONDS = 5.0
# So long a process waits for the next large file.
IDLE_SECONDS = 120.0


class Worker:
    """One process and what it was asked for. deadline: monotonic time at which the first of `pending` is given up."""

    def __init__(self, program: str) -> None:
        command = [sys.executable, "-c", program.format(paths=[str(Path(__file__).parent.parent), *sys.path])]
        self.process = subprocess.Popen(
            # Unbuffered: what Python had buffered, the selector would not see.
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,  # Ctrl-C in a terminal is for us: a worker that it kills would look like a crash.
        )
        self.stdin = cast("IO[bytes]", self.process.stdin)
        self.stdout = cast("IO[bytes]", self.process.stdout)
        self.pending: deque[Item] = deque()
        self.is_ready = False
        self.deadline = time.monotonic() + START_SECONDS

    def ended_by(self) -> int:
        """The number of the signal that ended a process whose pipe is closed, 0 for none."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return max(0, -self.process.wait(END_SECONDS))
        return 0

    def stop(self) -> None:
        """End the process, whatever it is at."""
        self.process.kill()
        with contextlib.suppress(OSError):
            self.stdin.close()
        self.stdout.close()
        self.process.wait()


class SpareWorker:
    """A process that has nothing to do at the moment, kept for the next large file: starting one takes longer than
    parsing. It ends when nothing comes for a while. For any thread.
    """

    def __init__(self, idle_seconds: float = IDLE_SECONDS) -> None:
        self._idle_seconds = idle_seconds
        self._lock = threading.Lock()
        self._worker: Worker | None = None
        self._timer: threading.Timer | None = None
        self._is_closed = False

    def take(self) -> Worker | None:
        """The process, now the caller's, if there is one that lives."""
        with self._lock:
            worker, self._worker = self._worker, None
            if self._timer is not None:
                self._timer.cancel()
        if worker is None or worker.process.poll() is None:
            return worker
        worker.stop()
        return None

    def keep(self, worker: Worker) -> None:
        """Take charge of a process that is ready and idle; it ends at once when another one is kept already."""
        with self._lock:
            if self._worker is None and not self._is_closed:
                self._worker = worker
                self._timer = threading.Timer(self._idle_seconds, self._end, [worker])
                self._timer.daemon = True
                self._timer.start()
                return
        worker.stop()

    def close(self) -> None:
        """End the process and keep no other one."""
        with self._lock:
            self._is_closed = True
        worker = self.take()
        if worker is not None:
            worker.stop()

    def _end(self, worker: Worker) -> None:
        """End this process unless somebody has taken it meanwhile."""
        with self._lock:
            if self._worker is not worker:
                return
            self._worker = None
        worker.stop()
