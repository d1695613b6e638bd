"""What a server weighs over time, and whether it grows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.editor.server import KEPT, Server
from bench.index_scale.weighing import folder_bytes
from bench.probes import descendants, readable

SAMPLE_S = 5.0
WARM_UP = 0.2
BLOCKS = 10
DRAWS = 1000


@dataclass(frozen=True, slots=True)
class Sample:
    """What the server weighed after so many keys. engine_mb: all processes below the server's own."""

    n_keys: int
    seconds: float
    server_mb: float
    engine_mb: float
    descriptors: int
    threads: int
    index_mb: float
    statistics_kb: float
    status_ms: float


async def keep_sampling(server: Server, indexes: Path, n_keys: Callable[[], int], samples: list[Sample]) -> None:
    """Add a sample every few seconds. n_keys: how many there were so far."""
    started = time.monotonic()
    kept = [server.log.parent / name.lower() for name in KEPT]
    while True:
        asked = time.perf_counter()
        await server.probe.request("codeassist/status", None)
        status_ms = (time.perf_counter() - asked) * 1000
        pid = server.probe.process.pid
        below = await asyncio.to_thread(descendants, pid)
        samples.append(
            Sample(
                n_keys(),
                round(time.monotonic() - started, 1),
                round(resident_mb(pid), 2),
                round(sum(resident_mb(each) for each in below), 2),
                sum(n_descriptors(each) for each in (pid, *below)),
                sum(n_threads(each) for each in (pid, *below)),
                round(await asyncio.to_thread(folder_bytes, indexes) / 1e6, 3),
                round(sum([await asyncio.to_thread(folder_bytes, folder) for folder in kept]) / 1e3, 1),
                round(status_ms, 2),
            )
        )
        await asyncio.sleep(SAMPLE_S)


def resident_mb(pid: int) -> float:
    """Resident memory of a process; 0 when it has gone."""
    return _status_number(pid, "VmRSS:") / 1000


def n_threads(pid: int) -> int:
    """Threads of a process; 0 when it has gone."""
    return _status_number(pid, "Threads:")


def n_descriptors(pid: int) -> int:
    """Open descriptors of a process; 0 when it has gone."""
    try:
        return len(list(Path(f"/proc/{pid}/fd").iterdir()))
    except OSError:
        return 0


def _status_number(pid: int, name: str) -> int:
    lines = readable(Path(f"/proc/{pid}/status")).splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith(name)), 0)


def growth(samples: Sequence[Sample]) -> dict[str, object]:
    """For each quantity: where it began, ended, its most, and its slope per 1,000 keys with a 95 % interval."""
    warm = [sample for sample in samples if sample.n_keys >= WARM_UP * samples[-1].n_keys] if samples else []
    names = ("server_mb", "engine_mb", "descriptors", "threads", "index_mb", "statistics_kb")
    return {
        name: grown([sample.n_keys for sample in warm], [getattr(sample, name) for sample in warm]) for name in names
    }


def grown(keys: Sequence[float], values: Sequence[float]) -> dict[str, float | None]:
    """One quantity over keys. No slope from fewer than two blocks of samples."""
    if len(values) < 2 * BLOCKS:
        return {"first": values[0], "last": values[-1], "most": max(values)} if values else {}
    x, y = np.array(keys, dtype=float), np.array(values, dtype=float)
    size = len(x) // BLOCKS
    starts = np.random.default_rng(0).integers(0, len(x) - size + 1, (DRAWS, BLOCKS))
    slopes = []
    for drawn in starts:
        picked = (drawn[:, None] + np.arange(size)).ravel()
        if np.ptp(x[picked]) > 0:
            slopes.append(np.polyfit(x[picked], y[picked], 1)[0] * 1000)
    low, high = np.quantile(slopes, (0.025, 0.975))
    slope = np.polyfit(x, y, 1)[0] * 1000
    found = {"first": y[0], "last": y[-1], "most": y.max(), "per_1000_keys": slope, "low": low, "high": high}
    return {name: round(float(value), 4) for name, value in found.items()}
