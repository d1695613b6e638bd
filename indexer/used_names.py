"""The names that a stretch of code uses, and those that it introduces itself. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

_WORD = re.compile(r"[^\W\d]\w*")
_PROSE = re.compile(
    r"comment|string_content|string_fragment|string_start|string_end|char_literal|escape|regex|heredoc_body"
)
_BEHIND_DOT = re.compile(rb"(?:\.|->|::)\s*$")
_BEFORE_CALL = re.compile(rb"!?\s*\(")
# How far back a dot is looked for.
_DOT_BYTES = 80

# Names that code introduces: all on a line that defines or imports, those behind a word that declares, and those that
# are assigned (several at once, too) or named as a parameter.
_DEFINES = re.compile(
    r"^.*\b(?:def|class|fn|func|function|fun|lambda|struct|enum|interface|trait|import|use)\b.*$", re.MULTILINE
)
_DECLARED = re.compile(r"\b(?:for|as|let|mut|const|var|val|type)\s+\(?((?:[^\W\d]\w*\s*,\s*)*[^\W\d]\w*)")
_ASSIGNED = re.compile(r"[^\W\d]\w*(?=\s*(?:,\s*[^\W\d]\w*\s*){0,8}(?::=|=(?![=>])|:(?!:|[ \t]*(?:\n|$))))")
_ARROW = re.compile(r"\(?([^\W\d]\w*(?:\s*,\s*[^\W\d]\w*){0,8})\)?\s*(?:=>|->)")


@dataclass(frozen=True, slots=True)
class UsedName:
    """A name and how it is used. start, end: where it stands, in bytes; all of it, also what stood there before."""

    name: str
    start: int
    end: int
    is_member: bool
    is_called: bool


def words_of(text: str) -> frozenset[str]:
    """Everything in a text that could be a name."""
    return frozenset(_WORD.findall(text))


def used_names(root: Node, source: bytes, start: int, end: int) -> list[UsedName]:
    """Names in the bytes from `start` to `end`, as wholes, in order; none of comments and of what strings say."""
    leaves = _leaves(root, start, end)
    return [used for leaf in leaves if (used := _used(leaf, source)) is not None]


def introduced(code: str) -> frozenset[str]:
    """Names that code introduces, judged by its looks."""
    found = (*_DEFINES.findall(code), *_DECLARED.findall(code), *_ASSIGNED.findall(code), *_ARROW.findall(code))
    return words_of(" ".join(found))


def _leaves(root: Node, start: int, end: int) -> Iterator[Node]:
    open_nodes = [root.descendant_for_byte_range(start, end) or root]
    while open_nodes:
        node = open_nodes.pop()
        if node.end_byte <= start or node.start_byte >= end or _PROSE.search(node.type):
            continue
        if node.child_count == 0:
            yield node
        open_nodes += reversed(node.children)


def _used(leaf: Node, source: bytes) -> UsedName | None:
    name = source[leaf.start_byte : leaf.end_byte].decode("utf-8", "replace")
    if not (leaf.is_named and _WORD.fullmatch(name)):
        return None
    is_member = _BEHIND_DOT.search(source, max(leaf.start_byte - _DOT_BYTES, 0), leaf.start_byte) is not None
    is_called = _BEFORE_CALL.match(source, leaf.end_byte) is not None
    return UsedName(name, leaf.start_byte, leaf.end_byte, is_member, is_called)
