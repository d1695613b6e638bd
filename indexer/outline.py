"""What an edit may rely on: whether a text still parses, what is defined where, and whether code is the same but for
its comments. Pure; a text of no language that we know, or that is too large to parse, has no syntax.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from tree_sitter import Node

from indexer.languages import language_named, language_of
from indexer.parsing import Parsed, parse
from indexer.skeletons import body_of, outer_node
from indexer.symbols import find_definitions

_DOCUMENTED = frozenset({"class", "function", "method", "module"})
_IMPORTS = frozenset({
    "import_statement", "import_from_statement", "future_import_statement", "import_declaration", "use_declaration",
    "preproc_include", "using_directive", "package_clause", "package_declaration",
})  # fmt: skip
# Kinds of nodes that hold words: their names in the grammars have these parts, or end so.
_PROSE_PARTS = ("comment", "string", "heredoc", "regex", "char_literal", "character_literal")
_PROSE_ENDING = "text"
# Of a file in which more is wrong it is enough to know that much is.
MAX_ERRORS = 1000


@dataclass(frozen=True, slots=True)
class Outlined:
    """One definition and where its documentation belongs. Lines are 1-based, inclusive.

    start_line, end_line: with decorators and the like. head: the line that has the name.
    doc: what documents it, as it stands in the file; "" where nothing does. doc_line: the line before which a new one
        goes, indented by `doc_indent`; 0 where none can be put in (a body on the line of its head).
    """

    name: str
    kind: str
    start_line: int
    end_line: int
    head: str
    doc: str
    doc_line: int
    doc_indent: str


class Syntax:
    """One parsed text."""

    def __init__(self, parsed: Parsed) -> None:
        self._parsed = parsed
        self.language = parsed.language.name

    @cached_property
    def n_errors(self) -> int:
        """Places where the text is no code of its language, up to `MAX_ERRORS`."""
        n_errors = 0
        waiting = [self._parsed.root] if self._parsed.root.has_error else []
        while waiting and n_errors < MAX_ERRORS:
            node = waiting.pop()
            n_errors += node.is_error or node.is_missing
            waiting += [child for child in node.children if child.has_error or child.is_missing]
        return n_errors

    @cached_property
    def n_empty_blocks(self) -> int:
        """Blocks of Python without a statement, which its grammar does not count as errors."""
        n_empty = 0
        waiting = [self._parsed.root] if self.language == "python" else []
        while waiting:
            node = waiting.pop()
            n_empty += node.type == "block" and not node.named_child_count
            waiting += node.named_children
        return n_empty

    @cached_property
    def outline(self) -> tuple[Outlined, ...]:
        """Classes, functions and the like, local ones included, in the order of the source."""
        definitions = find_definitions(self._parsed)
        return tuple(
            self._outlined(item.node, item.kind, item.name) for item in definitions if item.kind in _DOCUMENTED
        )

    @cached_property
    def _lines(self) -> list[bytes]:
        return self._parsed.source.split(b"\n")

    def code_tokens(self) -> Iterator[tuple[str, bytes]]:
        """What the code consists of: kind and text of every token that is no comment and in no docstring."""
        waiting = [self._parsed.root]
        while waiting:
            node = waiting.pop()
            if "comment" in node.type or (self.language == "python" and _is_docstring(node)):
                continue
            if node.child_count:
                waiting.extend(reversed(node.children))
            elif node.end_byte > node.start_byte:
                yield node.type, self._parsed.source[node.start_byte : node.end_byte]

    def code_alone(self) -> str:
        """The text without what people are spoken to with: comments are gone, "…" stands for strings and for lines
        that do not parse; lines stay where they are."""
        source, pieces, at = self._parsed.source, list[bytes](), 0
        broken = set[int]()
        for node in self._prose():
            if node.is_error:
                broken.update(range(node.start_point.row, node.end_point.row + 1))
            stand_in = b"" if "comment" in node.type else "…".encode()
            n_lines = source.count(b"\n", node.start_byte, node.end_byte)
            pieces += [source[at : node.start_byte], stand_in, b"\n" * n_lines]
            at = node.end_byte
        lines = b"".join([*pieces, source[at:]]).decode("utf-8", "replace").split("\n")
        return "\n".join("…" if row in broken else line for row, line in enumerate(lines))

    def _prose(self) -> Iterator[Node]:
        """The outermost nodes that hold words or do not parse, in the order of the source."""
        waiting = [self._parsed.root]
        while waiting:
            node = waiting.pop()
            if node.is_error or (node.is_named and _is_prose(node.type)):
                yield node
            else:
                waiting.extend(reversed(node.children))

    def statement_at(self, start_line: int, end_line: int) -> tuple[int, int]:
        """The lines of the outermost statements that have these lines."""
        for node in self._parsed.root.named_children:
            first, last = node.start_point.row + 1, _last_line(node)
            if first <= end_line and start_line <= last:
                start_line, end_line = min(start_line, first), max(end_line, last)
        return start_line, end_line

    def imports(self) -> list[tuple[int, int]]:
        """First and last lines of the import statements that stand outside of everything."""
        nodes = [node for node in self._parsed.root.named_children if node.type in _IMPORTS]
        return [(node.start_point.row + 1, _last_line(node)) for node in nodes]

    def _outlined(self, node: Node, kind: str, name: str) -> Outlined:
        outer = outer_node(node)
        named = node.child_by_field_name("name") or node
        head = self._lines[named.start_point.row].decode("utf-8", "replace").strip()
        place = self._in_body(node) if self.language == "python" else self._above(outer)
        return Outlined(name, kind, outer.start_point.row + 1, _last_line(outer), head, *place)

    def _in_body(self, node: Node) -> tuple[str, int, str]:
        """Of Python: the docstring, the line before which one goes, and its indentation."""
        body = body_of(node)
        first = next(iter(body.named_children), None) if body is not None else None
        if first is None:
            return "", 0, ""
        doc = self._parsed.text(first) if _is_docstring(first) else ""
        before = self._before(first)
        return doc, 0 if before.strip() else first.start_point.row + 1, before

    def _above(self, outer: Node) -> tuple[str, int, str]:
        """Of other languages: the comments right above, the line below them, and its indentation."""
        while (attribute := outer.prev_sibling) is not None and attribute.type == "attribute_item":  # Rust's `#[...]`
            outer = attribute
        found: list[str] = []
        row, comment = outer.start_point.row, outer.prev_sibling
        while comment is not None and "comment" in comment.type and _last_line(comment) == row:
            found.insert(0, self._parsed.text(comment).rstrip("\n"))
            row, comment = comment.start_point.row, comment.prev_sibling
        before = self._before(outer)
        return "\n".join(found), 0 if before.strip() else outer.start_point.row + 1, before

    def _before(self, node: Node) -> str:
        """What stands on the line before a node."""
        start = self._parsed.source.rfind(b"\n", 0, node.start_byte) + 1
        return self._parsed.source[start : node.start_byte].decode("utf-8", "replace")


def read_syntax(path: str, text: str, language: str = "") -> Syntax | None:
    """The syntax of a text, by the name of its file, else by its language."""
    known = language_of(path) or language_named(language)
    parsed = parse(known, text) if known is not None else None
    return Syntax(parsed) if parsed is not None else None


def innermost(outline: tuple[Outlined, ...], start_line: int, end_line: int) -> Outlined | None:
    """The smallest definition that has all of these lines."""
    holding = [item for item in outline if item.start_line <= start_line and end_line <= item.end_line]
    return min(holding, key=lambda item: item.end_line - item.start_line, default=None)


def is_same_code(one: Syntax, other: Syntax) -> bool:
    """Whether two texts differ in comments, docstrings and white space alone."""
    return list(one.code_tokens()) == list(other.code_tokens())


def _is_prose(kind: str) -> bool:
    return any(part in kind for part in _PROSE_PARTS) or kind.endswith(_PROSE_ENDING)


def _is_docstring(node: Node) -> bool:
    """Whether a Python node is the statement that documents what it stands in."""
    if node.type != "expression_statement" or node.named_child_count != 1:
        return False
    child, parent = node.named_children[0], node.parent
    if child.type not in ("string", "concatenated_string") or parent is None:
        return False
    is_first = next((sibling for sibling in parent.named_children if sibling.type != "comment"), None) == node
    return is_first and parent.type in ("block", "module")


def _last_line(node: Node) -> int:
    row, column = node.end_point
    return max(node.start_point.row, row - (column == 0)) + 1
