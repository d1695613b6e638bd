"""How sure a reading is. `calibration.json` has the numbers, and says which program chose them from what.

    log-odds = intercept[kind] + weights . (ratio, first, surprise, entropy)

ratio: how much likelier the text is with the edit, in nats, at most CAP; first: the same of the first token alone;
surprise: of the written token; entropy: of what the model expected there. Pure but for the file.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from indexer.variants import VariantKind

# A difference of more nats is not more telling: e^12 is 160,000 times.
CAP = 12.0
_FILE = Path(__file__).with_name("calibration.json")


@dataclass(frozen=True, slots=True)
class Measured:
    """What is known of one edit, in nats."""

    ratio: float
    first: float
    surprise: float
    entropy: float

    @property
    def features(self) -> tuple[float, float, float, float]:
        """What the weights are for."""
        ratio, first, surprise = (max(-CAP, min(value, CAP)) for value in (self.ratio, self.first, self.surprise))
        return ratio, first, surprise, self.entropy


@dataclass(frozen=True, slots=True)
class Calibration:
    """intercepts: of the kinds that are looked for. least: confidence from which on a reading is worth telling."""

    intercepts: Mapping[VariantKind, float]
    weights: tuple[float, ...]
    least: float

    def confidence(self, kind: VariantKind, measured: Measured) -> float:
        """From 0 to 1; 0 for a kind that is not looked for, and where the text is no likelier with the edit."""
        if kind not in self.intercepts or measured.ratio <= 0:
            return 0.0
        odds = self.intercepts[kind] + sum(map(float.__mul__, self.weights, measured.features))
        return 1 / (1 + math.exp(-max(-30.0, min(odds, 30.0))))


@cache
def shipped_calibration() -> Calibration:
    """That of the file beside this module."""
    stored = json.loads(_FILE.read_text(encoding="utf-8"))
    return Calibration(stored["intercepts"], tuple(stored["weights"]), stored["least"])
