"""A changed file -> what one question shows of it. Pure.

A stretch is a hunk with the lines around it: those of its definition where that is short. Stretches that touch are one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from codeassist.review.changes import ChangedFile, Hunk, Span
from codeassist.review.model_review.cleaning import Cleaned, cleaned
from indexer.outline import Outlined

NEAR_LINES = 8
# A definition of no more lines is shown as a whole.
MAX_DEFINITION_LINES = 60
# Stretches with so few lines between them are one.
MAX_GAP = 3
# What the number and the mark take of a line.
_MARGIN = 8


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line as a model sees it. number: in the new text, 1-based; 0 for a line that is gone."""

    number: int
    mark: Literal["+", " ", "-"]
    text: str


@dataclass(frozen=True)
class ShownFile:
    """All lines of a changed file that may be shown, in order, and which may be spoken of: those that changed, and
    those beside a place from which lines are gone."""

    path: str
    lines: tuple[ShownLine, ...]
    anchors: frozenset[int]
    new: Cleaned

    @cached_property
    def by_number(self) -> dict[int, str]:
        """Lines of the new text as they are shown."""
        return {line.number: line.text for line in self.lines if line.number}


@dataclass(frozen=True)
class Portion:
    """What one question shows of a file: stretches of lines."""

    file: ShownFile
    stretches: tuple[tuple[ShownLine, ...], ...]

    @property
    def numbers(self) -> frozenset[int]:
        """Of the lines of the new text that it shows."""
        return frozenset(line.number for stretch in self.stretches for line in stretch if line.number)

    @property
    def span(self) -> Span:
        """From the first to the last of them."""
        return min(self.numbers, default=1), max(self.numbers, default=1)

    @property
    def n_changed(self) -> int:
        """Lines that are new, different or gone."""
        return sum(line.mark != " " for stretch in self.stretches for line in stretch)


def shown_file(file: ChangedFile) -> ShownFile:
    """The file's lines as they may be shown, with those that are gone before what stands in their place."""
    new = cleaned(file.new_lines)
    gone = {hunk.new_start: cleaned(hunk.old_lines).lines for hunk in file.hunks if hunk.old_lines}
    lines: list[ShownLine] = []
    for number in range(1, len(new.lines) + 2):
        lines += [ShownLine(0, "-", text) for text in gone.get(number, ())]
        if number <= len(new.lines):
            lines.append(ShownLine(number, "+" if number in file.changed_lines else " ", new.lines[number - 1]))
    beside = {near for hunk in file.hunks if not hunk.new_lines for near in (hunk.new_start - 1, hunk.new_start)}
    anchors = file.changed_lines | {number for number in beside if 1 <= number <= len(new.lines)}
    return ShownFile(file.path, tuple(lines), frozenset(anchors), new)


def portions(file: ShownFile, hunks: Sequence[Hunk], outline: Sequence[Outlined], n_characters: int) -> list[Portion]:
    """The file's changes, in as few questions as hold them. n_characters: room of one question for the code."""
    spans = _joined(_around(hunk, outline, len(file.by_number)) for hunk in hunks)
    pieces = [piece for span in spans for piece in _cut(_lines_of(file, span), n_characters)]
    found: list[Portion] = []
    held: list[tuple[ShownLine, ...]] = []
    room = n_characters
    for piece in pieces:
        if held and room < _size(piece):
            found.append(Portion(file, tuple(held)))
            held, room = [], n_characters
        held.append(piece)
        room -= _size(piece)
    return [*found, Portion(file, tuple(held))] if held else found


def _around(hunk: Hunk, outline: Sequence[Outlined], n_lines: int) -> Span:
    first, last = hunk.new_start, hunk.new_start + max(len(hunk.new_lines), 1) - 1
    start, end = first - NEAR_LINES, last + NEAR_LINES
    for item in outline:
        is_short = item.end_line - item.start_line < MAX_DEFINITION_LINES
        if is_short and item.start_line <= last and first <= item.end_line:
            start, end = min(start, item.start_line), max(end, item.end_line)
    return max(1, start), min(max(n_lines, 1), end)


def _joined(spans: Iterable[Span]) -> list[Span]:
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1] + MAX_GAP:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined


def _lines_of(file: ShownFile, span: Span) -> list[ShownLine]:
    """The lines of a stretch of the new text, and those that are gone from it."""
    found: list[ShownLine] = []
    following = 1
    for line in file.lines:
        if span[0] <= following <= span[1] + (line.number == 0):
            found.append(line)
        following = line.number + 1 if line.number else following
    return found


def _cut(lines: Sequence[ShownLine], n_characters: int) -> list[tuple[ShownLine, ...]]:
    """The lines in pieces that have room, without those in which nothing changed."""
    pieces: list[list[ShownLine]] = [[]]
    room = n_characters
    for line in lines:
        if pieces[-1] and room < _length(line):
            pieces.append([])
            room = n_characters
        pieces[-1].append(line)
        room -= _length(line)
    return [tuple(piece) for piece in pieces if any(line.mark != " " for line in piece)]


def _size(lines: Sequence[ShownLine]) -> int:
    return sum(map(_length, lines))


def _length(line: ShownLine) -> int:
    return len(line.text) + _MARGIN + 1
