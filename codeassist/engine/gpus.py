"""NVIDIA's GPUs as the driver tells of them: memory, who has it, what they can compute. Nothing of CUDA is set up, so
that it takes milliseconds and no memory.

`Library` is the part of `pynvml` (the package nvidia-ml-py) that is used; without package, driver or GPU there is a
sentence in place of figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import Any

from codeassist.engine.hardware import has_gpu, memory_info

Library = Any

# Memory of GPUs moves twice in each clock (DDR); NVML tells the clock in MHz and the bus in bits.
_MOVES_PER_CLOCK = 2
# A driver that is loaded anew for each question takes seconds for each GPU.
_LONGEST_S = 60.0


@dataclass(frozen=True, slots=True)
class MemoryUser:
    """A process that has memory of a GPU. name: "" where it cannot be seen from here."""

    pid: int
    name: str
    n_bytes: int


@dataclass(frozen=True, slots=True)
class Gpu:
    """capability: of compute, (9, 0) for Hopper. bandwidth: bytes a second, 0 where it is not told."""

    index: int
    name: str
    total_bytes: int
    free_bytes: int
    capability: tuple[int, int]
    bandwidth: float
    users: tuple[MemoryUser, ...] = ()


@dataclass(frozen=True, slots=True)
class Gpus:
    """What the engine's process would see. cuda: the newest that the driver knows. problem: why there are none, ""
    where there are, or where nothing hints at any."""

    gpus: tuple[Gpu, ...] = ()
    driver: str = ""
    cuda: tuple[int, int] = (0, 0)
    problem: str = ""


def find_library() -> Library | None:
    """`pynvml`, where it is installed."""
    try:
        return import_module("pynvml")
    except ImportError:
        return None


def read_gpus(
    library: Library | None, visible: str | None, root: Path = Path("/"), longest_s: float = _LONGEST_S
) -> Gpus:
    """The GPUs of this machine. visible: as CUDA_VISIBLE_DEVICES says it, None for all. root: of /proc and /dev.
    longest_s: that a driver is waited for, which may hang for good where a GPU has failed."""
    answers: Future[Gpus] = Future()

    def ask() -> None:
        try:
            answers.set_result(_asked(library, visible, root))
        except Exception as error:  # noqa: BLE001  raised where the answer is waited for
            answers.set_exception(error)

    Thread(target=ask, name="gpus", daemon=True).start()  # nothing can end it, and nothing has to wait for it
    try:
        return answers.result(longest_s)
    except TimeoutError:
        return Gpus(problem=f"the driver has not answered for {longest_s:g} s; see `dmesg` and `nvidia-smi`, or reboot")


def _asked(library: Library | None, visible: str | None, root: Path) -> Gpus:
    if library is None:
        lacking = "the Python package nvidia-ml-py is missing, so nothing is known of them; `pip install nvidia-ml-py`"
        return Gpus(problem=f"there are GPU devices, and {lacking}" if has_gpu(root) else "")
    try:
        library.nvmlInit()
    except library.NVMLError as error:
        return Gpus(problem=_why_no_driver(str(error), root) if has_gpu(root) else "")
    try:
        return _read(library, visible, root)
    except library.NVMLError as error:
        return Gpus(problem=_why_no_driver(str(error), root))
    finally:
        library.nvmlShutdown()


def memory_holders(users: Iterable[MemoryUser]) -> str:
    """Who has a GPU's memory, the greatest first, as a sentence says it: `python (pid 4711) has 12.3 GB`."""
    ranked = sorted(users, key=lambda user: -user.n_bytes)
    return ", ".join(
        f"{user.name or 'a process that is not seen from here'} (pid {user.pid}) has {user.n_bytes / 1e9:.1f} GB"
        for user in ranked
    )


