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
# Worse than any answer of `match_rank`.
WORST = 6

_BETWEEN = re.compile(r"\.|::|->|#|/")
# Capitals up to the one that begins the next word, small letters with the capital before them, or digits.
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


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
    words = [match.span() for match in _WORDS.finditer(name if name.isascii() else _shape(name))]
    if _spells(letters.replace("_", ""), [lowered[start:end] for start, end in words]):
        return 3
    if any(lowered.startswith(letters, start) for start, _ in words):
        return 4
    return 5 if letters in lowered else None


def best_names(names: Iterable[str], wanted: str, limit: int) -> list[str]:
    """The names that answer best; of equally good ones the shorter, then the first in the alphabet."""
    ranked = ((rank, len(name), name) for name in names if (rank := match_rank(name, wanted)) is not None)
    return [name for _, _, name in sorted(ranked)[:limit]]


def fit(name: str, text: str) -> tuple[int, int, str]:
    """What puts names in the order of `best_names`: with it answers of several indexes to one question are merged."""
    rank = match_rank(name, split_question(text)[1])
    return WORST if rank is None else rank, len(name), name


def in_place(symbols: Iterable[Symbol], place: str) -> list[Symbol]:
    """Definitions in a place with these letters in its name: in one of just this name, in others, in such files."""
    if not place:
        return list(symbols)
    ranked = ((rank, symbol) for symbol in symbols if (rank := _place_rank(symbol, place.lower())) is not None)
    return [symbol for _, symbol in sorted(ranked, key=lambda pair: pair[0])]


def _shape(name: str) -> str:
    """The name with an ASCII letter of the same case, a zero or an underscore for each of its characters."""
    return "".join(
        "A" if letter.isupper() else "0" if letter.isdigit() else "a" if _is_letter(letter) else "_" for letter in name
    )


def _is_letter(letter: str) -> bool:
    """Whether it belongs to a word: a letter, or a mark upon one."""
    return letter != "_" and f"a{letter}".isidentifier()


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


def _place_rank(symbol: Symbol, letters: str) -> int | None:
    """How well the place of a definition answers, 0 best; None when it does not."""
    around = _enclosing(symbol)
    if letters in around:
        return 0
    if any(letters in name for name in around):
        return 1
    return 2 if letters in str(PurePosixPath(symbol.path).with_suffix("")).lower() else None


def _enclosing(symbol: Symbol) -> list[str]:
    """Names, in lower case, of what a definition stands in; in C++ and Elixir its own name may say so, too."""
    return [*_BETWEEN.split(symbol.container.lower()), *_BETWEEN.split(symbol.name.lower())[:-1]]
