"""How quickly the memory of this machine can be read, measured in a tenth of a second."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import numpy

# Each thread reads an array that no cache holds; of these passes the quickest counts, for others use the memory, too.
_ARRAY_BYTES = 64 * 2**20
_PASSES = 8
_MOST_THREADS = 16


def memory_bandwidth(n_threads: int) -> float:
    """Bytes a second that so many threads read together."""
    n_threads = max(1, min(n_threads, _MOST_THREADS))
    arrays = [numpy.ones(_ARRAY_BYTES // 8) for _ in range(n_threads)]
    with ThreadPoolExecutor(n_threads) as threads:
        fastest = min(_pass_s(threads, arrays) for _ in range(_PASSES))
    return n_threads * _ARRAY_BYTES / fastest


def _pass_s(threads: ThreadPoolExecutor, arrays: list[numpy.typing.NDArray[numpy.float64]]) -> float:
    started = time.perf_counter()
    list(threads.map(numpy.max, arrays))
    return time.perf_counter() - started
