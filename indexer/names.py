"""Names that a person spells in a question, and how well a definition answers them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from indexer.ranking import is_test_path
from indexer.terms import STOP_WORDS
from indexer.types import Symbol

MAX_SPELLINGS = 60
# So many definitions of exactly the name that is asked for come before everything else.
MAX_EXACT = 5

_AROUND = "`'\"(),.:;!?"
_BETWEEN = re.compile(r"\.|::|->|#")
_PART = re.compile(r"[^\W\d]\w*")
# Words that tell what kind of definition is meant, besides those that are words of a language.
_KIND_WORDS = STOP_WORDS | {
    "attribute", "constant", "constructor", "defined", "definition", "field", "macro", "member", "method", "module",
    "property", "trait", "variable",
}  # fmt: skip
_KIND_RANKS = {"class": 0, "type": 0, "function": 0, "method": 1, "constant": 2, "module": 2, "field": 3}
_FIELD = _KIND_RANKS["field"]
# File names that stand for their folder.
_FOLDER_FILES = ("__init__", "index", "mod", "lib")


@dataclass(frozen=True, slots=True)
class Spelled:
    """A name as a question spells it: `Request.body` is `body` in the container `("Request",)`."""

    name: str
    container: tuple[str, ...] = ()


def spelled(word: str) -> Spelled:
    """A word of a question as a name."""
    *container, name = _BETWEEN.split(word.strip(_AROUND))
    return Spelled(name, tuple(part for part in container if part))


def asked_names(text: str) -> list[Spelled]:
    """Names that a question spells as code does: `parse_url`, `HTTPError`, `Router.mount`; and a question of one or two
    words as a whole (`open assistant` -> `open_assistant`).
    """
    words = [spelled(word) for word in text.split()[:MAX_SPELLINGS]]
    names = [word for word in words if word.name and (word.container or "_" in word.name or not word.name.islower())]
    if len(words) <= 2:
        parts = [word.name for word in words if word.name]
        names += [Spelled(mark.join(parts)) for mark in ("", "_") if parts]
    return [name for name in dict.fromkeys(names) if len(name.name) > 1 and name.name.lower() not in STOP_WORDS]


def only_name(text: str) -> Spelled | None:
    """The name that is all a question asks for (`class Response`, `Router.mount`); None when it says more."""
    words = [word.strip(_AROUND) for word in text.split()]
    for left in (
        [word for word in words if word.lower() not in _KIND_WORDS],
        [word for word in words if word not in _KIND_WORDS],
        words,
    ):
        if left:
            asked = spelled(left[0])
            is_name = len(left) == 1 and all(_PART.fullmatch(part) for part in (asked.name, *asked.container))
            return asked if is_name else None
    return None


def exact(asked: Spelled, symbols: Iterable[Symbol]) -> list[Symbol]:
    """Definitions of just this name, to be shown before anything else, best first.

    Those in the container, when one is asked for. Without any, a class has inherited the name, and namesakes in others
    are no answer; any other container may be an alias (`nx.Graph`). Fields only where the name looks like code: a
    single plain word is more likely a topic than one of its many attributes.
    """
    named = [symbol for symbol in symbols if symbol.name == asked.name]
    if asked.container:
        placed = [symbol for symbol in named if is_inside(symbol, asked.container)]
        named = placed if placed or asked.container[-1][0].isupper() else named
    if not asked.container and asked.name.isalpha() and asked.name.islower():
        named = [symbol for symbol in named if _kind_rank(symbol) != _FIELD]
    return sorted(named, key=_order)[:MAX_EXACT]


def _order(symbol: Symbol) -> tuple[bool, int, int, str, int]:
    depth = symbol.container.count(".") + bool(symbol.container)
    return is_test_path(symbol.path), _kind_rank(symbol), depth, symbol.path, symbol.start_line


def _kind_rank(symbol: Symbol) -> int:
    return _KIND_RANKS.get(symbol.kind, _FIELD)


def is_inside(symbol: Symbol, container: Sequence[str]) -> bool:
    """Whether the dotted place of a definition, its module included, ends with these names."""
    folders = list(PurePosixPath(symbol.path).with_suffix("").parts)
    if len(folders) > 1 and folders[-1] in _FOLDER_FILES:
        folders.pop()
    place = [*folders, *(part for part in _BETWEEN.split(symbol.container) if part)]
    return place[-len(container) :] == list(container)
