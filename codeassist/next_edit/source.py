"""A text with its syntax, read when it is first asked for."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import accumulate

from codeassist.types import Cursor
from indexer.live_trees import LiveTree, LiveTrees, tree_of
from indexer.syntax import MAX_CHARS, SyntaxTree

# Of open documents, which change a little at a time.
_TREES = LiveTrees()


@dataclass(frozen=True)
class Source:
    """One text with LF line ends, by its path.

    parse: gives the tree; None where there is no grammar, or it takes too long.
    """

    path: str
    text: str
    parse: Callable[[], LiveTree | None] = field(repr=False, compare=False)

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """Lines without their ends."""
        return tuple(self.text.split("\n"))

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """Where each line starts."""
        return tuple(accumulate((len(line) + 1 for line in self.lines), initial=0))[:-1]

    @cached_property
    def _tree(self) -> LiveTree | None:
        return self.parse() if len(self.text) <= MAX_CHARS else None

    @cached_property
    def syntax(self) -> SyntaxTree | None:
        """The tree, if there is one."""
        return SyntaxTree(self.text, self._tree.tree) if self._tree is not None else None

    def with_text(self, text: str) -> Source:
        """The same with another text, of which only what differs is parsed."""
        return Source(self.path, text, lambda: _TREES.changed(self._tree, text) if self._tree is not None else None)

    def row(self, offset: int) -> int:
        """The line of an offset."""
        return bisect_right(self.starts, offset) - 1

    def cursor(self, offset: int) -> Cursor:
        """Line and column of an offset."""
        row = self.row(offset)
        return Cursor(row, offset - self.starts[row])


@lru_cache(maxsize=8)
def open_source(path: str, text: str) -> Source:
    """The source of an open document; those that were asked for lately keep what was read of them."""
    return Source(path, text, lambda: _TREES.of(path, "", text))


@lru_cache(maxsize=8)
def source_of(path: str, text: str) -> Source:
    """The source of a file that is not open."""
    return Source(path, text, lambda: tree_of(path, text))
