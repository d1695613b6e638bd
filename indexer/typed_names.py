"""Which types the variables of a text are said to have: annotations, constructor calls, declarations. Pure.

Read with regular expressions, in every language alike: `name: Type`, `name = Type(`, `Type name;`, `with Type() as
name`, `def name() -> Type:`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from indexer.terms import STOP_WORDS

MAX_WORDS_OF_A_TYPE = 4
MAX_TYPES = 6
# A file with more typed names than this is data in the shape of code.
MAX_TYPED = 1000
MAX_NAME = 80
MAX_LINE = 400

# A type ends at a comma, unless it stands in brackets: another parameter follows.
_TYPED = re.compile(
    r"(?<!\w)((?:self\.|this\.|@)?[^\W\d]\w*)\??\s*:[ \t]*"
    r"((?:\[[^=;{}()\n]{0,80}?\]|<[^=;{}()\n<>]{0,80}>|[^=;{}()\n:,\[]){1,80})"
)
_ASSIGNED = re.compile(r"(?<!\w)((?:self\.|this\.|@)?[^\W\d]\w*)\s*:?=\s*(?:await\s|new\s|&)?\s*([^\W\d][\w.:]*)")
# Tried at every letter, these two cost as much as parsing. They match nowhere but at the word before a `:` or a `=`, so
# the text is searched from its end for these, which costs far less.
_BEFORE_COLON = re.compile(r":\s*\??(\w+)")
_BEFORE_EQUALS = re.compile(r"=:?\s*(\w+)")
# What a word must not follow stands behind its first letters: an expression that begins with a letter is found quickly.
_WITH = re.compile(r"with(?<!\w....)\s+([^\W\d][\w.]*)\([^\n]{0,200}\)\s+as\s+([^\W\d]\w*)")
_RETURNS = re.compile(r"def(?<!\w...)\s+([^\W\d]\w*)\([^\n]{0,400}\)\s*->\s*([^\n]{1,80}):[ \t]*$", re.MULTILINE)
# What follows each part cannot be in it: nothing is gained by trying less of it, which only takes time.
_DECLARED = re.compile(r"([A-Z](?<!\w.)\w*+)(?:<[^>\n]{0,80}>)?+[&*]*+\s++[&*]*+([a-z_]\w*+)\s*+(?=[=;,)])")
_DOTTED = re.compile(r"[^\W\d][\w.]*")
NOT_TYPES = STOP_WORDS | frozenset({
    "list", "dict", "set", "tuple", "len", "print", "isinstance", "optional", "Optional", "Any", "None", "True",
    "False",
})  # fmt: skip


def types_in(text: str) -> dict[str, tuple[str, ...]]:
    """Words that may name the type of each variable, `self.` before attributes. A function (a property, a fixture) has
    the type that it returns.
    """
    found: dict[str, dict[str, None]] = {}
    for spelled, of_type in _said(text):
        has_owner = spelled[0] == "@" or "." in spelled
        name = spelled.replace("this.", "self.").replace("@", "self.") if has_owner else spelled
        known = found.get(name)
        if known is None:
            known = found[name] = {}
        for word in _words_of_type(of_type):
            known[word] = None
    return {name: tuple(words)[:MAX_TYPES] for name, words in found.items() if words}


def _said(text: str) -> list[tuple[str, str]]:
    """(name, type) as they are spelled: annotations first, then what is assigned, and so on; each in order."""
    backwards = text[::-1]
    found = _matches_at(_TYPED, _starts(text, backwards, _BEFORE_COLON), text)
    found += _matches_at(_ASSIGNED, _starts(text, backwards, _BEFORE_EQUALS), text)
    for pattern in (_WITH, _DECLARED):
        found += [(name, of_type) for of_type, name in pattern.findall(text)]
    return found + _RETURNS.findall(text)


def _starts(text: str, backwards: str, before_separator: re.Pattern[str]) -> list[int]:
    """Where a name may start, in order: at the word before each separator, or at the `self.` or `@` before that."""
    starts: list[int] = []
    for match in before_separator.finditer(backwards):
        start = len(text) - match.end()
        starts.append(start)
        if text[start - 1 : start] == "@":
            starts.append(start - 1)
        elif text[start - 5 : start] in ("self.", "this."):
            starts.append(start - 5)
    return starts[::-1]


def _matches_at(pattern: re.Pattern[str], starts: Iterable[int], text: str) -> list[tuple[str, str]]:
    """What `findall` gives for a pattern that matches at these places alone."""
    found: list[tuple[str, str]] = []
    end = 0
    for start in starts:
        if start >= end and (match := pattern.match(text, start)):
            end = match.end()
            found.append((match[1], match[2]))
    return found


@lru_cache(maxsize=1 << 12)
def _words_of_type(of_type: str) -> tuple[str, ...]:
    words = _DOTTED.findall(of_type.removesuffix("::new").removesuffix(".new"))
    return tuple(word for word in words if word not in NOT_TYPES)[:MAX_WORDS_OF_A_TYPE]


def typed_names(text: str) -> tuple[tuple[str, str], ...]:
    """(name, type) pairs of a file for the index: names without their `self.`, types that begin with a capital letter
    without their module. What is all capitals is a constant.
    """
    pairs: dict[tuple[str, str], None] = {}
    lines = text.split("\n")
    short = text if max(map(len, lines)) <= MAX_LINE else "\n".join(line for line in lines if len(line) <= MAX_LINE)
    for name, words in types_in(short).items():
        for word in words:
            kind = word.rpartition(".")[2]
            if kind[:1].isupper() and not kind.isupper() and len(kind) <= MAX_NAME:
                pairs.setdefault((name.removeprefix("self.").lstrip("_")[:MAX_NAME], kind), None)
        if len(pairs) >= MAX_TYPED:
            break
    return tuple(pairs)[:MAX_TYPED]
