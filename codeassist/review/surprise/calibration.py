"""How sure a reading is. `calibration.json` has the numbers, and says which program chose them from what.

    log-odds = intercept[kind] + slope * ratio

ratio: how much likelier the text is with the edit, in nats, at most CAP. The first token alone, its surprise and what
else the model expected there were tried beside it: on repositories that a fit has not seen they find less.
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
class Calibration:
    """intercepts: of the kinds that are looked for. least: confidence from which on a reading is worth telling."""

    intercepts: Mapping[VariantKind, float]
    slope: float
    least: float

    def confidence(self, kind: VariantKind, ratio: float) -> float:
        """From 0 to 1; 0 for a kind that is not looked for, and where the text is no likelier with the edit."""
        if kind not in self.intercepts or ratio <= 0:
            return 0.0
        return 1 / (1 + math.exp(-self.intercepts[kind] - self.slope * min(ratio, CAP)))


@cache
def shipped_calibration() -> Calibration:
    """That of the file beside this module."""
    stored = json.loads(_FILE.read_text(encoding="utf-8"))
    return Calibration(stored["intercepts"], stored["slope"], stored["least"])
