"""A machine's GPUs as `pynvml` would tell of them, made up; for `read_gpus`, or to be put in its place as a module."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

GB = 10**9


class NVMLError(Exception):
    """As the library's own."""


@dataclass
class Card:
    """What one GPU says. users: bytes by pid. total: None for chips without memory of their own. clock: MHz of the
    memory, None for chips that do not tell."""

    name: str = "NVIDIA H100 80GB HBM3"
    total: int | None = 85 * GB
    free: int = 84 * GB
    capability: tuple[int, int] = (9, 0)
    clock: int | None = 2619
    bus: int = 5120
    users: dict[int, int] = field(default_factory=dict)
    uuid: str = "GPU-11111111"


H100 = Card()
RTX_4090 = Card("NVIDIA GeForce RTX 4090", 25_757 * 10**6, 25_250 * 10**6, (8, 9), 10501, 384)
T4 = Card("Tesla T4", 16_106 * 10**6, 15_900 * 10**6, (7, 5), 5001, 256)


class FakeNvml:
    """failure: what `nvmlInit` raises, "" for nothing."""

    NVMLError = NVMLError
    NVML_CLOCK_MEM = 2

    def __init__(self, *cards: Card, driver: str = "580.65.06", cuda: int = 13000, failure: str = "") -> None:
        self.cards = cards
        self.driver = driver
        self.cuda = cuda
        self.failure = failure
        self.n_open = 0

    def nvmlInit(self) -> None:  # noqa: N802
        if self.failure:
            raise NVMLError(self.failure)
        self.n_open += 1

    def nvmlShutdown(self) -> None:  # noqa: N802
        self.n_open -= 1

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        return len(self.cards)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> Card:  # noqa: N802
        return self.cards[index]

    def nvmlDeviceGetUUID(self, card: Card) -> str:  # noqa: N802
        return card.uuid

    def nvmlDeviceGetName(self, card: Card) -> str:  # noqa: N802
        return card.name

    def nvmlDeviceGetMemoryInfo(self, card: Card) -> Any:  # noqa: N802
        if card.total is None:
            raise NVMLError("Not Supported")
        return SimpleNamespace(total=card.total, free=card.free, used=card.total - card.free)

    def nvmlDeviceGetCudaComputeCapability(self, card: Card) -> tuple[int, int]:  # noqa: N802
        return card.capability

    def nvmlDeviceGetMaxClockInfo(self, card: Card, kind: int) -> int:  # noqa: N802
        assert kind == self.NVML_CLOCK_MEM
        if card.clock is None:
            raise NVMLError("Not Supported")
        return card.clock

    def nvmlDeviceGetMemoryBusWidth(self, card: Card) -> int:  # noqa: N802
        return card.bus

    def nvmlDeviceGetComputeRunningProcesses(self, card: Card) -> list[Any]:  # noqa: N802
        return [SimpleNamespace(pid=pid, usedGpuMemory=taken) for pid, taken in card.users.items()]

    def nvmlDeviceGetGraphicsRunningProcesses(self, card: Card) -> list[Any]:  # noqa: N802
        raise NVMLError("Not Supported")

    def nvmlSystemGetDriverVersion(self) -> bytes:  # noqa: N802
        return self.driver.encode()

    def nvmlSystemGetCudaDriverVersion_v2(self) -> int:  # noqa: N802
        return self.cuda
