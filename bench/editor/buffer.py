"""A text under the keys of an editor: what VS Code does with a key by default. Pure.

Modelled: brackets and quotes that close by themselves before white space and closers and are typed over
(`editor.autoClosingBrackets`, `autoClosingQuotes`: languageDefined; `autoClosingOvertype`: auto); Enter with the line's
indentation, one step more behind an opening bracket, a colon in Python or a case in Go, and the closing bracket on a
line of its own; indentation that nobody typed goes when the line is left empty (`trimAutoWhitespace`); Backspace to the
last tab stop (`useTabStops`) and over an empty pair. Not modelled: triple quotes that close, dedents by language rules,
comments that go on by themselves, selections.
Source: VS Code's documentation of these settings and its guide to language configurations.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["type", "enter", "tab", "backspace", "delete", "move", "accept"]

PAIRS = {"(": ")", "[": "]", "{": "}", '"': '"', "'": "'", "`": "`"}
BRACKETS = "([{"
# `autoClosingPairs` of the language configurations that VS Code ships: in Rust a ' mostly begins a lifetime.
QUOTES = "\"'"
QUOTES_OF = dict.fromkeys(("javascript", "typescript", "tsx", "go"), "\"'`") | {"rust": '"'}
# `autoCloseBefore` of VS Code's language configurations.
CLOSES_BEFORE = frozenset(";:.,=}])> \n\t`")
STRING_PREFIXES = {"python": frozenset("rbfuRBFU"), "rust": frozenset("rbc")}


@dataclass(frozen=True, slots=True)
class Key:
    """One key. text: what "type" types; n: how many characters "move" goes right."""

    kind: Kind
    text: str = ""
    n: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """`text` in place of start..end, offsets in code points of the text before."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Buffer:
    """Text and cursor (offset in code points).

    closers: what stands right of the cursor because the editor put it there. padding: how much of the line left of the
    cursor is indentation that nobody typed. unit: one step of indentation.
    """

    text: str
    cursor: int
    unit: str = "    "
    language: str = ""
    closers: str = ""
    padding: int = 0

    @property
    def left(self) -> str:
        return self.text[: self.cursor]

    @property
    def line_left(self) -> str:
        """The cursor's line up to the cursor."""
        return self.text[self.text.rfind("\n", 0, self.cursor) + 1 : self.cursor]

    @property
    def quotes(self) -> str:
        """The quotes that close by themselves."""
        return QUOTES_OF.get(self.language, QUOTES)

    @property
    def position(self) -> tuple[int, int]:
        """0-based line, and UTF-16 units left of the cursor on it."""
        return position_of(self.text, self.cursor)

    def applied(self, change: Change) -> Buffer:
        """The text after a change, with the cursor behind it; what the editor put there is forgotten."""
        text = self.text[: change.start] + change.text + self.text[change.end :]
        return replace(self, text=text, cursor=change.start + len(change.text), closers="", padding=0)


def position_of(text: str, offset: int) -> tuple[int, int]:
    """0-based line and UTF-16 units of an offset."""
    start = text.rfind("\n", 0, offset) + 1
    return text.count("\n", 0, start), len(text[start:offset].encode("utf-16-le")) // 2


def n_shared(one: str, other: str) -> int:
    """How many characters two texts begin alike with."""
    if one.startswith(other) or other.startswith(one):
        return min(len(one), len(other))
    return next(n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)


def press(buffer: Buffer, key: Key) -> tuple[Buffer, Change | None]:
    """The text after one key, and what changed in it; None when the cursor alone moved."""
    if key.kind == "type":
        return _type(buffer, key.text)
    if key.kind == "enter":
        return _enter(buffer)
    if key.kind == "tab":
        return _done(buffer, Change(buffer.cursor, buffer.cursor, buffer.unit), buffer.closers)
    if key.kind == "backspace":
        return _backspace(buffer)
    if key.kind == "delete":
        return _done(buffer, Change(buffer.cursor, buffer.cursor + 1, ""), buffer.closers[1:])
    return replace(buffer, cursor=buffer.cursor + key.n, closers=buffer.closers[key.n :], padding=0), None


def _done(buffer: Buffer, change: Change, closers: str, n_back: int = 0, padding: int = 0) -> tuple[Buffer, Change]:
    """After a change; the cursor stands n_back characters before its end."""
    after = buffer.applied(change)
    return replace(after, cursor=after.cursor - n_back, closers=closers, padding=padding), change


def _type(buffer: Buffer, text: str) -> tuple[Buffer, Change]:
    if buffer.closers.startswith(text):
        return _done(buffer, Change(buffer.cursor, buffer.cursor + 1, text), buffer.closers[1:])
    here = Change(buffer.cursor, buffer.cursor, text)
    if text in (*BRACKETS, *buffer.quotes) and _closes_itself(buffer, text):
        closer = PAIRS[text]
        return _done(buffer, replace(here, text=text + closer), closer + buffer.closers, n_back=1)
    return _done(buffer, here, buffer.closers)


def _closes_itself(buffer: Buffer, text: str) -> bool:
    right = buffer.text[buffer.cursor : buffer.cursor + 1]
    if right and right not in CLOSES_BEFORE and not buffer.closers:
        return False
    return text in BRACKETS or _starts_string(buffer, text)


def _starts_string(buffer: Buffer, quote: str) -> bool:
    """Whether a quote here would begin a string: not inside of one, behind a word, or as the third of three."""
    line = buffer.line_left
    if any(line.count(each) % 2 for each in buffer.quotes) or line.endswith(quote):
        return False
    word = line[len(line.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789")) :]
    return not word or (len(word) <= 2 and set(word) <= STRING_PREFIXES.get(buffer.language, frozenset()))


def _enter(buffer: Buffer) -> tuple[Buffer, Change]:
    line = buffer.line_left
    indentation = line[: len(line) - len(line.lstrip(" \t"))]
    start = buffer.cursor - (len(line) if buffer.padding and not line.strip() else 0)
    opener = line.rstrip()[-1:]
    is_open = opener in BRACKETS and opener != ""
    deeper = indentation + (buffer.unit if is_open or _opens_block(line, buffer.language) else "")
    if is_open and buffer.closers.startswith(PAIRS[opener]):
        below = "\n" + indentation
        change = Change(start, buffer.cursor, "\n" + deeper + below)
        return _done(buffer, change, below + buffer.closers, n_back=len(below), padding=len(deeper))
    return _done(buffer, Change(start, buffer.cursor, "\n" + deeper), buffer.closers, padding=len(deeper))


def _opens_block(line: str, language: str) -> bool:
    """Whether a line without an open bracket has a block below it."""
    line = line.strip()
    if not line.endswith(":"):
        return False
    return language == "python" or (language == "go" and line.startswith(("case ", "default:")))


def _backspace(buffer: Buffer) -> tuple[Buffer, Change]:
    line, at = buffer.line_left, buffer.cursor
    if line.endswith(" ") and not line.strip(" ") and buffer.unit.startswith(" "):
        n_spaces = (len(line) - 1) % len(buffer.unit) + 1
        return _done(buffer, Change(at - n_spaces, at, ""), buffer.closers, padding=max(buffer.padding - n_spaces, 0))
    closer = PAIRS.get(buffer.left[-1:])
    if closer and buffer.closers.startswith(closer):
        return _done(buffer, Change(at - 1, at + 1, ""), buffer.closers[1:])
    return _done(buffer, Change(at - 1, at, ""), buffer.closers)
