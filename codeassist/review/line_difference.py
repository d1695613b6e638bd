"""Where two texts differ, in a time that goes with their length. Pure.

Lines that stand once in either text and follow one another in both divide them (a patience diff); what is between two
of these is compared line by line where it is short, and else counts as replaced as a whole.
"""

from __future__ import annotations

import difflib
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

# Lines before times lines after that are compared one by one: some tenths of a second at most.
MAX_PAIRS = 250_000

Lines = Sequence[str]
_Span = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines that were put in the place of others, without context. A start is where the first line stands or would
    stand; either side may be empty."""

    old_start: int
    old_lines: tuple[str, ...]
    new_start: int
    new_lines: tuple[str, ...]


def lines_of(text: str) -> tuple[str, ...]:
    """Lines without their ends; what follows the last line end is one only where it is not empty."""
    lines = text.split("\n")
    return tuple(lines[:-1] if lines[-1] == "" else lines)


def hunks_of(old: str, new: str) -> tuple[Hunk, ...]:
    """Where two texts differ, from the first line to the last."""
    before, after = lines_of(old), lines_of(new)
    spans = _joined(_different(before, after, (0, len(before), 0, len(after))))
    return tuple(Hunk(a + 1, before[a:b], c + 1, after[c:d]) for a, b, c, d in spans)


def _different(before: Lines, after: Lines, whole: _Span) -> Iterator[_Span]:
    waiting = [whole]
    while waiting:
        a, b, c, d = _inner(before, after, waiting.pop())
        if a == b or c == d:
            if a < b or c < d:
                yield a, b, c, d
        elif (b - a) * (d - c) <= MAX_PAIRS:
            yield from _compared(before, after, (a, b, c, d))
        elif anchors := _anchors(before[a:b], after[c:d]):
            waiting.extend(reversed(list(_between(anchors, (a, b, c, d)))))
        else:
            yield a, b, c, d


def _inner(before: Lines, after: Lines, span: _Span) -> _Span:
    """The span without the lines that both of its sides begin or end with."""
    a, b, c, d = span
    while a < b and c < d and before[a] == after[c]:
        a, c = a + 1, c + 1
    while a < b and c < d and before[b - 1] == after[d - 1]:
        b, d = b - 1, d - 1
    return a, b, c, d


def _compared(before: Lines, after: Lines, span: _Span) -> Iterator[_Span]:
    a, b, c, d = span
    matcher = difflib.SequenceMatcher(None, before[a:b], after[c:d], autojunk=False)
    for kind, i, j, k, m in matcher.get_opcodes():
        if kind != "equal":
            yield a + i, a + j, c + k, c + m


def _anchors(before: Lines, after: Lines) -> list[tuple[int, int]]:
    """Pairs of rows whose lines stand once in either, as many as follow one another in both."""
    rows = _single(after)
    pairs = [(row, rows[line]) for line, row in _single(before).items() if line in rows]
    return longest_run(pairs)


def _single(lines: Lines) -> dict[str, int]:
    count = Counter(lines)
    return {line: row for row, line in enumerate(lines) if count[line] == 1}


def longest_run(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The most pairs, given by their first numbers, whose second numbers grow, too."""
    ends: list[int] = []
    places: list[int] = []
    former: list[int] = []
    for place, (_, row) in enumerate(pairs):
        at = bisect_left(ends, row)
        former.append(places[at - 1] if at else -1)
        ends[at : at + 1] = [row]
        places[at : at + 1] = [place]
    run, place = [], places[-1] if places else -1
    while place >= 0:
        run.append(pairs[place])
        place = former[place]
    return run[::-1]


def _between(anchors: Sequence[tuple[int, int]], span: _Span) -> Iterator[_Span]:
    a, b, c, d = span
    left, right = a, c
    for row, other in anchors:
        yield left, a + row, right, c + other
        left, right = a + row + 1, c + other + 1
    yield left, b, right, d


def _joined(spans: Iterator[_Span]) -> list[_Span]:
    """Spans that touch are one."""
    joined: list[_Span] = []
    for span in spans:
        if joined and joined[-1][1] == span[0] and joined[-1][3] == span[2]:
            joined[-1] = (joined[-1][0], span[1], joined[-1][2], span[3])
        else:
            joined.append(span)
    return joined
