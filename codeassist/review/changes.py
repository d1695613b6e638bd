"""The values that a change is made of: all frozen, all plain. Lines are 1-based, spans inclusive."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

FileStatus = Literal["added", "modified", "deleted", "renamed", "copied"]
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines that were put in the place of others, without context. A start is where the first line stands or would
    stand; either side may be empty."""

    old_start: int
    old_lines: tuple[str, ...]
    new_start: int
    new_lines: tuple[str, ...]


@dataclass(frozen=True)
class ChangedFile:
    """One file of a change. former: its path before, where that was another.

    old_text, new_text: with LF line ends; None where there was or is none, and where the text cannot be read: `skipped`
    says why ("binary", "submodule", "symbolic link", "LFS pointer", "larger than 1024 KB", "minified").
    hunks: given where they are known from a diff alone; else computed from both texts.
    n_bytes: of the new content, also where that was too large to be read; 0 where nobody knows.
    """

    path: str
    status: FileStatus
    former: str = ""
    old_text: str | None = None
    new_text: str | None = None
    skipped: str = ""
    given_hunks: tuple[Hunk, ...] = ()
    n_bytes: int = 0

    @cached_property
    def hunks(self) -> tuple[Hunk, ...]:
        """What differs, from the first line to the last."""
        return self.given_hunks or hunks_of(self.old_text or "", self.new_text or "")

    @cached_property
    def changed_lines(self) -> frozenset[int]:
        """Numbers of the lines of the new text that are new or different."""
        return frozenset(
            number for hunk in self.hunks for number in range(hunk.new_start, hunk.new_start + len(hunk.new_lines))
        )

    @cached_property
    def new_lines(self) -> tuple[str, ...]:
        """The lines of the new text."""
        return lines_of(self.new_text or "")


@dataclass(frozen=True, slots=True)
class Changes:
    """What is reviewed. source: in words for a person, as "staged changes". notes: what could not be looked at.

    message: of the commit, where there is one already.
    is_whole: whether all lines of the files count as changed (`--all-files`).
    """

    source: str
    files: tuple[ChangedFile, ...]
    notes: tuple[str, ...] = ()
    message: str = ""
    is_whole: bool = field(default=False)


def lines_of(text: str) -> tuple[str, ...]:
    """Lines without their ends; what follows the last line end is one only where it is not empty."""
    lines = text.split("\n")
    return tuple(lines[:-1] if lines[-1] == "" else lines)


def hunks_of(old: str, new: str) -> tuple[Hunk, ...]:
    """Where two texts differ. Lines that both begin or end with are not compared one by one."""
    before, after = lines_of(old), lines_of(new)
    head = _common(before, after)
    tail = _common(before[head:][::-1], after[head:][::-1])
    middle_before, middle_after = before[head : len(before) - tail], after[head : len(after) - tail]
    if not middle_before or not middle_after:
        pairs = [(0, len(middle_before), 0, len(middle_after))] if middle_before or middle_after else []
    else:
        matcher = difflib.SequenceMatcher(None, middle_before, middle_after, autojunk=True)
        pairs = [code[1:] for code in matcher.get_opcodes() if code[0] != "equal"]
    return tuple(Hunk(head + a + 1, middle_before[a:b], head + c + 1, middle_after[c:d]) for a, b, c, d in pairs)


def _common(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
