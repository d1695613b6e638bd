"""Symbols by a few letters of their names, as editors ask for them (`rfq` finds `read_from_queue`). Pure.

How well a name answers, best first: the name itself, its beginning, the beginnings of its words, a part of it that
begins a word, any part of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

# Names that are looked at; a letter or two stand in more.
MAX_NAMES = 20_000

_BETWEEN = re.compile(r"\.|::|->|#|/")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_]+")


def split_question(text: str) -> tuple[str, str]:
    """(what the container must have in its name, what is asked of the name): `Router.mount` asks for both."""
    *containers, name = [part.strip() for part in _BETWEEN.split(text.strip())]
    return next((part for part in reversed(containers) if part), ""), name


def match_rank(name: str, wanted: str) -> int | None:
    """How well a name answers, 0 best; None when it does not."""
    lowered, letters = name.lower(), wanted.lower()
    words = [word.lower() for word in _WORDS.findall(name)]
    at = lowered.find(letters)
    fits = (
        name == wanted,
        lowered == letters,
        at == 0,
        _spells(letters.replace("_", ""), words),
        at > 0 and _begins_word(name, at),
        at > 0,
    )
    return fits.index(True) if True in fits else None


def best_names(names: Iterable[str], wanted: str, limit: int) -> list[str]:
    """The names that answer best; of equally good ones the shorter, then the first in the alphabet."""
    ranked = ((rank, len(name), name) for name in names if (rank := match_rank(name, wanted)) is not None)
    return [name for _, _, name in sorted(ranked)[:limit]]


def _spells(letters: str, words: list[str]) -> bool:
    """Whether the letters are beginnings of the words, the first one's among them, in order."""
    if not letters:
        return True
    if not words or letters[0] != words[0][0]:
        return False
    reached = {0}
    for number, word in enumerate(words):
        taken = {
            start + length
            for start in reached
            for length in range(1, len(word) + 1)
            if letters.startswith(word[:length], start)
        }
        reached = taken if number == 0 else reached | taken
        if len(letters) in reached:
            return True
    return False


def _begins_word(name: str, at: int) -> bool:
    before, first = name[at - 1 : at], name[at]
    return not before.isalnum() or (first.isupper() and not before.isupper())
