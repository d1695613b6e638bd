"""Signatures and calls of a text, with the place of each parameter and argument. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tree_sitter import Node

from indexer.name_roles import CLASS, FUNCTION, MEMBER
from indexer.syntax import MAX_DEPTH, Step, SyntaxTree

_CALL = frozenset({
    "call", "call_expression", "new_expression", "method_invocation", "invocation_expression",
    "object_creation_expression",
})  # fmt: skip
_CALLED = frozenset({"function", "constructor", "name", "type"})
_KEYWORD = frozenset({"keyword_argument", "named_argument"})
_SPREAD = re.compile(r"splat|spread|variadic")
_REST = re.compile(r"splat|rest|variadic|separator")
_CONSTRUCTORS = frozenset({"__init__", "constructor"})
_ITSELF = frozenset({"self", "cls"})


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter. text: as it is written. is_rest: `*args`, `...rest`, a bare `*`."""

    name: str
    text: str
    has_default: bool = False
    is_rest: bool = False


@dataclass(frozen=True, slots=True)
class Signature:
    """A function's parameters without `self`. callee: the name it is called by; a constructor is called by its class's.

    is_method: whether calls stand behind a dot.
    """

    callee: str
    parameters: tuple[Parameter, ...]
    start: int
    is_method: bool


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument at start..end. keyword: "" for one by position. is_spread: how many it stands for is not known."""

    start: int
    end: int
    text: str
    keyword: str = ""
    is_spread: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """A call by a name at `start`. opened: right behind the opening bracket; closed: right before the closing one.

    is_member: whether a dot stands before the name.
    """

    start: int
    opened: int
    closed: int
    arguments: tuple[Argument, ...]
    is_member: bool


def signatures(syntax: SyntaxTree, first_row: int, last_row: int) -> list[Signature]:
    """Of the functions whose heads stand in or reach into these rows (0-based, both included)."""
    found = []
    for way in _functions(syntax, first_row, last_row):
        node = way[-1].node
        name, parameters = node.child_by_field_name("name"), node.child_by_field_name("parameters")
        if name is None or parameters is None or node.start_point.row > last_row:
            continue
        if parameters.end_point.row >= first_row:
            found.append(_signature(syntax, way, name, parameters))
    return found


def calls(syntax: SyntaxTree, name: str) -> list[Call]:
    """Every call by this name, in text order."""
    found = (_call(syntax, syntax.way_to(start, end)) for start, end in syntax.words(name))
    return [call for call in found if call is not None]


def _functions(syntax: SyntaxTree, first_row: int, last_row: int) -> Iterator[list[Step]]:
    waiting: list[list[Step]] = [[Step(syntax.tree.root_node, "")]]
    while waiting:
        way = waiting.pop()
        if FUNCTION.match(way[-1].node.type):
            yield way
        children = way[-1].node.named_children if len(way) < MAX_DEPTH else []
        inside = (node for node in children if node.end_point.row >= first_row and node.start_point.row <= last_row)
        waiting.extend([*way, Step(node, "")] for node in inside)


def _signature(syntax: SyntaxTree, way: Sequence[Step], name: Node, parameters: Node) -> Signature:
    function = way[-1].node
    held = next((step.node for step in reversed(way[:-1]) if _is_holder(step.node)), None)
    holder = held if held is not None and CLASS.match(held.type) else None
    called = _text(syntax, name)
    is_method = holder is not None or function.type == "method_declaration"
    if called in _CONSTRUCTORS and holder is not None:
        class_name = holder.child_by_field_name("name")
        called, is_method = (_text(syntax, class_name) if class_name is not None else ""), False
    listed = [item for child in parameters.named_children for item in _parameters(syntax, child)]
    if is_method or holder is not None:
        listed = [item for place, item in enumerate(listed) if place or item.name not in _ITSELF]
    return Signature(called, tuple(listed), syntax.offset(name.start_byte), is_method)


def _is_holder(node: Node) -> bool:
    return CLASS.match(node.type) is not None or FUNCTION.match(node.type) is not None


def _parameters(syntax: SyntaxTree, node: Node) -> Iterator[Parameter]:
    """What one node of a parameter list declares; in Go it may be several."""
    if "comment" in node.type:
        return
    names = node.children_by_field_name("name") or node.children_by_field_name("pattern")
    is_rest = _REST.search(node.type) is not None or any(_REST.search(child.type) for child in node.named_children)
    has_default = any(node.child_by_field_name(field) is not None for field in ("value", "default_value"))
    has_default = has_default or node.type == "optional_parameter"
    if not names:
        first = node if node.type == "identifier" or not node.named_children else node.named_children[0]
        names = [first]
    for name in names:
        yield Parameter(_text(syntax, name), _text(syntax, node), has_default, is_rest)


def _call(syntax: SyntaxTree, way: Sequence[Step]) -> Call | None:
    """The call whose name ends the way, if it is one."""
    if len(way) < 3 or way[-1].node.child_count:
        return None
    is_member = way[-2].node.type in MEMBER and way[-2].node.children[0] != way[-1].node
    is_inner = is_member and way[-2].node.type not in _CALL
    step, holder = (way[-2], way[-3].node) if is_inner else (way[-1], way[-2].node)
    if holder.type not in _CALL or step.field not in _CALLED:
        return None
    listed = holder.child_by_field_name("arguments")
    if listed is None or listed.child_count < 2:
        return None
    opened, closed = listed.children[0], listed.children[-1]
    if _text(syntax, opened) != "(" or _text(syntax, closed) != ")":
        return None
    given = [listed] if listed.type == "generator_expression" else listed.named_children
    arguments = tuple(_argument(syntax, node) for node in given if "comment" not in node.type)
    start = syntax.offset(way[-1].node.start_byte)
    return Call(start, syntax.offset(opened.end_byte), syntax.offset(closed.start_byte), arguments, is_member)


def _argument(syntax: SyntaxTree, node: Node) -> Argument:
    start, end = syntax.span(node)
    name = node.child_by_field_name("name") if node.type in _KEYWORD else None
    keyword = _text(syntax, name) if name is not None else ""
    return Argument(start, end, _text(syntax, node), keyword, _SPREAD.search(node.type) is not None)


def _text(syntax: SyntaxTree, node: Node) -> str:
    return syntax.source[node.start_byte : node.end_byte].decode("utf-8", "replace")
