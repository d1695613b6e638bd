"""File -> chunks: whole definitions where they fit, runs of small ones, line windows where there is no grammar.

The chunks of a file cover each of its lines exactly once, in order; blank stretches at the edges are left out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache

from tree_sitter import Node

from indexer.parsing import Parsed
from indexer.types import Chunk

MIN_LINES = 10
TARGET_LINES = 25
MAX_LINES = 40
# Four characters a token: the longest chunk is about 1000 tokens.
MAX_CHARS = 4000
MAX_CHUNKS = 5000

_DEFINITION_WORDS = ("definition", "declaration", "_item", "class", "method", "function", "module")


def syntax_chunks(parsed: Parsed, path: str, lines: list[str], language: str) -> tuple[Chunk, ...]:
    """Chunks along the borders of definitions. lines: the file's lines without line ends."""
    starts = sorted(set(_starts(parsed.root)))
    spans = _joined(_spans(starts, len(lines)))
    return _chunks(spans, path, lines, language)


def line_chunks(path: str, lines: list[str], language: str) -> tuple[Chunk, ...]:
    """Windows of lines that end at a blank line where there is one."""
    spans: list[tuple[int, int]] = []
    start = 0
    while start < len(lines):
        end = _window_end(lines, start)
        spans.append((start, end))
        start = end
    return _chunks(spans, path, lines, language)


def _window_end(lines: list[str], start: int) -> int:
    furthest = min(start + MAX_LINES, len(lines))
    if furthest == len(lines):
        return furthest
    blanks = (row for row in range(furthest - 1, start + MIN_LINES, -1) if not lines[row].strip())
    return next(blanks, furthest)


def _starts(root: Node) -> Iterable[tuple[int, bool]]:
    """(row, is a definition) wherever a chunk may start: top-level nodes, and the insides of long ones; in no order.

    Callbacks, `else if` and long sums nest hundreds of levels deep, which is more than may recurse.
    """
    waiting = [root]
    while waiting:
        comment_row: int | None = None
        for child in waiting.pop().named_children:
            row = child.start_point.row
            is_comment, is_definition = _told_by_type(child.type)
            if is_comment:
                comment_row = row if comment_row is None else comment_row
                continue
            start = comment_row if comment_row is not None else row
            comment_row = None
            yield start, is_definition
            if child.end_point.row - row >= MAX_LINES:
                waiting.append(child)


@lru_cache(maxsize=1 << 12)
def _told_by_type(node_type: str) -> tuple[bool, bool]:
    """Whether nodes of this type are comments, and definitions."""
    return "comment" in node_type, any(word in node_type for word in _DEFINITION_WORDS)


def _spans(starts: list[tuple[int, bool]], n_lines: int) -> list[tuple[int, int, bool]]:
    """Half-open row ranges that tile the file, each with whether a definition starts it."""
    rows: dict[int, bool] = {0: False}
    for row, is_definition in starts:
        rows[row] = rows.get(row, False) or is_definition
    ordered = sorted(row for row in rows if row < n_lines)
    ends = [*ordered[1:], n_lines]
    return [(start, end, rows[start]) for start, end in zip(ordered, ends, strict=True)]


def _joined(spans: list[tuple[int, int, bool]]) -> list[tuple[int, int]]:
    """Neighbours put together until they are worth reading, never beyond MAX_LINES; long ones cut into windows."""
    joined: list[tuple[int, int]] = []
    start = end = 0
    for span_start, span_end, is_definition in spans:
        fits = span_end - start <= MAX_LINES
        wants_own = is_definition and (end - start >= MIN_LINES or span_end - span_start >= TARGET_LINES)
        if end > start and (wants_own or (not fits and end - start >= MIN_LINES)):
            joined.append((start, end))
            start = span_start
        end = span_end
        while end - start > MAX_LINES:
            joined.append((start, start + TARGET_LINES))
            start += TARGET_LINES
    if end > start:
        joined.append((start, end))
    return joined


def _chunks(spans: Iterable[tuple[int, int]], path: str, lines: list[str], language: str) -> tuple[Chunk, ...]:
    chunks: list[Chunk] = []
    for start, end in spans:
        for part_start, part_end in _within_chars(lines, *_without_blanks(lines, start, end)):
            text = "\n".join(lines[part_start:part_end])
            chunks.append(Chunk(path, part_start + 1, part_end, text, language, content_hash(text)))
    return tuple(chunks[:MAX_CHUNKS])


def _without_blanks(lines: list[str], start: int, end: int) -> tuple[int, int]:
    while start < end and not lines[start].strip():
        start += 1
    while end > start and not lines[end - 1].strip():
        end -= 1
    return start, end


def _within_chars(lines: list[str], start: int, end: int) -> Iterable[tuple[int, int]]:
    """The range cut so that no part has more than MAX_CHARS; a longer single line is left out."""
    if start < end and sum(map(len, lines[start:end])) + end - start <= MAX_CHARS:
        yield start, end
        return
    size, first = 0, start
    for row in range(start, end):
        length = len(lines[row]) + 1
        if size + length > MAX_CHARS:
            if row > first:
                yield first, row
            first, size = row, 0
        if length > MAX_CHARS:
            first = row + 1
            continue
        size += length
    if end > first:
        yield first, end


def content_hash(text: str) -> str:
    """Identity of a chunk's text, 32 hex digits: equal text is embedded once, wherever it stands."""
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).hexdigest()
