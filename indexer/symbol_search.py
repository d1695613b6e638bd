"""Symbols by a few letters of their names, as editors ask for them (`rfq` finds `read_from_queue`). Pure.

How well a name answers, best first: the name itself, its beginning, the beginnings of its words, a part of it that
begins a word, any part of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from indexer.types import Symbol

# Names that are looked at; a letter or two stand in more. The shortest, so that the name itself is among them.
MAX_NAMES = 20_000

_BETWEEN = re.compile(r"\.|::|->|#|/")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_]+")


def split_question(text: str) -> tuple[str, str]:
    """(what the place must have in its name, what is asked of the name): `Router.mount` asks for both."""
    *places, name = [part.strip() for part in _BETWEEN.split(text.strip())]
    return next((part for part in reversed(places) if part), ""), name


def match_rank(name: str, wanted: str) -> int | None:
    """How well a name answers, 0 best; None when it does not."""
    if name == wanted:
        return 0
    lowered, letters = name.lower(), wanted.lower()
    if lowered.startswith(letters):
        return 1 if lowered == letters else 2
    words = [match.span() for match in _WORDS.finditer(name)]
    if _spells(letters.replace("_", ""), [lowered[start:end] for start, end in words]):
        return 3
    if any(lowered.startswith(letters, start) for start, _ in words):
        return 4
    return 5 if letters in lowered else None


def best_names(names: Iterable[str], wanted: str, limit: int) -> list[str]:
    """The names that answer best; of equally good ones the shorter, then the first in the alphabet."""
    ranked = ((rank, len(name), name) for name in names if (rank := match_rank(name, wanted)) is not None)
    return [name for _, _, name in sorted(ranked)[:limit]]


def in_place(symbols: Sequence[Symbol], place: str) -> list[Symbol]:
    """Definitions in a place with these letters in its name: those that one such encloses, then those of such files."""
    letters = place.lower()
    enclosed = [symbol for symbol in symbols if letters in _enclosing(symbol).lower()]
    others = [symbol for symbol in symbols if symbol not in enclosed]
    return enclosed + [symbol for symbol in others if letters in _module(symbol).lower()]


def _spells(letters: str, words: Sequence[str]) -> bool:
    """Whether the letters are beginnings of words in their order, the first word's among them."""
    reached = {0}
    for number, word in enumerate(words):
        taken = {
            start + length
            for start in reached
            for length in range(1, min(len(word), len(letters) - start) + 1)
            if letters.startswith(word[:length], start)
        }
        if len(letters) in taken:
            return True
        reached = taken if number == 0 else reached | taken
    return False


def _enclosing(symbol: Symbol) -> str:
    """What a definition stands in; in C++ and Elixir its own name may say so, too."""
    return ".".join([symbol.container, *_BETWEEN.split(symbol.name)[:-1]])


def _module(symbol: Symbol) -> str:
    return str(PurePosixPath(symbol.path).with_suffix(""))
