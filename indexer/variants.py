"""What a text could say instead at its places: another variable, two arguments of one line the other way round,
another operator, a condition negated, a constant one off, an `await`. Each is one small edit after which a Python text
still parses. Pure.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tree_sitter import Node

from indexer.live_trees import tree_of
from indexer.syntax import MAX_CHARS, MAX_DEPTH, SyntaxTree

VariantKind = Literal["variable", "arguments", "operator", "negation", "constant", "await"]

# Other names for one place; those bound nearest above it.
_MAX_NAMES = 12
_OTHERWISE: Mapping[str, tuple[tuple[VariantKind, str], ...]] = {
    "<": (("operator", "<="), ("operator", ">")),
    "<=": (("operator", "<"), ("operator", ">=")),
    ">": (("operator", ">="), ("operator", "<")),
    ">=": (("operator", ">"), ("operator", "<=")),
    "==": (("negation", "!="),),
    "!=": (("negation", "=="),),
    "in": (("negation", "not in"),),
    "not in": (("negation", "in"),),
    "is": (("negation", "is not"),),
    "is not": (("negation", "is"),),
    "and": (("operator", "or"),),
    "or": (("operator", "and"),),
    "+": (("operator", "-"),),
    "-": (("operator", "+"),),
}
_CONDITIONED = frozenset({"if_statement", "elif_clause", "while_statement", "if_clause", "conditional_expression"})
_PLAIN = frozenset({"identifier", "attribute", "call", "subscript"})
_TRUTH = {"true": "False", "false": "True"}
_WHOLE_NUMBER = re.compile(r"[0-9]{1,9}")
_NO_USES = frozenset({"global_statement", "nonlocal_statement", "decorator", "import_statement", "parameters"})
_ITSELF = frozenset({"self", "cls", "_"})


@dataclass(frozen=True, slots=True)
class Variant:
    """One edit: `text` in the place of start..end (code points)."""

    kind: VariantKind
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class _Place:
    """A node, the field of its parent that it is, and what is around it, the innermost last."""

    node: Node
    field: str
    around: tuple[Node, ...]

    @property
    def parent(self) -> Node:
        """The node around it; there is one for all but the root."""
        return self.around[-1]


def function_heads(path: str, text: str) -> tuple[int, ...]:
    """The rows (0-based) in which functions and classes begin, decorators included; () where nothing is known."""
    syntax = _syntax(path, text)
    if syntax is None:
        return ()
    heads = (place for place in _places(syntax.tree.root_node, 0, text.count("\n")) if _is_head(place))
    return tuple(sorted({place.node.start_point.row for place in heads}))


def variants(path: str, text: str, first_row: int, last_row: int) -> tuple[Variant, ...]:
    """All that begin in these rows (0-based, both included), in text order; () for what is not Python or too long."""
    syntax = _syntax(path, text)
    if syntax is None:
        return ()
    scopes: dict[int, list[tuple[int, str]]] = {}
    found: list[Variant] = []
    for place in _places(syntax.tree.root_node, first_row, last_row):
        if first_row <= place.node.start_point.row <= last_row:
            found += _variants_at(syntax, place, scopes)
    return tuple(sorted(found, key=lambda item: (item.start, item.end, item.text)))


def _syntax(path: str, text: str) -> SyntaxTree | None:
    if not path.endswith((".py", ".pyi")) or len(text) > MAX_CHARS:
        return None
    live = tree_of(path, text)
    return SyntaxTree(text, live.tree) if live is not None else None


def _is_head(place: _Place) -> bool:
    kinds = ("function_definition", "class_definition", "decorated_definition")
    return place.node.type in kinds and not (place.around and place.parent.type == "decorated_definition")


def _places(root: Node, first_row: int, last_row: int) -> Iterator[_Place]:
    waiting = [_Place(root, "", ())]
    while waiting:
        place = waiting.pop()
        node = place.node
        if node.end_point.row < first_row or node.start_point.row > last_row:
            continue
        yield place
        if len(place.around) < MAX_DEPTH and node.type not in ("string", "comment", "type"):
            around = (*place.around, node)
            waiting += [
                _Place(child, node.field_name_for_child(at) or "", around) for at, child in enumerate(node.children)
            ]


def _variants_at(syntax: SyntaxTree, place: _Place, scopes: dict[int, list[tuple[int, str]]]) -> Iterator[Variant]:
    node = place.node
    if node.type == "identifier":
        yield from _other_variables(syntax, place, scopes)
    elif node.type == "call":
        yield from _swapped(syntax, node)
        yield from _awaited(syntax, place)
    elif node.type == "integer":
        yield from _other_numbers(syntax, node)
    elif node.type in _TRUTH:
        yield _variant(syntax, "constant", node, _TRUTH[node.type])
    elif node.type in _CONDITIONED:
        yield from _negated(syntax, node)
    elif place.around and (place.field in ("operators", "operator")) and place.parent.type != "unary_operator":
        written = " ".join(_text(syntax, node).split())
        yield from (_variant(syntax, kind, node, text) for kind, text in _OTHERWISE.get(written, ()))


def _other_variables(syntax: SyntaxTree, place: _Place, scopes: dict[int, list[tuple[int, str]]]) -> Iterator[Variant]:
    name = _text(syntax, place.node)
    function = next((node for node in reversed(place.around) if node.type == "function_definition"), None)
    if function is None or name in _ITSELF or not _is_used(place):
        return
    bound = scopes.setdefault(function.start_byte, _bound(syntax, function))
    if not any(other == name for _, other in bound):
        return
    end = _bound_until(place)
    before = (other for start, other in reversed(bound) if start < end)
    others = [other for other in dict.fromkeys(before) if other != name and other not in _ITSELF]
    yield from (_variant(syntax, "variable", place.node, other) for other in others[:_MAX_NAMES])


def _bound_until(place: _Place) -> int:
    """The byte before which a name must be bound: what the place's own statement binds is not there yet."""
    for node in reversed(place.around):
        right = node.child_by_field_name("right")
        if right is not None and right.start_byte <= place.node.start_byte < right.end_byte:
            return node.start_byte
    return place.node.start_byte


