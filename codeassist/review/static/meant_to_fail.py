"""Python code that is there to fail: what a test says has to raise, and what is tried and has a way out. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from codeassist.review.static.heads import text_of
from indexer.syntax import Step, SyntaxTree

_EXPECTS = r"(?:\b|_)(?:raises|assertRaises(?:Regex)?|suppress)\s*\([^)]*"


def is_meant_to_fail(syntax: SyntaxTree, start: int, end: int, *errors: str) -> bool:
    """Whether a place stands where one of these errors, by its own name, is expected, suppressed or caught."""
    named = rf"\b(?:{'|'.join(errors)})\b"
    way = syntax.way_to(start, end)
    return any(_expects(syntax, way, at, named) for at in range(len(way) - 1))


def _expects(syntax: SyntaxTree, way: Sequence[Step], at: int, named: str) -> bool:
    node, inner = way[at].node, way[at + 1]
    if inner.field != "body":
        return False
    if node.type == "with_statement":
        return any(
            re.search(f"{_EXPECTS}{named}", text_of(syntax, child))
            for child in node.named_children
            if child.type == "with_clause"
        )
    handlers = [child for child in node.named_children if child.type == "except_clause"]
    # What is caught, without what is done then.
    caught = (text_of(syntax, one).partition(":")[0] for one in handlers if node.type == "try_statement")
    return any(re.search(named, text) for text in caught)
