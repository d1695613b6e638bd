"""Many files -> facts, in processes that can be abandoned: a parser that hangs costs one file, not the editor."""

from __future__ import annotations

import contextlib
import logging
import os
import selectors
import signal
import time
from collections import deque
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

from indexer.analysis import CRASHED, NO_PROCESS, TOO_SLOW, analyse_lines
from indexer.files import SourceFile, read_source
from indexer.languages import language_name
from indexer.processes import SpareWorker, Worker
from indexer.rows import Facts, rows_of, rows_of_text
from indexer.rules import Rules
from indexer.types import SkippedFile
from indexer.worker import Item, read_frame, write_frame

logger = logging.getLogger(__name__)

# Starting two workers costs about 0.3 s of import and query compilation, as much as parsing some 40 files.
MIN_FILES_FOR_WORKERS = 64
# A larger file is parsed apart even when it comes alone: here a parse holds the interpreter's lock and cannot be given
# up. Code of this size takes 0.03 s. What is no code takes time by the square of its size: 32,000 times `(`, `*` or `!`
# or empty comments of Python take seconds; 256 KB of it kept an editor waiting for a minute.
MAX_INLINE_BYTES = 32 * 1024
# Swift's grammar takes longer than a file may for a few kilobytes of `=> `.
SLOW_GRAMMARS = frozenset({"swift"})
MAX_SLOW_BYTES = 1024
BATCH = 12
# Processor time, because a machine that is busy with a model should cost no file its syntax. 512 KB of code, the most
# that is parsed, take 0.4 s: a parser that needs ten times as long is lost.
FILE_SECONDS = 5.0
# Time on the wall, for a disk that does not answer.
STALLED_SECONDS = 60.0
# No more are started after so many that ended before they were ready.
MAX_FAILED_STARTS = 3

PROGRAM = "import sys; sys.path[:0] = {paths!r}; from indexer.worker import main; main()"


def divide(root: Path, paths: Sequence[str], doubtful: AbstractSet[str]) -> tuple[Sequence[str], Sequence[str]]:
    """What to parse here, and what in processes of their own: many files, large ones, and those that are doubtful."""
    if len(paths) >= MIN_FILES_FOR_WORKERS:
        return (), paths
    apart = [path for path in paths if path in doubtful or _is_slow(path, _size(root / path))]
    return [path for path in paths if path not in apart], apart


def analyse_apart(root: Path, items: Sequence[Item], rules: Rules, spare: SpareWorker | None = None) -> Iterator[Facts]:
    """Facts of every item, in any order, from processes of their own, the first of which may be a spare one."""
    if items:
        n_workers = min(4, os.cpu_count() or 1)
        pool = WorkerPool(
            root,
            rules,
            n_workers,
            file_seconds=FILE_SECONDS,
            stalled_seconds=STALLED_SECONDS,
            program=PROGRAM,
            spare=spare,
        )
        yield from pool.analyse(items)


def analyse_text(root: Path, source: SourceFile, rules: Rules, is_doubtful: bool, spare: SpareWorker) -> Facts:
    """Facts of one text: parsed here, or apart when it is large or doubtful."""
    if is_doubtful or _is_slow(source.path, source.size):
        (facts,) = analyse_apart(root, [source], rules, spare)
        return facts
    return rows_of_text(source)


def _is_slow(path: str, size: int) -> bool:
    """Whether a file of this size may take so long that it must be possible to give it up."""
    return size > MAX_INLINE_BYTES or (size > MAX_SLOW_BYTES and language_name(path) in SLOW_GRAMMARS)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


