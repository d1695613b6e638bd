"""Which files say again what other files say: near duplicates, and copies of reserved projects inside of others.

Both compare three-line shingles by Python's own hash, which holds within one process and its forks.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# A file is a near duplicate when this share of its sampled three-line shingles stood in files before it.
NEAR_DUPLICATE = 0.6
# A file is a copy when it shares this many sampled shingles of code with reserved projects, and this share of its own.
MIN_COPIED = 3
COPIED_SHARE = 0.15

_COMMENT = re.compile(r"^\s*(#|//|/\*|\*).*$", re.M)


def shingles(text: str) -> NDArray[np.uint64]:
    """A quarter of the hashes of all three consecutive telling lines, chosen by their value."""
    lines = [line.strip() for line in text.split("\n")]
    hashes = np.array([hash(line) for line in lines if len(line) > 8], dtype=np.int64).view(np.uint64)
    if len(hashes) < 3:
        return hashes
    mixed = hashes[:-2] * np.uint64(3) ^ hashes[1:-1] * np.uint64(0x9E3779B97F4A7C15) ^ hashes[2:]
    return np.unique(mixed[mixed % np.uint64(4) == 0])


class Deduplicator:
    """Remembers what was kept: exact texts and three-line shingles."""

    def __init__(self) -> None:
        self._texts: set[bytes] = set()
        self._shingles: set[int] = set()

    def admits(self, text: str) -> bool:
        """Whether the text is new; what is admitted is remembered."""
        digest = hashlib.sha256(text.encode()).digest()[:12]
        if digest in self._texts:
            return False
        self._texts.add(digest)
        found = shingles(text).tolist()
        known = sum(1 for shingle in found if shingle in self._shingles)
        if len(found) >= 3 and known >= NEAR_DUPLICATE * len(found):
            return False
        self._shingles.update(found)
        return True


@dataclass(frozen=True, slots=True)
class ReservedCode:
    """Sampled shingles of the code of reserved projects, sorted; comments (licence notices above all) do not count."""

    known: NDArray[np.uint64]

    @classmethod
    def of(cls, texts: Iterable[str]) -> ReservedCode:
        """All texts together."""
        found = [shingles(_COMMENT.sub("", text)) for text in texts]
        return cls(np.unique(np.concatenate([*found, np.zeros(0, np.uint64)])))

    def touches(self, text: str) -> bool:
        """Whether a good part of the text stands in a reserved project too."""
        own = shingles(_COMMENT.sub("", text))
        places = np.minimum(np.searchsorted(self.known, own), max(len(self.known) - 1, 0))
        n_copied = int((self.known[places] == own).sum()) if len(self.known) else 0
        return n_copied >= max(MIN_COPIED, COPIED_SHARE * len(own))
