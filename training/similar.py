"""Stretches of other files that share the words around a gap: what retrieval shows first in a prompt, for training.

A cheap kin of `indexer/similar.py`, which asks an index that no corpus has: the words are the longest ones around the
gap, never those in it, and the files are those that stand close by.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

from training.corpus import Corpus
from training.cursors import Gap

# Lines on each side whose words are looked for, and how many of them, longest first.
NEAR_LINES = 6
MAX_WORDS = 7
# A stretch has so many lines and may reach so far behind the place of its words.
STRETCH_LINES = 20
_SEARCHED_FILES = 30
_MAX_PLACES = 4
_STRETCH_CHARS = 600
_MIN_START_CHARS = 6
_WORD = re.compile(r"[A-Za-z_]\w{4,}")

Place = tuple[int, int]


def words_around(lines: Sequence[str], gap: Gap) -> list[str]:
    """What is looked for: the beginning of the gap's line, then the longest words of the lines around it."""
    left = lines[gap.line][: gap.column]
    above = [*lines[max(gap.line - NEAR_LINES, 0) : gap.line], left]
    below = [lines[gap.end_line][gap.end_column :], *lines[gap.end_line + 1 : gap.end_line + 1 + NEAR_LINES]]
    words = sorted(set(_WORD.findall("\n".join([*above, *below]))), key=lambda word: (-len(word), word))
    start = left.strip()
    return ([start] if len(start) >= _MIN_START_CHARS else []) + words[:MAX_WORDS]


def similar_stretches(corpus: Corpus, number: int, words: Sequence[str], random: Random) -> list[Place]:
    """(file, first line) of the best stretch of each file close by, those with most of the words first."""
    files = corpus.files
    of_repository = corpus.repositories[files[number].repository].files
    place = number - of_repository[0]
    start = max(0, min(place - _SEARCHED_FILES // 2, len(of_repository) - _SEARCHED_FILES))
    found = []
    for other in of_repository[start : start + _SEARCHED_FILES]:
        n_shared, at = _best_place(files[other].text, words) if other != number else (0, 0)
        if n_shared > 1:
            first = files[other].text.count("\n", 0, at) - random.randint(1, STRETCH_LINES // 2)
            found.append((n_shared, random.random(), (other, max(first, 0))))
    return [stretch for _, _, stretch in sorted(found, reverse=True)]


def _best_place(text: str, words: Sequence[str]) -> tuple[int, int]:
    """(how many of the words stand together at most, offset of the first of them)."""
    places = sorted((at, word) for word in words for at in _places(text, word))
    best = (0, 0)
    for first, (at, _) in enumerate(places):
        together = {word for other, word in places[first:] if other <= at + _STRETCH_CHARS}
        best = max(best, (len(together), -at))
    return best[0], -best[1]


def _places(text: str, word: str) -> list[int]:
    places: list[int] = []
    at = text.find(word)
    while at >= 0 and len(places) < _MAX_PLACES:
        places.append(at)
        at = text.find(word, at + _STRETCH_CHARS // 3)
    return places
