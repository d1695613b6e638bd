"""The machine is read from the kernel's files, and missing files are no trouble."""

import os
from pathlib import Path

import pytest

from codeassist.engine.hardware import Hardware, has_gpu, kv_cache_bytes, read_hardware

GIB = 2**30


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1, 2, 3})
    for cpu in range(4):
        put(tmp_path, f"sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list", f"{cpu % 2},{cpu % 2 + 2}\n")
    put(tmp_path, "proc/cpuinfo", "flags\t: fpu avx512_bf16 amx_bf16\n")
    put(tmp_path, "proc/meminfo", "MemTotal: 99 kB\nMemAvailable:   8388608 kB\n")
    return tmp_path


def put(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_hyperthreads_count_as_one_core(root: Path) -> None:
    assert read_hardware(root) == Hardware(n_cores=2, memory_bytes=8 * GIB, has_bf16_matrices=True)


@pytest.mark.parametrize(("quota", "expected"), [("max 100000", 2), ("150000 100000", 2), ("50000 100000", 1), ("", 2)])
def test_a_cgroup_limits_the_cores(root: Path, quota: str, expected: int) -> None:
    put(root, "sys/fs/cgroup/cpu.max", quota)
    assert read_hardware(root).n_cores == expected


@pytest.mark.parametrize(("limit", "expected"), [("max\n", 8 * GIB), (f"{GIB}\n", GIB)])
def test_a_cgroup_limits_the_memory(root: Path, limit: str, expected: int) -> None:
    put(root, "sys/fs/cgroup/memory.max", limit)
    assert read_hardware(root).memory_bytes == expected


def test_a_machine_that_tells_nothing_is_taken_for_a_small_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {5})
    assert read_hardware(tmp_path) == Hardware(n_cores=1, memory_bytes=4 * GIB, has_bf16_matrices=False)


@pytest.mark.parametrize(
    ("asked", "per_token", "memory", "expected"),
    [
        (0.5, 50_000, 8 * GIB, GIB // 2),
        (0.0, 50_000, 8 * GIB, GIB),
        (0.0, 500_000, 8 * GIB, int(500_000 * 4096 * 1.1)),
        (0.0, 50_000, GIB, GIB // 2),
    ],
)
def test_the_kv_cache_is_as_large_as_is_useful(asked: float, per_token: int, memory: int, expected: int) -> None:
    assert kv_cache_bytes(asked, per_token, 4096, memory) == expected


@pytest.mark.parametrize("device", ["dev/nvidia0", "dev/nvidia12", "dev/dxg", "dev/kfd"])
def test_a_gpu_is_known_by_its_driver(tmp_path: Path, device: str) -> None:
    put(tmp_path, "dev/nvidia-modeset", "")
    assert not has_gpu(tmp_path)
    put(tmp_path, device, "")
    assert has_gpu(tmp_path)
