"""Chains of names in a line of code: `client.get(url).json` -> client, get, (), json. Pure."""

from __future__ import annotations

import re
from functools import lru_cache

from indexer.dependencies.types import CALL, OFFERS
from indexer.terms import code_of
from indexer.typed_names import NOT_TYPES

MAX_CHAINS = 12
MAX_NAMES = 16
MAX_PARTS = 8
MAX_NESTED = 6
MAX_LINE = 400

Chain = tuple[str, ...]

# Stands for the brackets of a call and what is between them.
_MARK = "\x01"
_INNERMOST = re.compile(r"\([^()]*\)")
_SUPER = re.compile(r"\bsuper(?:\(\)|\x01)(?=\.)")
_NAME = r"[^\W\d]\w*"
_STEP = r"(?:\.|\?\.|::|->)"
_CHAIN = re.compile(
    rf"(?<![\w.:\x01]){_NAME}{_MARK}?(?:{_STEP}{_NAME}{_MARK}?)+(?:{_STEP}\s*$)?|(?<![\w.:\x01]){_NAME}{_MARK}?{_STEP}\s*$"
)
_STEPS = re.compile(_STEP)
_IDENTIFIER = re.compile(_NAME)


@lru_cache(maxsize=1 << 12)
def chains_in(line: str) -> tuple[Chain, ...]:
    """The chains of a line, the last one first; one that ends with a dot ends with OFFERS."""
    text = code_of(line[-MAX_LINE:])
    found: dict[Chain, int] = {}
    for _ in range(MAX_NESTED):
        spoken = _SUPER.sub("self", text)
        for match in _CHAIN.finditer(spoken):
            found.setdefault(_parts(match[0]), len(spoken) - match.end())
        shorter = _INNERMOST.sub(_MARK, text)
        if shorter == text:
            break
        text = shorter
    return tuple(sorted(found, key=lambda chain: found[chain]))[:MAX_CHAINS]


@lru_cache(maxsize=1 << 12)
def names_in(line: str) -> Chain:
    """The names of a line, the last one first."""
    names = reversed(_IDENTIFIER.findall(code_of(line[-MAX_LINE:])))
    return tuple(dict.fromkeys(name for name in names if len(name) > 1 and name not in NOT_TYPES))[:MAX_NAMES]


@lru_cache(maxsize=1 << 12)
def split_chain(word: str) -> Chain:
    """The parts of a dotted name."""
    return tuple(part for part in _STEPS.split(word)[:MAX_PARTS] if part) or (word,)


def _parts(text: str) -> Chain:
    parts: list[str] = []
    for part in _STEPS.split(text)[:MAX_PARTS]:
        name = part.strip()
        parts += [name.removesuffix(_MARK), CALL] if name.endswith(_MARK) else [name or OFFERS]
    while len(parts) > 1 and parts[-1] == CALL:
        parts.pop()  # What is called, not what comes of it.
    return tuple(parts)
