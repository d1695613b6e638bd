"""When a person presses the next key.

Tabby's agent takes gaps of 100 to 400 ms between keys for typing and starts from an average of 200 ms (its
`CompletionDebounce`: `baseIntervalSlideWindowAvg` min 100, max 400, `baseInterval` 200). A lognormal distribution with
the median 200 ms, nine tenths of which lie between 100 and 400 ms, says the same; its mean, 218 ms, is close to what
Dhakal et al., "Observations on Typing from 136 Million Keystrokes" (CHI 2018), table 3, measured: 238.66 ms, and 6.31 %
of the keys correct others. The pauses before a new line and at a new place are our assumption: people think there.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from bench.editor.buffer import Key

MEDIAN_MS = 200.0
# 1.645 standard deviations either way hold nine tenths of a normal distribution.
SPREAD = math.log(400 / 200) / 1.645
LINE_PAUSE_MS = 600.0
PLACE_PAUSE_MS = 1500.0
# Of the keys that are pressed, so many are backspaces over a slip (Dhakal et al., table 3).
CORRECTIONS = 0.0631
# Who takes more than this away holds the key down: it repeats after 500 ms, every 33 ms (as Windows has it by default).
TAPPED = 4
HELD_DELAY_MS, HELD_MS = 500.0, 33.0

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


@dataclass
class Rhythm:
    """Gaps between keys, the same for the same seed. median_ms: between two keys on a line."""

    chooser: random.Random
    median_ms: float = MEDIAN_MS

    def gap_ms(self, before: Key | None, n_gone: int = 0, n_to_go: int = 0) -> float:
        """How long the person waits after the key `before`; None: the cursor has just been put here.

        n_gone: how many backspaces in a row `before` was the last of. n_to_go: how many are still to come.
        """
        if n_gone and n_to_go and n_gone + n_to_go > TAPPED:
            return HELD_DELAY_MS if n_gone == 1 else HELD_MS
        scale = self.median_ms / MEDIAN_MS
        spread = math.exp(self.chooser.gauss(0.0, SPREAD))
        if before is None:
            return PLACE_PAUSE_MS * scale * spread
        return (LINE_PAUSE_MS * scale if before.kind == "enter" else self.median_ms) * spread


def slip_rate(corrections: float) -> float:
    """How many keys slip, so that this share of all keys are backspaces: a slip costs itself and one backspace."""
    return corrections / (1 - 2 * corrections)


def neighbour(letter: str, chooser: random.Random) -> str:
    """The key beside a letter's, as a finger that slips hits it; the letter itself where there is none."""
    for row in _ROWS:
        at = row.find(letter)
        if at >= 0:
            return chooser.choice([row[each] for each in (at - 1, at + 1) if 0 <= each < len(row)])
    return letter
