"""Which changed lines are read together. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass

# Lines of one stretch, changed or between changed ones. The evaluation has functions of this size.
MOST_LINES = 30
# Changed lines so near to each other are read together.
_MOST_BETWEEN = 3
# A stretch of fewer lines is read with so many lines around it: what is written before and behind a line tells whether
# it fits. On a development repository, of 40 single faulty lines 16 were found so, and 12 by themselves.
_FEW_LINES = 8
_AROUND = 4


@dataclass(frozen=True, slots=True)
class Stretch:
    """Rows first..last of a text (0-based, both included), and which of them are changed."""

    first: int
    last: int
    changed: frozenset[int]

    @property
    def n_lines(self) -> int:
        """How many lines it has."""
        return self.last - self.first + 1


def stretches(lines: Sequence[str], changed_rows: Collection[int], heads: Sequence[int]) -> tuple[Stretch, ...]:
    """The stretches of a text, in its order. heads: rows in which functions begin, sorted: none goes on over one.

    Lines without code (blank, or a comment) begin and end none.
    """
    telling = sorted(row for row in changed_rows if row < len(lines) and _is_telling(lines[row]))
    groups: list[list[int]] = []
    for row in telling:
        if groups and _goes_on(groups[-1], row, heads):
            groups[-1].append(row)
        else:
            groups.append([row])
    ends = [-1, *(group[-1] for group in groups)]
    firsts = [*(group[0] for group in groups), len(lines)]
    return tuple(
        _widened(lines, group, range(before + 1, after), heads)
        for group, before, after in zip(groups, ends, firsts[1:], strict=False)
    )


def _goes_on(group: Sequence[int], row: int, heads: Sequence[int]) -> bool:
    if row - group[-1] > _MOST_BETWEEN + 1 or row - group[0] >= MOST_LINES:
        return False
    return bisect_right(heads, group[-1]) == bisect_right(heads, row)


def _widened(lines: Sequence[str], group: Sequence[int], free: range, heads: Sequence[int]) -> Stretch:
    """A short stretch with lines around it that are free, of the same function, as far as they tell anything."""
    first, last = group[0], group[-1]
    if last - first + 1 < _FEW_LINES:
        own = bisect_right(heads, first)
        near = [row for row in free if first - _AROUND <= row <= last + _AROUND and bisect_right(heads, row) == own]
        telling = [row for row in near if _is_telling(lines[row])]
        first, last = min((first, *telling)), max((last, *telling))
    return Stretch(first, last, frozenset(group))


def _is_telling(line: str) -> bool:
    stripped = line.strip()
    return bool(stripped) and not stripped.startswith("#")
