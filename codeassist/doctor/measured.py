"""What vLLM's log tells of the memory that it measured while it was loading (pure), to be put beside a prediction.

Source of the lines: vLLM 0.26 to 0.32, `gpu_model_runner.py` ("Model loading took"), `gpu_worker.py` ("Available KV
cache memory", "for peak activation"), `kv_cache_utils.py` ("KV cache size"), `cpu_worker.py` ("Explicitly set").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import NamedTuple

from codeassist.doctor.footprint import Footprint

_GIB = 2**30
_NUMBER = r"([\d.,]+)"
_PATTERNS: Mapping[str, re.Pattern[str]] = {
    "loaded": re.compile(rf"Model loading took {_NUMBER} GiB"),
    "kv_cache": re.compile(rf"(?:Available KV cache memory: |Explicitly set \(|Auto set \(){_NUMBER}(?: GiB|/)"),
    "kv_tokens": re.compile(rf"KV cache size: {_NUMBER} tokens"),
    "cuda_graphs": re.compile(rf"Graph capturing finished in [\d.]+ secs?, took {_NUMBER} GiB"),
    "activations": re.compile(rf"{_NUMBER} GiB for peak activation"),
    "non_torch": re.compile(rf"{_NUMBER} GiB for non-torch memory"),
}


@dataclass(frozen=True, slots=True)
class Measured:
    """Bytes, of the first GPU that told them, and the tokens that the cache holds; None for what the log does not
    tell."""

    loaded: int | None = None
    kv_cache: int | None = None
    kv_tokens: int | None = None
    cuda_graphs: int | None = None
    activations: int | None = None
    non_torch: int | None = None

    @property
    def kv_per_token(self) -> float | None:
        """Bytes of the cache for one token, where the log tells both."""
        return self.kv_cache / self.kv_tokens if self.kv_cache and self.kv_tokens else None


class Compared(NamedTuple):
    """One part, as it was predicted and as vLLM measured it; share: predicted by measured."""

    part: str
    predicted: float
    measured: float

    @property
    def share(self) -> float:
        """1.0 where they agree; infinite where vLLM saw nothing of what was predicted."""
        if not self.measured:
            return 1.0 if not self.predicted else float("inf")
        return self.predicted / self.measured


def read_log(lines: Iterable[str]) -> Measured:
    """What the lines of a log tell; the first line of each kind counts."""
    found: dict[str, int] = {}
    for line in lines:
        for name, pattern in _PATTERNS.items():
            if name not in found and (match := pattern.search(line)):
                value = float(match[1].replace(",", "").rstrip("."))
                found[name] = round(value * (1 if name == "kv_tokens" else _GIB))
    return Measured(**found)


def compare(predicted: Footprint, measured: Measured) -> list[Compared]:
    """The parts that both know."""
    pairs = {part.name: getattr(measured, part.name) for part in fields(Measured)} | {
        "kv_per_token": measured.kv_per_token
    }
    return [
        Compared(name, getattr(predicted, name), value)
        for name, value in pairs.items()
        if value is not None and hasattr(predicted, name)
    ]
