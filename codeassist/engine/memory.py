"""How much memory this process may still take, and how much a model needs at least on a CPU."""

from __future__ import annotations

import math
import resource
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from codeassist.errors import EngineUnavailable

_GIB = 2**30
# Where the kernel tells nothing: a small machine.
_ASSUMED_BYTES = 4 * _GIB
# Version 1 spells "no limit" as the greatest multiple of a page.
_NO_LIMIT = 2**60
# vLLM's two processes without weights and KV cache, measured with the shipped model: 0.6 GiB. A little less, because
# nothing that would run may be refused.
_ENGINE_BYTES = _GIB // 2
# What those map besides and do not use, measured: 2 GiB. Only a limit on addresses (`ulimit -v`) counts it.
_MAPPED_BYTES = 3 * _GIB // 2


@dataclass(frozen=True, slots=True)
class MemoryNeed:
    """What a model needs on a CPU, in bytes: its weights in the type that they are computed in, and its KV cache."""

    weights: int
    kv_cache: int

    @property
    def total(self) -> int:
        """With the engine itself."""
        return self.weights + self.kv_cache + _ENGINE_BYTES


def require_memory(need: MemoryNeed, available: int, model: Path) -> None:
    """Raises EngineUnavailable when the model cannot fit."""
    if need.total > available:
        raise EngineUnavailable(
            f"{model} needs at least {_gib(need.total)} of memory (weights {_gib(need.weights)}, KV cache "
            f"{_gib(need.kv_cache)}, engine {_gib(_ENGINE_BYTES)}), and this process may take {_gib(available)}; close "
            "other programs, raise the limit of the container or shell (`ulimit -v`), or lower engine.kv_cache_gib, "
            "engine.context_tokens or the precision (engine.dtype)"
        )


def require_whole_context(asked_gib: float, n_bytes_per_token: int, context_tokens: int, model: Path) -> None:
    """Raises EngineUnavailable when the KV cache that was asked for (0: none was) cannot hold one whole context."""
    needed = n_bytes_per_token * context_tokens
    if 0 < asked_gib * _GIB < needed:
        held, enough = int(asked_gib * _GIB / n_bytes_per_token), math.ceil(needed / _GIB * 100) / 100
        raise EngineUnavailable(
            f"engine.kv_cache_gib = {asked_gib} holds {held:,} tokens, and {model} is served with a context of "
            f"{context_tokens:,}: ask for at least {enough}, for 0 (decided by the memory there is), or lower "
            "engine.context_tokens"
        )


def available_bytes(root: Path = Path("/")) -> int:
    """Memory that this process may still take: what the machine has free, within its control groups and limits."""
    address_space, _ = resource.getrlimit(resource.RLIMIT_AS)
    limits = [] if address_space == resource.RLIM_INFINITY else [max(0, address_space - _MAPPED_BYTES)]
    return min(_machine_bytes(root), *_version_2(root), *_version_1(root), *limits, _NO_LIMIT)


def _machine_bytes(root: Path) -> int:
    lines = _read(root / "proc/meminfo").splitlines()
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")), _ASSUMED_BYTES)


def _version_2(root: Path) -> Iterator[int]:
    for group in _groups(root, ""):
        limit = _read(root / "sys/fs/cgroup" / group / "memory.max").strip()
        if limit.isdecimal():
            yield _left(root / "sys/fs/cgroup" / group, int(limit), "memory.current", "inactive_file")


def _version_1(root: Path) -> Iterator[int]:
    for group in _groups(root, "memory"):
        folder = root / "sys/fs/cgroup/memory" / group
        limit = _read(folder / "memory.limit_in_bytes").strip()
        if limit.isdecimal() and int(limit) < _NO_LIMIT:
            yield _left(folder, int(limit), "memory.usage_in_bytes", "total_inactive_file")


def _groups(root: Path, controller: str) -> list[PurePosixPath]:
    """Our control group and those around it, relative to where its hierarchy is mounted. Inside of a container the
    path may be the host's, and then only the outermost is found."""
    lines = (line.split(":", 2) for line in _read(root / "proc/self/cgroup").splitlines())
    own = next((parts[2] for parts in lines if len(parts) == 3 and controller in parts[1].split(",")), "/")
    group = PurePosixPath(own.lstrip("/"))
    return [] if ".." in group.parts else [group, *group.parents]


def _left(folder: Path, limit: int, usage: str, reclaimable: str) -> int:
    """What a group has left; the file cache that the kernel gives up first does not count as used."""
    used = _read(folder / usage).strip()
    stat = dict(line.split(" ", 1) for line in _read(folder / "memory.stat").splitlines() if " " in line)
    cache = stat.get(reclaimable, "0")
    taken = int(used) - (int(cache) if cache.isdecimal() else 0) if used.isdecimal() else 0
    return max(0, limit - max(0, taken))


def _gib(n_bytes: int) -> str:
    return f"{n_bytes / _GIB:.1f} GiB"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""
