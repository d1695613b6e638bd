"""The syntax trees of documents that are being edited. An edit parses only what it changed: some 0.3 ms, where a whole
file of 200 kB takes 17 ms.

A parse is given up after a while, whatever the grammar makes of the text; until then it lets other threads run.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from tree_sitter import Node, Parser, Point, Tree

from indexer.languages import language_named, language_of, load_toolkit

MAX_CHARACTERS = 512 * 1024
_LONGEST_PARSE_S = 0.04
_REMEMBERED = 8
# Bytes that the grammar is handed at a time. A character of four bytes fits in whatever is left of a text: tree-sitter
# asks again from a character that a piece breaks off in, and then wants all of it.
_PIECES = (4096, 2048, 1024, 512, 256, 128, 64, 32, 16, 8, 4, 3, 2, 1)
# A document that took too long is left alone for so many questions.
_REST = 50


@dataclass(frozen=True, slots=True)
class LiveTree:
    """A text, the same as bytes, and its syntax tree."""

    parser: Parser
    text: str
    source: bytes
    tree: Tree

    @property
    def root(self) -> Node:
        """The root of the tree."""
        return self.tree.root_node


class Pieces:
    """Hands a text out piece by piece, always in the same few buffers, of which one counts until the next is asked for.

    py-tree-sitter (up to 0.26.1, `parser_read_wrapper`) never lets go of what a reader returns. Were that the text, or
    a view of it, each edit of a document would leave a copy of it in memory for good.
    """

    def __init__(self) -> None:
        self._buffers = tuple(bytearray(size) for size in _PIECES)

    def at(self, source: bytes, offset: int) -> bytes | bytearray:
        """Some bytes from there on; none at the end."""
        left = len(source) - offset
        for buffer in self._buffers:
            if (size := len(buffer)) <= left:
                buffer[:] = source[offset : offset + size]
                return buffer
        return b""


class LiveTrees:
    """The trees of the last few documents that were asked about. May be used from any thread."""

    def __init__(self, clock: Callable[[], float] = time.thread_time) -> None:
        """clock: seconds of work, for the limit of a parse: what others take of the processor does not count."""
        self._clock = clock
        self._lock = threading.Lock()
        self._pieces = Pieces()
        self._trees: OrderedDict[str, LiveTree] = OrderedDict()
        self._resting: dict[str, int] = {}

    def of(self, path: str, language: str, text: str) -> LiveTree | None:
        """The tree of a document; None where there is no grammar or it takes too long. language: where the file's name
        says nothing."""
        known = language_of(path) or language_named(language)
        if known is None or len(text) > MAX_CHARACTERS:
            return None
        with self._lock:
            if self._is_resting(path):
                return None
            found = self._parsed(path, known.name, text)
            self._trees.pop(path, None)
            if found is None:
                self._resting[path] = _REST
                return None
            self._trees[path] = found
            while len(self._trees) > _REMEMBERED:
                self._trees.popitem(last=False)
        return found

    def changed(self, before: LiveTree, text: str) -> LiveTree | None:
        """The tree of the same document with another text; nothing of it is remembered. None where that takes too
        long."""
        with self._lock:
            return _reparsed(before, text, self._pieces, self._clock)

    def _parsed(self, path: str, language: str, text: str) -> LiveTree | None:
        before = self._trees.get(path)
        if before is not None:
            return _reparsed(before, text, self._pieces, self._clock)
        toolkit = load_toolkit(language)
        if toolkit is None:
            return None
        source = text.encode("utf-8", "replace")
        tree = _parse(toolkit.parser, source, None, self._pieces, self._clock)
        return LiveTree(toolkit.parser, text, source, tree) if tree is not None else None

    def _is_resting(self, path: str) -> bool:
        left = self._resting.pop(path, 0)
        if left > 1:
            self._resting[path] = left - 1
        return left > 0


def tree_of(path: str, text: str) -> LiveTree | None:
    """The tree of a text that is not being edited, parsed in one go: nothing of it is remembered, and no reader, whose
    buffers would be, is needed. None where there is no grammar.
    """
    known = language_of(path)
    toolkit = load_toolkit(known.name) if known is not None else None
    if toolkit is None:
        return None
    source = text.encode("utf-8", "replace")
    return LiveTree(toolkit.parser, text, source, toolkit.parser.parse(source))


def byte_offset(text: str, offset: int) -> int:
    """Where a place in a text stands in its bytes."""
    return offset if text.isascii() else len(text[:offset].encode("utf-8", "replace"))


def _reparsed(before: LiveTree, text: str, pieces: Pieces, clock: Callable[[], float]) -> LiveTree | None:
    if text == before.text:
        return before
    source = text.encode("utf-8", "replace")
    start = _n_common(before.source, source)
    n_tail = _n_common_at_end(before.source, source, start)
    old_end, new_end = len(before.source) - n_tail, len(source) - n_tail
    old = before.tree.copy()
    old.edit(
        start,
        old_end,
        new_end,
        _point(source, start),
        _point(before.source, old_end),
        _point(source, new_end),
    )
    tree = _parse(before.parser, source, old, pieces, clock)
    return LiveTree(before.parser, text, source, tree) if tree is not None else None


def _parse(parser: Parser, source: bytes, old: Tree | None, pieces: Pieces, clock: Callable[[], float]) -> Tree | None:
    """The tree, or None once it has taken too long. Between its steps other threads may run."""
    end = clock() + _LONGEST_PARSE_S

    def read(offset: int, _: Point) -> bytes | bytearray:
        return pieces.at(source, offset)

    def is_over(_: int, __: bool) -> bool:
        return clock() > end

    try:
        if old is None:
            return parser.parse(read, progress_callback=is_over)
        return parser.parse(read, old, progress_callback=is_over)
    except ValueError:  # what tree-sitter raises for a parse that was stopped
        parser.reset()
        return None


def _n_common(one: bytes, other: bytes) -> int:
    """How many bytes two texts begin with in common; each byte is looked at a few times at most."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _n_common_at_end(one: bytes, other: bytes, start: int) -> int:
    """The same for the ends of two texts, as far as they stand behind a place."""
    low, high = 0, min(len(one), len(other)) - start
    while low < high:
        middle = (low + high + 1) // 2
        if one[len(one) - middle : len(one) - low] == other[len(other) - middle : len(other) - low]:
            low = middle
        else:
            high = middle - 1
    return low


def _point(source: bytes, offset: int) -> Point:
    return Point(source.count(b"\n", 0, offset), offset - (source.rfind(b"\n", 0, offset) + 1))
