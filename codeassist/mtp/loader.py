"""Batches, drawn and tokenised in other processes while the accelerator works; no torch here, so they start fast."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from codeassist.mtp.samples import Sampler, Text

# Rows: their ids, and which of them a completion has to say.
Batch = list[tuple[tuple[int, ...], tuple[bool, ...]]]


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and in what portions. rows, length: of one batch, in tokens rows * length. look_every: steps between two
    looks at what is held out. seconds: the training ends then at the latest (0: no limit)."""

    steps: int = 3000
    rows: int = 16
    length: int = 1024
    look_every: int = 100
    held_out_rows: int = 64
    seconds: float = 0.0
    workers: int = 1
    seed: int = 1


class Loader:
    """Batches without end, for the length of a `with` block."""

    def __init__(self, model: Path, texts: list[Text], plan: Plan, first_step: int) -> None:
        self._plan = plan
        self._folder = TemporaryDirectory(prefix="codeassist-mtp-")
        file = Path(self._folder.name) / "texts.json"  # read by all at once; handed over, they would start in turn
        file.write_text(json.dumps([(text.path, text.text) for text in texts]), encoding="ascii")
        self._pool = ProcessPoolExecutor(
            plan.workers, get_context("spawn"), initializer=_start_worker, initargs=(model, file, plan)
        )
        self._next = first_step
        self._waiting: list[Future[Batch]] = []

    def __enter__(self) -> Iterator[Batch]:
        return self._batches()

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._folder.cleanup()

    def _batches(self) -> Iterator[Batch]:
        while True:
            while len(self._waiting) < 2 * self._plan.workers + 2:
                self._waiting.append(self._pool.submit(_draw, self._plan.seed * 1_000_003 + self._next))
                self._next += 1
            yield self._waiting.pop(0).result()


_worker: tuple[Path, list[Text], Plan] | None = None


def _start_worker(model: Path, file: Path, plan: Plan) -> None:
    global _worker  # noqa: PLW0603 (a process pool has no other place for what its workers share)
    _worker = (model, [Text(*text) for text in json.loads(file.read_bytes())], plan)


def _draw(seed: int) -> Batch:
    assert _worker is not None, "drawn outside of a worker"
    model, texts, plan = _worker
    return next(batches(Sampler(model, texts, plan.length, seed), plan.rows, plan.rows))


def batches(sampler: Sampler, rows: int, n_rows: int) -> Iterator[Batch]:
    """So many rows, in batches."""
    drawn = [(row.ids, row.is_middle) for row in islice(sampler.rows(), n_rows)]
    return (drawn[start : start + rows] for start in range(0, n_rows, rows))