class WorkerPool:
    """Hands out items in small batches, and replaces workers that die or take too long over one of them."""

    def __init__(
        self,
        root: Path,
        rules: Rules,
        n_workers: int,
        *,
        file_seconds: float,
        stalled_seconds: float,
        program: str,
        spare: SpareWorker | None = None,
    ) -> None:
        self._root = root
        self._rules = rules
        self._n_workers = n_workers
        self._file_seconds = file_seconds
        self._stalled_seconds = stalled_seconds
        self._program = program
        self._spare = spare
        self._selector = selectors.DefaultSelector()
        self._queue: deque[Item] = deque()
        self._workers: set[Worker] = set()
        self._n_failed_starts = 0

    @property
    def running(self) -> tuple[Worker, ...]:
        """The workers that are at work now."""
        return tuple(self._workers)

    def analyse(self, items: Sequence[Item]) -> Iterator[Facts]:
        """Facts of every item as they come. Workers are gone when this ends, however it ends, but for a spare one."""
        self._queue.extend(items)
        try:
            for _ in range(min(self._n_workers, -(-len(items) // BATCH))):
                self._start_worker()
            while self._workers:
                yield from self._step()
            yield from (self._without_parsing(item, NO_PROCESS) for item in self._queue)
        finally:
            for worker in list(self._workers):
                self._drop(worker)
            self._selector.close()

    def _start_worker(self) -> None:
        try:
            worker = (self._spare.take() if self._spare else None) or Worker(self._program)
        except OSError as error:
            logger.warning("no worker process for parsing: %s", error)
            return
        if worker.is_ready:
            worker.deadline = time.monotonic() + self._stalled_seconds
        self._workers.add(worker)
        self._selector.register(worker.stdout, selectors.EVENT_READ, worker)
        self._feed(worker)

    def _feed(self, worker: Worker) -> None:
        """Give an idle worker its next batch, or let it go."""
        batch = [self._queue.popleft() for _ in range(min(BATCH, len(self._queue)))]
        if not batch:
            self._let_go(worker)
            return
        worker.pending.extend(batch)
        with contextlib.suppress(OSError):  # A dead worker shows when its answer is read.
            request = self._root, self._rules, self._file_seconds, batch
            write_frame(worker.stdin, request)  # type: ignore[arg-type]

    def _step(self) -> Iterator[Facts]:
        """Wait for the next answer or the next deadline."""
        wait = min(worker.deadline for worker in self._workers) - time.monotonic()
        ready = self._selector.select(max(0.0, wait))
        for key, _ in ready:
            yield from self._receive(key.data)
        now = time.monotonic()
        for worker in [worker for worker in self._workers if worker.deadline <= now]:
            yield from self._give_up(worker, TOO_SLOW)

    def _receive(self, worker: Worker) -> Iterator[Facts]:
        try:
            facts: Facts | str = read_frame(worker.stdout)  # type: ignore[arg-type]
        except (EOFError, OSError):
            yield from self._give_up(worker, TOO_SLOW if worker.ended_by() == signal.SIGPROF else CRASHED)
            return
        worker.deadline = time.monotonic() + self._stalled_seconds
        if isinstance(facts, str):
            worker.is_ready = True
            return
        worker.pending.popleft()
        if not worker.pending:
            self._feed(worker)
        yield facts

    def _give_up(self, worker: Worker, why: str) -> Iterator[Facts]:
        """The file a worker is at gets line chunks, the rest of its batch goes to a new worker."""
        culprit = worker.pending.popleft() if worker.is_ready else None
        self._n_failed_starts += not worker.is_ready
        self._queue.extendleft(reversed(worker.pending))
        self._drop(worker)
        if self._queue and self._n_failed_starts < MAX_FAILED_STARTS:
            self._start_worker()
        if culprit is not None:
            yield self._without_parsing(culprit, why)

    def _without_parsing(self, item: Item, why: str) -> Facts:
        source = item if isinstance(item, SourceFile) else read_source(self._root, item, self._rules)
        return source if isinstance(source, SkippedFile) else rows_of(analyse_lines(source, why))

    def _let_go(self, worker: Worker) -> None:
        """Part with a worker that has done all it was given."""
        self._forget(worker)
        if self._spare is not None and worker.is_ready:
            self._spare.keep(worker)
        else:
            worker.stop()

    def _drop(self, worker: Worker) -> None:
        self._forget(worker)
        worker.stop()

    def _forget(self, worker: Worker) -> None:
        self._workers.discard(worker)
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(worker.stdout)
