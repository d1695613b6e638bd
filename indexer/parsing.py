"""Source text -> syntax tree and what the queries find in it.

Parsing holds the interpreter's lock until it is done and cannot be interrupted, so large files are never parsed and
unknown repositories are parsed in worker processes (`workers.py`) that can be abandoned.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

from tree_sitter import Node, QueryCursor

from indexer.languages import Language, load_toolkit

# tree-sitter parses about 7 MB of code a second; half a megabyte keeps one parse below 0.1 s.
MAX_PARSED_BYTES = 512 * 1024

# Bounds the states that one query pass keeps alive; beyond it tree-sitter drops the oldest.
MATCH_LIMIT = 4096

# A query takes time by the square of what stands side by side in a place that is no code: for 8,000 some 0.1 s, for
# 200,000 brackets 40 s, in which no other thread runs.
MAX_OF_ERROR = 10_000

Captures = dict[str, list[Node]]


@dataclass(frozen=True, slots=True)
class Parsed:
    """One parsed file: its bytes, the root of its tree, and the query's matches, earlier patterns first, by what their
    patterns capture."""

    language: Language
    source: bytes
    root: Node
    definitions: tuple[Captures, ...]
    references: tuple[Captures, ...]
    imports: tuple[Captures, ...]
    bases: tuple[Captures, ...]

    def text(self, node: Node) -> str:
        """Source text of a node."""
        return self.source[node.start_byte : node.end_byte].decode("utf-8", "replace")


def parse(language: Language, text: str) -> Parsed | None:
    """The parsed file, or None when it is too large, no code at all, or its grammar is not installed."""
    source = text.encode("utf-8", "replace")
    if len(source) > MAX_PARSED_BYTES:
        return None
    toolkit = load_toolkit(language.name)
    if toolkit is None:
        return None
    root = toolkit.parser.parse(source).root_node
    if root.has_error and _is_no_code(root):
        return None
    cursor = QueryCursor(toolkit.query, match_limit=MATCH_LIMIT)
    by_pattern: dict[int, list[Captures]] = {}
    for pattern, captures in cursor.matches(root):
        by_pattern.setdefault(pattern, []).append(captures)
    found = [chain.from_iterable(by_pattern.get(pattern, ()) for pattern in patterns) for patterns in toolkit.patterns]
    return Parsed(language, source, root, *map(tuple, found))


def _is_no_code(root: Node) -> bool:
    """Whether somewhere the grammar has given up on more than a query bears."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.type == "ERROR" and node.child_count > MAX_OF_ERROR:
            return True
        waiting += [child for child in node.children if child.has_error]
    return False
