"""A text with its syntax, read when it is first asked for."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate

from codeassist.types import Cursor
from indexer.syntax import SyntaxTree, syntax_of


@dataclass(frozen=True)
class Source:
    """One text with LF line ends, by its path."""

    path: str
    text: str

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """Lines without their ends."""
        return tuple(self.text.split("\n"))

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """Where each line starts."""
        return tuple(accumulate((len(line) + 1 for line in self.lines), initial=0))[:-1]

    @cached_property
    def syntax(self) -> SyntaxTree | None:
        """The tree; None for large texts and where there is no grammar."""
        return syntax_of(self.path, self.text)

    def row(self, offset: int) -> int:
        """The line of an offset."""
        return bisect_right(self.starts, offset) - 1

    def cursor(self, offset: int) -> Cursor:
        """Line and column of an offset."""
        row = self.row(offset)
        return Cursor(row, offset - self.starts[row])


@lru_cache(maxsize=24)
def source_of(path: str, text: str) -> Source:
    """The source of a text; those that were asked for lately keep what was read of them."""
    return Source(path, text)
