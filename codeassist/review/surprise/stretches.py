"""Which changed lines are read together. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass

# Lines of one stretch, changed or between changed ones. The evaluation has functions of this size.
MOST_LINES = 30
# Changed lines so near to each other are read together.
_MOST_BETWEEN = 3


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
    return tuple(Stretch(group[0], group[-1], frozenset(group)) for group in groups)


def _goes_on(group: Sequence[int], row: int, heads: Sequence[int]) -> bool:
    if row - group[-1] > _MOST_BETWEEN + 1 or row - group[0] >= MOST_LINES:
        return False
    return bisect_right(heads, group[-1]) == bisect_right(heads, row)


def _is_telling(line: str) -> bool:
    stripped = line.strip()
    return bool(stripped) and not stripped.startswith("#")
