"""How a definition announces itself: signatures of functions, skeletons of classes, the first line of the doc."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass

from tree_sitter import Node

from indexer.parsing import Parsed

# What a prompt can afford: a class of 40 methods still fits, its private members go first.
MAX_SKELETON_LINES = 36
MAX_SKELETON_CHARS = 1800
MAX_SIGNATURE_LINES = 12
MAX_LINE = 200
MAX_DOC = 120
# A class-like definition without methods (fields, variants) is shown whole up to this many lines.
MAX_WHOLE_LINES = 24

_BODY_TYPES = frozenset(
    {
        "block", "class_body", "enum_class_body", "function_body", "compound_statement", "declaration_list",
        "field_declaration_list", "statement_block", "template_body", "body_statement", "do_block", "enum_body",
    }
)  # fmt: skip
_OUTER_TYPES = frozenset({"decorated_definition", "export_statement", "template_declaration", "ambient_declaration"})
_CONSTRUCTORS = frozenset({"__init__", "constructor", "initialize"})
_WORDS = re.compile(rb"[\w\s]*")
_ATTRIBUTE = re.compile(r"^\s*(?:(?:self|this)\.|@)\w+\s*(?::[^=]+)?=(?!=).*\S")


@dataclass(frozen=True, slots=True)
class Outline:
    """A definition that knows what encloses it, and how it begins. kind: a SymbolKind, or "scope" for `impl` and
    namespaces. outer: the node with its decorators. body: what a signature leaves out. head: the lines before that.
    """

    node: Node
    kind: str
    name: str
    container: str
    outer: Node
    body: Node | None
    head: str
    doc: str


def outline_of(parsed: Parsed, node: Node, kind: str, name: str, container: str) -> Outline:
    """A definition and what is asked of it more than once."""
    outer, body = outer_node(node), body_of(node)
    head = _head(parsed, node, outer, body)
    return Outline(node, kind, name, container, outer, body, head, _doc_line(parsed, outer, body))


def outer_node(node: Node) -> Node:
    """The node with its decorators, `export` or `template` head."""
    parent = node.parent
    if parent is not None and parent.type in ("lexical_declaration", "variable_declaration"):
        parent = parent.parent
    return parent if parent is not None and parent.type in _OUTER_TYPES else node


def body_of(node: Node) -> Node | None:
    """The part that a signature leaves out: between braces, or the indented block."""
    body = _body_in(node)
    for field in ("value", "type"):
        holder = node.child_by_field_name(field) if body is None else None
        body = _body_in(holder) if holder is not None else body
    return body


def _body_in(holder: Node) -> Node | None:
    body = holder.child_by_field_name("body")
    if body is not None and body.end_byte > body.start_byte:
        return body
    return next((child for child in reversed(holder.named_children) if child.type in _BODY_TYPES), None)


def signature_of(parsed: Parsed, outline: Outline) -> str:
    """Head of a function with its body left out, or the first lines of anything else."""
    if outline.kind == "type" and _is_short(whole := _dedented(parsed, outline)):
        return whole
    head, doc = outline.head, outline.doc
    if outline.body is None or outline.kind in ("constant", "field", "type"):
        return head
    if parsed.language.name == "python":
        return f'{head}\n    """{doc}"""\n    ...' if doc else f"{head} ..."
    return f"{head.rstrip(' {=')}{parsed.language.body}"


def skeleton_of(parsed: Parsed, outline: Outline, members: list[Outline]) -> str:
    """Head, fields and method signatures of a class-like definition."""
    is_plain = all(member.kind in ("field", "constant") for member in members)
    if is_plain and _is_short(whole := _dedented(parsed, outline)):
        return whole
    inner: list[str] = []
    if outline.doc and parsed.language.name == "python":
        inner.append(f'"""{outline.doc}"""')
    blocks = [(member.name, _member(parsed, member)) for member in members if member.kind != "scope"]
    inner += _fitting(blocks)
    body = textwrap.indent("\n".join(inner), "    ")
    return _close(outline.head, body, parsed.language.body)


def _doc_line(parsed: Parsed, outer: Node, body: Node | None) -> str:
    """First line of the docstring, or of the comment right above."""
    if parsed.language.name == "python":
        return _docstring(parsed, body)
    comment = outer.prev_named_sibling
    if comment is None and outer.parent is not None:
        comment = outer.parent.prev_named_sibling
    first = None
    below = outer.start_point.row
    while comment is not None and "comment" in comment.type and _ends_above(comment, below):
        first, below = comment, comment.start_point.row
        comment = comment.prev_named_sibling
    return _first_words(parsed.text(first)) if first is not None else ""


def _ends_above(comment: Node, row: int) -> bool:
    end_row, end_column = comment.end_point
    return end_row - (end_column == 0) == row - 1


def _docstring(parsed: Parsed, body: Node | None) -> str:
    first = _first_named(body) if body is not None else None
    if first is not None and first.type == "expression_statement":
        first = _first_named(first)
    if first is None or first.type != "string":
        return ""
    return _first_words(parsed.text(first).lstrip("rRbBuU").strip("\"'"))


def _first_named(node: Node) -> Node | None:
    return node.named_child(0) if node.named_child_count else None


def _first_words(comment: str) -> str:
    for line in comment.split("\n"):
        words = re.sub(r"<[^>]*>", "", line).strip().strip("/*#!-;").strip()
        if words:
            return words.replace('"""', "'''").replace("\\", "")[:MAX_DOC]
    return ""