def _is_used(place: _Place) -> bool:
    """Whether the identifier is a plain variable that is read: not bound, called, a member, a key or a type."""
    parent, field = place.parent, place.field
    if field in ("left", "name", "function", "type", "alias", "parameters") or place.node.start_byte == 0:
        return False
    if parent.type == "attribute":
        return field == "object"
    if "parameter" in parent.type or "pattern" in parent.type or parent.type in ("dotted_name", "as_pattern_target"):
        return False
    return parent.type not in _NO_USES


def _bound(syntax: SyntaxTree, function: Node) -> list[tuple[int, str]]:
    """Parameters and variables of a function, with where they are bound, in text order."""
    found: list[tuple[int, str]] = []
    waiting = list(function.children)
    while waiting:
        node = waiting.pop()
        if node.type in ("function_definition", "class_definition", "lambda") or "comprehension" in node.type:
            continue
        if node.type in ("assignment", "for_statement", "named_expression", "augmented_assignment"):
            left = node.child_by_field_name("left") or node.child_by_field_name("name")
            found += _names(syntax, left)
        elif node.type in ("parameters", "as_pattern_target"):
            found += _names(syntax, node)
        waiting += node.children
    return sorted(found)


def _names(syntax: SyntaxTree, node: Node | None) -> list[tuple[int, str]]:
    """Plain names in what is bound; of a parameter its name alone."""
    if node is None:
        return []
    if node.type == "identifier":
        return [(node.start_byte, _text(syntax, node))]
    if node.type in ("attribute", "subscript", "type"):
        return []
    children: Sequence[Node] = node.named_children
    if node.type in ("typed_parameter", "default_parameter", "typed_default_parameter"):
        children = children[:1]
    return [item for child in children for item in _names(syntax, child)]


def _swapped(syntax: SyntaxTree, call: Node) -> Iterator[Variant]:
    listed = call.child_by_field_name("arguments")
    if listed is None or listed.type != "argument_list":
        return
    plain = [node for node in listed.named_children if "comment" not in node.type]
    for one, other in itertools.pairwise(plain):
        if any("splat" in node.type or node.type == "keyword_argument" for node in (one, other)):
            return
        first, second = _text(syntax, one), _text(syntax, other)
        if first != second and one.start_point.row == other.end_point.row:
            start, end = syntax.offset(one.start_byte), syntax.offset(other.end_byte)
            between = syntax.text[syntax.offset(one.end_byte) : syntax.offset(other.start_byte)]
            yield Variant("arguments", start, end, f"{second}{between}{first}")


def _awaited(syntax: SyntaxTree, place: _Place) -> Iterator[Variant]:
    if place.parent.type == "await":
        return
    function = next((node for node in reversed(place.around) if node.type in ("function_definition", "lambda")), None)
    if function is None or function.children[0].type != "async":
        return
    if place.parent.type in ("attribute", "call", "subscript") and place.field in ("object", "function", "value"):
        return
    start = syntax.offset(place.node.start_byte)
    yield Variant("await", start, start, "await ")


def _other_numbers(syntax: SyntaxTree, node: Node) -> Iterator[Variant]:
    text = _text(syntax, node)
    if _WHOLE_NUMBER.fullmatch(text) and (text == "0" or not text.startswith("0")):
        number = int(text)
        yield from (_variant(syntax, "constant", node, str(other)) for other in (number - 1, number + 1) if other >= 0)


def _negated(syntax: SyntaxTree, node: Node) -> Iterator[Variant]:
    condition = _condition(node)
    if condition is None:
        return
    if condition.type == "not_operator":
        argument = condition.child_by_field_name("argument")
        if argument is not None:
            yield _variant(syntax, "negation", condition, _text(syntax, argument))
    elif condition.type in _PLAIN:
        start = syntax.offset(condition.start_byte)
        yield Variant("negation", start, start, "not ")


def _condition(node: Node) -> Node | None:
    """What decides: the field of that name, else what stands behind the first `if`."""
    named = node.child_by_field_name("condition")
    if named is not None:
        return named
    children = [child for child in node.children if "comment" not in child.type]
    return next((after for before, after in itertools.pairwise(children) if before.type == "if"), None)


def _variant(syntax: SyntaxTree, kind: VariantKind, node: Node, text: str) -> Variant:
    return Variant(kind, *syntax.span(node), text)


def _text(syntax: SyntaxTree, node: Node) -> str:
    return syntax.source[node.start_byte : node.end_byte].decode("utf-8", "replace")