def _read(library: Library, visible: str | None, root: Path) -> Gpus:
    found = [_Found(library, index) for index in range(library.nvmlDeviceGetCount())]
    chosen = _visible(found, visible)
    version = library.nvmlSystemGetCudaDriverVersion_v2()
    hidden = f"CUDA_VISIBLE_DEVICES={visible} hides all {len(found)} GPUs; unset it, or name some" if found else ""
    return Gpus(
        gpus=tuple(_gpu(library, device, root) for device in chosen),
        driver=_text(library.nvmlSystemGetDriverVersion()),
        cuda=(version // 1000, version % 1000 // 10),
        problem="" if chosen else hidden,
    )


class _Found:
    """A device with the names that it may be chosen by."""

    def __init__(self, library: Library, index: int) -> None:
        self.index = index
        self.handle = library.nvmlDeviceGetHandleByIndex(index)
        self.uuid = _text(library.nvmlDeviceGetUUID(self.handle))


def _visible(found: Sequence[_Found], visible: str | None) -> list[_Found]:
    """CUDA takes the list up to the first entry that names nothing. Slices (MIG) are not told apart here."""
    if visible is None or "MIG-" in visible:
        return list(found)
    chosen: list[_Found] = []
    for entry in (part.strip() for part in visible.split(",")):
        named = [device for device in found if entry == str(device.index) or _is_uuid(entry, device.uuid)]
        if not named:
            break
        chosen += named[:1]
    return chosen


def _is_uuid(entry: str, uuid: str) -> bool:
    return entry.startswith("GPU-") and uuid.startswith(entry)


def _gpu(library: Library, device: _Found, root: Path) -> Gpu:
    total, free = _memory(library, device.handle, root)
    major, minor = library.nvmlDeviceGetCudaComputeCapability(device.handle)
    return Gpu(
        index=device.index,
        name=_text(library.nvmlDeviceGetName(device.handle)),
        total_bytes=total,
        free_bytes=free,
        capability=(int(major), int(minor)),
        bandwidth=_bandwidth(library, device.handle),
        users=_users(library, device.handle, root),
    )


def _memory(library: Library, handle: Any, root: Path) -> tuple[int, int]:
    """All of it, and what is free; of chips that have none of their own, the machine's."""
    try:
        memory = library.nvmlDeviceGetMemoryInfo(handle)
    except library.NVMLError:
        return memory_info(root, "MemTotal"), memory_info(root, "MemAvailable")
    return int(memory.total), int(memory.free)


def _bandwidth(library: Library, handle: Any) -> float:
    try:
        clock = library.nvmlDeviceGetMaxClockInfo(handle, library.NVML_CLOCK_MEM)
        bits = library.nvmlDeviceGetMemoryBusWidth(handle)
    except library.NVMLError:  # chips that share the machine's memory tell neither
        return 0.0
    return float(clock) * 1e6 * _MOVES_PER_CLOCK * float(bits) / 8


def _users(library: Library, handle: Any, root: Path) -> tuple[MemoryUser, ...]:
    taken: dict[int, int] = {}
    for ask in (library.nvmlDeviceGetComputeRunningProcesses, library.nvmlDeviceGetGraphicsRunningProcesses):
        try:
            running = ask(handle)
        except library.NVMLError:
            continue
        taken |= {process.pid: process.usedGpuMemory or 0 for process in running}
    return tuple(MemoryUser(pid, _process_name(pid, root), n_bytes) for pid, n_bytes in taken.items())


def _process_name(pid: int, root: Path) -> str:
    try:
        return (root / f"proc/{pid}/comm").read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return ""


def _why_no_driver(error: str, root: Path) -> str:
    if (root / "dev/kfd").exists() and not next(root.glob("dev/nvidia[0-9]*"), None):
        return "there is a GPU of AMD's, which is not read here: what fits there, the engine tells as it starts"
    if "mismatch" in error.lower():
        remedy = "the driver was updated while it ran: restart the machine"
    elif "not found" in error.lower():
        remedy = "install NVIDIA's driver; a container needs `--gpus all` and the NVIDIA Container Toolkit"
    else:
        remedy = "see whether `nvidia-smi` works, and install or load NVIDIA's driver"
    return f"there are GPU devices, and the driver does not answer ({error}); {remedy}"


def _text(value: str | bytes) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
