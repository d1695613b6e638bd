"""Where in a stretch of code the lines follow one another as they do above a cursor: how that goes on may be what the
cursor's line becomes. Pure.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from functools import lru_cache

# How much the lines above count, the nearest first; a line of fewer tokens than FULL_TOKENS less.
ABOVE_WEIGHTS = (1.0, 0.5, 0.25)
FULL_TOKENS = 8
# A place with fewer lines behind it tells less of how it goes on.
LINES_BEHIND = 4
# Alike so much, the line above a place makes it worth a look.
LEAST_ALIKE = 0.2
MIN_START_CHARS = 3
MAX_LINE = 400

_TOKEN = re.compile(r"\w+|[^\w\s]")


def best_alignment(
    lines: Sequence[str], tokens: Sequence[frozenset[str]], above: Sequence[frozenset[str]], left: str
) -> tuple[float, int]:
    """(how alike the lines before a place are to those above the cursor, 0 to 2.75; the place) for the best place.

    tokens: those of each line. left: what stands on the cursor's line, which a line that begins alike adds to. Blank
    lines do not count.
    """
    held = [(number, of_line) for number, of_line in enumerate(tokens) if of_line]
    begins = len(left) >= MIN_START_CHARS
    shares = [
        weight * min(1.0, len(of_line) / FULL_TOKENS) for weight, of_line in zip(ABOVE_WEIGHTS, above, strict=False)
    ]
    of_start = min(1.0, len(line_tokens(left)) / FULL_TOKENS)
    best, best_place = 0.0, 0
    for at, (place, _) in enumerate(held):
        alike = _alike(above[0], held[at - 1][1]) if above and at else 0.0
        starts = begins and lines[place].lstrip().startswith(left)
        if alike < LEAST_ALIKE and not starts:
            continue
        total = alike * shares[0] if shares else 0.0
        for back in range(1, min(len(shares), at)):
            total += shares[back] * _alike(above[back], held[at - 1 - back][1])
        total = (total + of_start * starts) * min(1.0, (len(held) - at) / LINES_BEHIND)
        if total > best:
            best, best_place = total, place
    return best, best_place


def _alike(one: frozenset[str], other: frozenset[str]) -> float:
    """Jaccard's index."""
    n_shared = len(one & other)
    return n_shared / (len(one) + len(other) - n_shared)


# A question looks at the lines of some twenty chunks, and the next one mostly at the same; each is half a kilobyte.
@lru_cache(maxsize=1 << 13)
def line_tokens(line: str) -> frozenset[str]:
    """Words and signs of a line; each word stands in memory once, in however many lines."""
    return frozenset(map(sys.intern, _TOKEN.findall(line[:MAX_LINE])))
