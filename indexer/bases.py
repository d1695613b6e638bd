"""What classes are derived from: classes, interfaces, traits, mixins, embedded structs. In every language alike.

A query gives the class (`heir`) and the text behind its name that lists what it is derived from (`bases`); the names in
that text are read with regular expressions, so that a class costs one match and no walk through its tree.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from indexer.parsing import Parsed
from indexer.types import Base

MAX_BASES = 1000
MAX_NAME = 120
MAX_TEXT = 2000
# Brackets within brackets within brackets: nobody writes more.
MAX_NESTED = 8

_BRACKETS = re.compile(r"<[^<>()\[\]{}]*>|\([^<>()\[\]{}]*\)|\[[^<>()\[\]{}]*\]|\{[^<>()\[\]{}]*\}")
_BETWEEN = re.compile(r"[,+;]|\b(?:extends|implements|with|where)\b")
_BEFORE = re.compile(r"^[\s:<*&.]*(?:(?:public|private|protected|virtual|use|final|override|constructor)\b[\s:]*)*\\?")
_NAME = re.compile(r"[^\W\d][\w$]*(?:(?:\.|::|\\)[^\W\d][\w$]*)*")
# Python's keywords, and unions of types in Go.
_NO_BASE = re.compile(r"\s*[=|~]")
_SEPARATOR = re.compile(r"\.|::|\\")


def read_bases(parsed: Parsed, path: str) -> tuple[Base, ...]:
    """Every class of a file with each of what it is derived from, in the order of the source."""
    found: dict[tuple[str, str], Base] = {}
    for heir, node in base_lists(parsed):
        name = base_names(heir)[:1]
        for scoped in base_names(parsed.text(node)) if name else ():
            *scope, base = _SEPARATOR.split(scoped)
            row = node.start_point.row + 1
            if base != _last(name[0]) and len(scoped) <= MAX_NAME:
                found.setdefault((heir, scoped), Base(_last(name[0]), base, ".".join(scope), path, row))
    return tuple(sorted(found.values(), key=lambda item: item.line))[:MAX_BASES]


def base_lists(parsed: Parsed) -> Iterator[tuple[str, Node]]:
    """(class as it is written, node that lists what it is derived from)."""
    for captures in parsed.bases:
        if (heirs := captures.get("heir")) and (nodes := captures.get("bases")):
            for node in nodes:
                yield parsed.text(heirs[0]), node


def base_names(text: str) -> list[str]:
    """The names in a list of bases as they are written, without what stands in brackets: `(B, m.C[T])` -> B, m.C."""
    plain = text[:MAX_TEXT].strip()
    if plain.startswith("(") and plain.endswith(")"):
        plain = plain[1:-1]
    for _ in range(MAX_NESTED):
        plain, n_cut = _BRACKETS.subn("", plain)
        if not n_cut:
            break
    names: list[str] = []
    for part in _BETWEEN.split(plain):
        rest = _BEFORE.sub("", part, count=1)
        found = _NAME.match(rest)
        if found and not _NO_BASE.match(rest, found.end()):
            names.append(found.group())
    return names


def _last(name: str) -> str:
    return _SEPARATOR.split(name)[-1][:MAX_NAME]
