"""Text as tokens, and what an edit does to them. Pure.

White space separates tokens and is none: an edit that only moves code about changes no token.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

# A longer line is data.
MAX_LINE_CHARS = 1000
# Edits of more tokens are generated, pasted or formatted code.
MAX_EDIT_TOKENS = 800

_TOKEN = re.compile(r"[^\W\d]\w*|\d[\w.]*|\.\.\.|[=!<>]==?|[-+*/%&|^:]=|->|=>|::|\?\.|\*\*|//|&&|\|\||<<|>>|[^\w\s]")
_NAME = re.compile(r"[^\W\d]\w*")
# Words that stand in every program: what they are there for, the names around them say.
_COMMON = frozenset({
    "true", "false", "none", "null", "nil", "undefined", "self", "cls", "this", "super", "if", "else", "elif", "for",
    "while", "in", "is", "not", "and", "or", "as", "with", "return", "def", "class", "function", "const", "let", "var",
    "new", "import", "from", "type", "str", "int", "bool", "float", "string", "any", "list", "dict", "void",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Token:
    """One token at start..end, in code points."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Change:
    """Tokens `old` became `new`, at these places of the texts before and after; no tokens stand behind the last one."""

    old: tuple[str, ...]
    new: tuple[str, ...]
    old_start: int
    old_end: int
    new_start: int
    new_end: int

    @property
    def renaming(self) -> tuple[str, str] | None:
        """The names before and after, where one name became another."""
        if len(self.old) == len(self.new) == 1 and is_name(self.old[0]) and is_name(self.new[0]):
            return self.old[0], self.new[0]
        return None


def is_name(text: str) -> bool:
    """Whether a token is a name or a word."""
    return _NAME.fullmatch(text) is not None


def is_telling(text: str) -> bool:
    """Whether a token is a name that says what the code is about."""
    return len(text) > 1 and is_name(text) and text.casefold() not in _COMMON


def tokens_of(text: str) -> list[Token]:
    """The tokens of a text."""
    return [Token(match.group(), match.start(), match.end()) for match in _TOKEN.finditer(text)]


@lru_cache(maxsize=8192)
def line_tokens(line: str) -> tuple[Token, ...]:
    """The tokens of one line; none of a very long one."""
    return tuple(tokens_of(line)) if len(line) <= MAX_LINE_CHARS else ()


def texts_of(tokens: Sequence[Token]) -> tuple[str, ...]:
    """What the tokens say."""
    return tuple(token.text for token in tokens)


@lru_cache(maxsize=256)
def changes_between(before: str, after: str) -> tuple[Change, ...]:
    """What turns one text into the other, in text order; nothing where there is too much of it."""
    old, new = tokens_of(before), tokens_of(after)
    if len(old) + len(new) > MAX_EDIT_TOKENS:
        return ()
    matcher = SequenceMatcher(None, texts_of(old), texts_of(new), autojunk=False)
    return tuple(
        _change(old[first:last], new[start:end], _place(old, first), _place(new, start))
        for tag, first, last, start, end in matcher.get_opcodes()
        if tag != "equal"
    )


def _change(old: Sequence[Token], new: Sequence[Token], old_place: int, new_place: int) -> Change:
    return Change(
        texts_of(old),
        texts_of(new),
        old[0].start if old else old_place,
        old[-1].end if old else old_place,
        new[0].start if new else new_place,
        new[-1].end if new else new_place,
    )


def _place(tokens: Sequence[Token], index: int) -> int:
    """Where a token with this index would stand: right behind the one before it."""
    return tokens[index - 1].end if index else 0


def n_common(one: Sequence[object], other: Sequence[object]) -> int:
    """How many items two runs begin with in common."""
    n = min(len(one), len(other))
    return next((at for at in range(n) if one[at] != other[at]), n)


def trimmed(old: str, new: str) -> tuple[int, int, str]:
    """Which part of a text becomes what, where a text becomes another: without whole tokens that are the same."""
    one, other = tokens_of(old), tokens_of(new)
    n = min(len(one), len(other))
    head = next((at for at in range(n) if _left(old, one, at) != _left(new, other, at)), n)
    tail = next((at for at in range(n - head) if _right(old, one, at) != _right(new, other, at)), n - head)
    start = one[head - 1].end if head else 0
    new_start = other[head - 1].end if head else 0
    end = one[-tail].start if tail else len(old)
    new_end = other[-tail].start if tail else len(new)
    text = new[new_start:new_end]
    while start < end and text and old[start].isspace() and old[start] == text[0]:
        start, text = start + 1, text[1:]
    while start < end and text and old[end - 1].isspace() and old[end - 1] == text[-1]:
        end, text = end - 1, text[:-1]
    return start, end, text


def _left(text: str, tokens: Sequence[Token], at: int) -> str:
    """A token with what stands before it."""
    return text[tokens[at - 1].end if at else 0 : tokens[at].end]


def _right(text: str, tokens: Sequence[Token], at: int) -> str:
    """A token, counted from the end, with what stands behind it."""
    return text[tokens[-1 - at].start : tokens[-at].start if at else len(text)]
