"""A program run to its end: its seconds, its processor time and its peak memory, children included."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from bench.probes import descendants, readable

SAMPLE_S = 0.05
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a run cost. peak_mb: resident memory of all its processes together, looked at every 50 ms."""

    seconds: float
    cpu_seconds: float
    peak_mb: float
    output: str


def weigh(command: list[str], *, folder: Path | None = None, environment: dict[str, str] | None = None) -> Weighed:
    """Run a command. Raises SystemExit, with the end of what it wrote to stderr, when it fails."""
    before, started = os.times(), time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    peak = _Peak(process.pid)
    output, errors = process.communicate()
    seconds, after = time.perf_counter() - started, os.times()
    peak_mb = peak.end()
    if process.returncode:
        raise SystemExit(f"{command[0]} failed with {process.returncode}: {errors[-2000:]}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Weighed(seconds, cpu, peak_mb, output)


class _Peak:
    """Watches a tree of processes from a thread until `end`."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._most = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def end(self) -> float:
        """The most that was seen, in MB."""
        self._ended.set()
        self._thread.join()
        return self._most

    def _watch(self) -> None:
        while not self._ended.wait(SAMPLE_S):
            self._most = max(self._most, resident_mb(self._pid))


def resident_mb(pid: int) -> float:
    """Resident memory of a process and all below it now, in MB."""
    pages = (readable(Path(f"/proc/{each}/statm")).split() for each in (pid, *descendants(pid)))
    return sum(int(fields[1]) for fields in pages if len(fields) > 1) * _PAGE_BYTES / 1e6


def folder_bytes(folder: Path) -> int:
    """Sizes of all files in a folder; of a file, its own."""
    files = [folder] if folder.is_file() else [path for path in folder.rglob("*") if path.is_file()]
    return sum(path.stat().st_size for path in files)
