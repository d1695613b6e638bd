"""Many files -> facts, in processes that can be abandoned: a parser that hangs costs one file, not the editor."""

from __future__ import annotations

import contextlib
import logging
import os
import selectors
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, cast

from indexer.analysis import FileFacts, analyse_lines, analyse_path
from indexer.files import read_source
from indexer.rules import Rules
from indexer.types import SkippedFile
from indexer.worker import read_frame, write_frame

logger = logging.getLogger(__name__)

# Starting two workers costs about 0.3 s of import and query compilation, as much as parsing some 40 files.
MIN_FILES_FOR_WORKERS = 64
# A file of this size is parsed apart even when it comes alone: the parse holds the interpreter's lock.
MAX_INLINE_BYTES = 256 * 1024
BATCH = 12
# A file parses in less than 0.1 s; a parser that takes longer than this is lost in it.
FILE_SECONDS = 5.0
START_SECONDS = 60.0

Facts = FileFacts | SkippedFile

_START = "import sys; sys.path[:0] = {paths!r}; from indexer.worker import main; main()"


def analyse_paths(
    root: Path, paths: Sequence[str], rules: Rules, *, n_workers: int | None = None, file_seconds: float = FILE_SECONDS
) -> Iterator[Facts]:
    """Facts of every path, in any order: inline for a few, in worker processes for many and for large ones."""
    if n_workers is None:
        n_workers = min(4, os.cpu_count() or 1) if len(paths) >= MIN_FILES_FOR_WORKERS else 0
    small = paths if n_workers == 0 else ()
    apart = paths if n_workers else ()
    if n_workers == 0:
        apart = [path for path in paths if _size(root / path) > MAX_INLINE_BYTES]
        small = [path for path in paths if path not in set(apart)] if apart else paths
    for path in small:
        yield analyse_path(root, path, rules)
    if apart:
        pool = WorkerPool(root, rules, max(1, n_workers), file_seconds)
        yield from pool.analyse(apart)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


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
        self.pending: deque[str] = deque()
        self.deadline = time.monotonic() + START_SECONDS

    def stop(self) -> None:
        """End the process, whatever it is at."""
        self.process.kill()
        with contextlib.suppress(OSError):
            self.stdin.close()
        self.stdout.close()
        self.process.wait()


class WorkerPool:
    """Hands out paths in small batches, and replaces workers that die or take too long over one file."""

    def __init__(self, root: Path, rules: Rules, n_workers: int, file_seconds: float, program: str = _START) -> None:
        self._root = root
        self._rules = rules
        self._n_workers = n_workers
        self._file_seconds = file_seconds
        self._selector = selectors.DefaultSelector()
        self._queue: deque[str] = deque()
        self._program = program
        self._workers: set[Worker] = set()

    @property
    def running(self) -> tuple[Worker, ...]:
        """The workers that are at work now."""
        return tuple(self._workers)

    def analyse(self, paths: Sequence[str]) -> Iterator[Facts]:
        """Facts of every path as they come. Workers are gone when this ends, however it ends."""
        self._queue.extend(paths)
        try:
            for _ in range(min(self._n_workers, -(-len(paths) // BATCH))):
                self._start_worker()
            while self._workers:
                yield from self._step()
            yield from (self._without_parsing(path) for path in self._queue)
        finally:
            for worker in list(self._workers):
                self._drop(worker)
            self._selector.close()

    def _start_worker(self) -> None:
        try:
            worker = Worker(self._program)
        except OSError as error:
            logger.warning("no worker process for parsing: %s", error)
            return
        self._workers.add(worker)
        self._selector.register(worker.stdout, selectors.EVENT_READ, worker)
        self._feed(worker)

    def _feed(self, worker: Worker) -> None:
        """Give an idle worker its next batch, or let it go."""
        batch = [self._queue.popleft() for _ in range(min(BATCH, len(self._queue)))]
        if not batch:
            self._drop(worker)
            return
        worker.pending.extend(batch)
        with contextlib.suppress(OSError):  # A dead worker shows when its answer is read.
            write_frame(worker.stdin, (str(self._root), self._rules, batch))  # type: ignore[arg-type]

    def _step(self) -> Iterator[Facts]:
        """Wait for the next answer or the next deadline."""
        wait = min(worker.deadline for worker in self._workers) - time.monotonic()
        ready = self._selector.select(max(0.0, wait))
        for key, _ in ready:
            yield from self._receive(key.data)
        now = time.monotonic()
        for worker in [worker for worker in self._workers if worker.deadline <= now]:
            yield from self._give_up(worker, "took too long")

    def _receive(self, worker: Worker) -> Iterator[Facts]:
        try:
            facts: Facts | str = read_frame(worker.stdout)  # type: ignore[arg-type]
        except (EOFError, OSError):
            yield from self._give_up(worker, "crashed the parser")
            return
        worker.deadline = time.monotonic() + self._file_seconds
        if isinstance(facts, str):
            return
        worker.pending.popleft()
        if not worker.pending:
            self._feed(worker)
        yield facts

    def _give_up(self, worker: Worker, why: str) -> Iterator[Facts]:
        """The file a worker is at gets line chunks, the rest of its batch goes to a new worker."""
        logger.warning("%s %s; it is indexed without its syntax", worker.pending[0], why)
        culprit = worker.pending.popleft()
        self._queue.extendleft(reversed(worker.pending))
        self._drop(worker)
        if self._queue:
            self._start_worker()
        yield self._without_parsing(culprit)

    def _without_parsing(self, path: str) -> Facts:
        source = read_source(self._root, path, self._rules)
        return source if isinstance(source, SkippedFile) else analyse_lines(source)

    def _drop(self, worker: Worker) -> None:
        self._workers.discard(worker)
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(worker.stdout)
        worker.stop()
