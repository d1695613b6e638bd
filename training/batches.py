"""Rows of packed samples, made by processes of their own that share one copy of the corpus."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from training.corpus import load
from training.samples import Sample, Sampler

ROW = 8192
PLAIN_SHARE = 0.05
CONTEXT, MIDDLE = 1, 2
# What is left of a row is filled with plain text; fewer tokens than this are not worth a sample.
_LEAST = 16


@dataclass(frozen=True, slots=True)
class Rows:
    """Packed rows, flat. positions restart with each sample; kinds: 0 unused, 1 context, 2 to be completed."""

    tokens: NDArray[np.uint16]
    positions: NDArray[np.uint16]
    kinds: NDArray[np.uint8]

    def bounds(self, size: int) -> NDArray[np.int32]:
        """Starts of the samples, filled up with the end; what is too many runs together."""
        starts = np.flatnonzero(self.positions == 0)[: size - 1]
        filled = np.full(size, len(self.tokens), np.int32)
        filled[: len(starts)] = starts
        return filled


def pack(sampler: Sampler, n_rows: int, random: Random) -> Rows:
    """So many rows, each filled to the end."""
    tokens, positions = np.zeros((2, n_rows * ROW), np.uint16)
    kinds = np.zeros(n_rows * ROW, np.uint8)
    waiting: Sample | None = None
    for row in range(n_rows):
        at, end = row * ROW, (row + 1) * ROW
        while at < end:
            sample = waiting or _draw(sampler, random)
            waiting = None
            if len(sample.ids) > ROW:
                continue
            if len(sample.ids) > end - at:
                waiting = sample
                sample = sampler.draw_plain(end - at)
                if end - at < _LEAST:
                    positions[at:end] = np.arange(end - at)
                    break
            size = len(sample.ids)
            tokens[at : at + size] = sample.ids
            positions[at : at + size] = np.arange(size)
            kinds[at : at + sample.n_context] = CONTEXT
            kinds[at + sample.n_context : at + size] = MIDDLE
            at += size
    return Rows(tokens, positions, kinds)


def _draw(sampler: Sampler, random: Random) -> Sample:
    return sampler.draw_plain(random.randint(300, 2500)) if random.random() < PLAIN_SHARE else sampler.draw_fim()


def _work(sampler: Sampler, n_rows: int, random: Random, queue: Queue[Rows], done: Event) -> None:
    while not done.is_set():
        queue.put(pack(sampler, n_rows, random))


def _produce(folder: Path, tokenizer: Path, n_rows: int, n_workers: int, seed: int, queue: Queue[Rows]) -> None:
    """Load the corpus and fork workers that share it; again when another READY file appears."""
    context = get_context("fork")
    loaded = Tokenizer.from_file(str(tokenizer))
    parent, generation = os.getppid(), 0
    done = context.Event()
    while os.getppid() == parent:
        if (found := _generation(folder)) == generation:
            time.sleep(0.1)
            continue
        generation = found
        gc.disable()  # loading makes millions of objects that stay
        corpus = load(folder, loaded)
        gc.freeze()  # and a collection in a worker would copy the pages they lie on
        retired, done = done, context.Event()
        for worker in range(n_workers):
            own = seed + worker + 1000 * generation
            arguments = (Sampler(corpus, loaded, own), n_rows, Random(own), queue, done)
            context.Process(target=_work, args=arguments, daemon=True).start()
        retired.set()
    done.set()


def _generation(folder: Path) -> int:
    return len(list(folder.glob("READY*")))


def stream_rows(folder: Path, tokenizer: Path, n_rows: int, n_workers: int, seed: int) -> Iterator[Rows]:
    """Rows without end, from processes that read the corpus again when another READY file appears in its folder."""
    context = get_context("spawn")  # a process that has touched a GPU must not fork
    queue: Queue[Rows] = context.Queue(maxsize=4 * n_workers)
    context.Process(target=_produce, args=(folder, tokenizer, n_rows, n_workers, seed, queue)).start()
    while True:
        yield queue.get()
