"""What syntax trees tell of a text at a cursor: the names it uses, and whether the file parses with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from bench.quality.cases import Case
from indexer.languages import language_of, load_toolkit

_WORD = re.compile(r"[^\W\d]\w*")
_NAME = re.compile(r"[^\W\d]\w{2,}")
_PROSE = re.compile(r"string|comment|char|regex")
_BEHIND_DOT = re.compile(rb"(?:\.|->|::)\s*$")
_BEFORE_CALL = re.compile(rb"!?\s*\(")


@dataclass(frozen=True, slots=True)
class Use:
    """One name of three letters or more, and how it is used."""

    name: str
    is_member: bool
    is_called: bool


def words(text: str) -> frozenset[str]:
    """Everything in a text that could be a name."""
    return frozenset(_WORD.findall(text))


def uses_of(case: Case, text: str) -> list[Use]:
    """Names in a text at the cursor, those that it ends or begins within as a whole; none of strings and comments.

    Nothing where the language has no grammar.
    """
    root = _tree(case, text)
    if root is None:
        return []
    source = case.filled(text).encode("utf-8", "replace")
    start = len(case.before.encode("utf-8", "replace"))
    leaves = _leaves(root, start, start + len(text.encode("utf-8", "replace")))
    return list(dict.fromkeys(use for leaf in leaves if (use := _use(leaf, source)) is not None))


def parses(case: Case, text: str) -> bool | None:
    """Whether the file has no more syntax errors with a text at the cursor than with what stood there.

    None where the language has no grammar.
    """
    with_text, with_truth = _tree(case, text), _tree(case, case.truth)
    if with_text is None or with_truth is None:
        return None
    return n_errors(with_text) <= n_errors(with_truth)


def n_errors(root: Node) -> int:
    """Nodes that are wrong or missing in a syntax tree."""
    n_found, open_nodes = 0, [root]
    while open_nodes:
        node = open_nodes.pop()
        n_found += node.is_error or node.is_missing
        open_nodes += [child for child in node.children if child.has_error]
    return n_found


def _tree(case: Case, text: str) -> Node | None:
    language = language_of(case.document.path)
    toolkit = load_toolkit(language.name) if language else None
    return toolkit.parser.parse(case.filled(text).encode("utf-8", "replace")).root_node if toolkit else None


def _leaves(root: Node, start: int, end: int) -> Iterator[Node]:
    """Leaves that reach into a stretch of the source, in order."""
    open_nodes = [root]
    while open_nodes:
        node = open_nodes.pop()
        if node.end_byte <= start or node.start_byte >= end or _PROSE.search(node.type):
            continue
        if node.child_count == 0:
            yield node
        open_nodes += reversed(node.children)


def _use(leaf: Node, source: bytes) -> Use | None:
    name = source[leaf.start_byte : leaf.end_byte].decode("utf-8", "replace")
    if not (leaf.is_named and _NAME.fullmatch(name)):
        return None
    is_member = _BEHIND_DOT.search(source, max(leaf.start_byte - 80, 0), leaf.start_byte) is not None
    return Use(name, is_member, _BEFORE_CALL.match(source, leaf.end_byte) is not None)
