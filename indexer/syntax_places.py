"""What a syntax tree tells of a place: whether it is in prose, and where the block around it ends. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from tree_sitter import Node

Prose = Literal["", "string", "comment"]

_COMMENT = re.compile(r"comment")
_STRING = re.compile(r"string|template_literal|char_literal|character_literal|heredoc|rune_literal|regex")
# Code inside of a string.
_CODE_IN_STRING = re.compile(r"interpolation|substitution|template_expression|embedded|expression_list")
_BLOCK = re.compile(
    r"^(?:block|.*_block|.*_body|body|.*_body_statement|body_statement|compound_statement|declaration_list|.*declaration_list"
    r"|enum_member_declaration_list|switch_block|statements|do_block|begin|then|else|case_clause|match_block)$"
)
# A node finds its parent from the root down, so that all nodes around a place are dear where code is nested deeply.
_MAX_AROUND = 200
_CLOSERS = (b"}", b")", b"]", b"end")


def prose_at(root: Node, source: bytes, offset: int) -> Prose:
    """Whether a place stands in a comment or in what a string says. offset: in bytes."""
    for node in _around(root, max(offset - 1, 0), offset):
        if _COMMENT.search(node.type):
            return "comment" if offset > node.start_byte and not _is_closed(node, source, offset) else ""
        if _CODE_IN_STRING.search(node.type) and node.start_byte < offset < node.end_byte:
            return ""
        if _STRING.search(node.type) and node.start_byte < offset < node.end_byte and not _is_delimiter(node, offset):
            return "string"
    return ""


def block_end(root: Node, source: bytes, offset: int, *, opens: bool) -> int | None:
    """Where the block that a place belongs to ends; None where that is not known.

    opens: whether the block begins there: behind its opener, in the same line.
    """
    if opens:
        node = next((one for one in _around(root, max(offset - 1, 0), offset) if one.end_byte > offset), None)
    else:
        node = next((one for one in _around(root, offset, offset + 1) if _BLOCK.match(one.type)), None)
    if node is None or node.parent is None or node.has_error:
        return None
    return len(source[: node.end_byte].rstrip())


def statement_start(root: Node, offset: int) -> int:
    """Where the statement around a place begins: the innermost one that stands in a block, or in the file itself."""
    start = offset
    for node in _around(root, offset, offset + 1):
        if node.parent is None or _BLOCK.match(node.type):
            break
        start = node.start_byte
    return start


def has_error_between(root: Node, start: int, end: int) -> bool:
    """Whether something is wrong or missing in a stretch of the source."""
    open_nodes = [root]
    while open_nodes:
        node = open_nodes.pop()
        if node.start_byte < end and node.end_byte >= start and (node.is_error or node.is_missing):
            return True
        open_nodes += [child for child in node.children if child.has_error and child.start_byte < end]
    return False


def closer_before(source: bytes, offset: int) -> bytes:
    """What closes a block right before a place: "" where it ends without."""
    return next((closer for closer in _CLOSERS if source.endswith(closer, 0, offset)), b"")


def _around(root: Node, start: int, end: int) -> Iterator[Node]:
    """Nodes that hold a stretch of the source, the innermost `_MAX_AROUND` of them, from within."""
    node = root.descendant_for_byte_range(start, end) or root.descendant_for_byte_range(start, start)
    for _ in range(_MAX_AROUND):
        if node is None:
            return
        yield node
        node = node.parent


def _is_closed(comment: Node, source: bytes, offset: int) -> bool:
    """Whether a place behind a comment is behind its end: that of a line comment is the line's."""
    return offset >= comment.end_byte and source.endswith((b"*/", b"-->", b"=end"), 0, comment.end_byte)


def _is_delimiter(node: Node, offset: int) -> bool:
    return "string_end" in node.type and offset >= node.end_byte