def _head(parsed: Parsed, node: Node, outer: Node, body: Node | None) -> str:
    """Lines of a definition up to its body, dedented, at most MAX_SIGNATURE_LINES."""
    start = _line_start(parsed, node if _has_long_decorators(parsed, outer) else outer)
    end = body.start_byte if body is not None else node.end_byte
    lines = parsed.source[start:end].decode("utf-8", "replace").rstrip().split("\n")
    lines = [line[:MAX_LINE] for line in lines if line.strip()]
    if len(lines) == 1:
        return lines[0].lstrip(" \t")
    return textwrap.dedent("\n".join(lines[:MAX_SIGNATURE_LINES]))


def _has_long_decorators(parsed: Parsed, outer: Node) -> bool:
    if parsed.language.name == "python" and outer.type != "decorated_definition":
        return False
    decorators = [child for child in outer.named_children if child.type == "decorator"]
    return len(decorators) > 2 or any(child.end_byte - child.start_byte > 60 for child in decorators)


def _line_start(parsed: Parsed, node: Node) -> int:
    """Where the node's line starts, so that `static`, `local` and `const` stay; the node itself on a crowded line."""
    end = node.start_byte
    start = parsed.source.rfind(b"\n", 0, end) + 1
    before = parsed.source[start:end].strip()
    return start if not before or _WORDS.fullmatch(before) else end


def _dedented(parsed: Parsed, outline: Outline) -> str:
    start = _line_start(parsed, outline.outer)
    return textwrap.dedent(parsed.source[start : outline.outer.end_byte].decode("utf-8", "replace")).rstrip()


def _is_short(text: str) -> bool:
    lines = text.split("\n")
    return len(lines) <= MAX_WHOLE_LINES and len(text) <= MAX_SKELETON_CHARS and max(map(len, lines)) <= MAX_LINE


def _member(parsed: Parsed, member: Outline) -> str:
    if member.kind in ("class", "module"):
        return _close(member.head, "", parsed.language.body)
    head = member.head
    if member.kind not in ("method", "function"):
        first, _, rest = head.partition("\n")
        return f"{first} ..." if rest else first
    if member.body is None:
        return head
    attributes = _attributes(parsed, member) if member.name in _CONSTRUCTORS else []
    if not attributes:
        return _close(head, "", parsed.language.body)
    return _close(head, textwrap.indent("\n".join(attributes), "    "), parsed.language.body)


def _attributes(parsed: Parsed, member: Outline) -> list[str]:
    body = member.body
    lines = parsed.text(body).split("\n") if body is not None else []
    return [line.strip()[:MAX_LINE] for line in lines if _ATTRIBUTE.match(line)][:12]


def _close(head: str, body: str, left_out: str) -> str:
    """Head and body put together as the language writes it; `left_out` tells how a body is left out."""
    head = head.rstrip(" {=")
    if not body:
        return f"{head}{left_out}"
    if left_out == " ...":
        return f"{head}\n{body}"
    return f"{head}\n{body}\nend" if left_out.endswith("end") else f"{head} {{\n{body}\n}}"


def _fitting(blocks: list[tuple[str, str]]) -> list[str]:
    """As many members as fit, in order; private ones go first. `...` says that some are missing."""
    unique = [(name, text) for text, name in {text: name for name, text in blocks}.items()]
    public = [block for block in unique if not _is_private(block[0])]
    for candidates in (unique, public):
        texts = [text for _, text in candidates]
        if _n_lines(texts) <= MAX_SKELETON_LINES and sum(map(len, texts)) <= MAX_SKELETON_CHARS:
            return texts if candidates is unique else [*texts, "..."]
    kept: list[str] = []
    for _, text in public:
        if _n_lines([*kept, text]) > MAX_SKELETON_LINES or sum(map(len, [*kept, text])) > MAX_SKELETON_CHARS:
            break
        kept.append(text)
    return [*kept, "..."]


def _n_lines(texts: list[str]) -> int:
    return sum(text.count("\n") + 1 for text in texts)


def _is_private(name: str) -> bool:
    return name.startswith(("_", "#")) and name not in _CONSTRUCTORS
