"""A text's syntax tree for questions about single places: what surrounds them, and whether an edit breaks anything.

No query runs over the tree, which makes this some four times cheaper than `parsing.parse`; the trees are those of
`live_trees`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, islice

from tree_sitter import Node, Tree

# So many characters take some 30 ms to parse.
MAX_CHARS = 200_000
# So many places of a name are looked at in one text.
MAX_PLACES = 300
MAX_DEPTH = 200
# Faults beyond this number are not counted: two texts that are so broken are equally broken.
MAX_FAULTS = 200

_WORD = re.compile(r"[\w$]")

Span = tuple[int, int]
# What trees are made of, for those who know nothing of the parser.
SyntaxNode = Node


@dataclass(frozen=True, slots=True)
class Step:
    """A node on the way from the root to a place, and the field of its parent that it is, "" for none."""

    node: Node
    field: str


@dataclass(frozen=True)
class SyntaxTree:
    """One parsed text. Offsets given and taken are code points."""

    text: str
    tree: Tree

    @cached_property
    def source(self) -> bytes:
        """The text as it was parsed."""
        return self.text.encode("utf-8", "replace")

    @cached_property
    def _starts(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Where each line starts, in bytes and in code points."""
        in_bytes, in_points = (
            accumulate((len(line) + 1 for line in lines), initial=0)
            for lines in (self.source.split(b"\n"), self.text.split("\n"))
        )
        return tuple(in_bytes), tuple(in_points)

    def offset(self, byte: int) -> int:
        """The code point at a byte."""
        if self.text.isascii():
            return byte
        in_bytes, in_points = self._starts
        line = bisect_right(in_bytes, byte) - 1
        return in_points[line] + len(self.source[in_bytes[line] : byte].decode("utf-8", "replace"))

    def byte(self, offset: int) -> int:
        """The byte at a code point."""
        if self.text.isascii():
            return offset
        in_bytes, in_points = self._starts
        line = bisect_right(in_points, offset) - 1
        return in_bytes[line] + len(self.text[in_points[line] : offset].encode("utf-8", "replace"))

    def span(self, node: Node) -> Span:
        """Where a node stands."""
        return self.offset(node.start_byte), self.offset(node.end_byte)

    def words(self, name: str) -> Iterator[Span]:
        """Where a name stands as a whole word, the first `MAX_PLACES`."""
        # A look behind the start would keep the search from jumping from one occurrence to the next.
        found = (match.span() for match in re.finditer(rf"{re.escape(name)}(?![\w$])", self.text))
        return islice((span for span in found if not _WORD.match(self.text[max(0, span[0] - 1) : span[0]])), MAX_PLACES)

    def way_to(self, start: int, end: int) -> list[Step]:
        """The nodes that hold start..end, from the root to the innermost one."""
        first, last = self.byte(start), self.byte(end)
        cursor = self.tree.walk()
        way = [Step(self.tree.root_node, "")]
        while len(way) < MAX_DEPTH and cursor.goto_first_child_for_byte(first) is not None:
            node = cursor.node
            if node is None or node.start_byte > first or node.end_byte < last:
                break
            way.append(Step(node, cursor.field_name or ""))
        return way

    @cached_property
    def n_faults(self) -> int:
        """How many places do not parse."""
        return sum(1 for _ in islice(_faults(self.tree.root_node), MAX_FAULTS))


def _faults(root: Node) -> Iterator[Node]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if not node.has_error:
            continue
        if node.is_error or node.is_missing:
            yield node
        waiting.extend(node.children)
