"""What a name is at each place of a text: defined, bound, a parameter, a member, a keyword, a plain use. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from indexer.syntax import Span, Step, SyntaxTree

Role = Literal[
    "function", "method", "class", "field", "variable", "parameter", "keyword", "member", "import", "name", "string",
    "comment",
]  # fmt: skip

FUNCTION = re.compile(
    r"^(?:(?:async_)?(?:generator_)?function(?:_definition|_declaration|_item|_expression)?"
    r"|method(?:_definition|_declaration)?|singleton_method|arrow_function|func_literal|lambda(?:_expression|_literal)?"
    r"|closure_expression|constructor_declaration|local_function_statement|anonymous_function)$"
)
CLASS = re.compile(
    r"^(?:(?:abstract_)?class(?:_definition|_declaration|_specifier)?|interface_declaration|struct_(?:item|specifier)"
    r"|impl_item|trait_item|enum_(?:item|declaration|specifier)|object_declaration|struct_declaration|record_declaration"
    r"|trait_declaration|type_spec)$"
)
MEMBER = frozenset({
    "attribute", "field_access", "field_expression", "member_access_expression", "member_expression",
    "method_invocation", "navigation_expression", "nested_identifier", "qualified_identifier", "scoped_identifier",
    "selector_expression",
})  # fmt: skip
_MEMBER_FIELDS = frozenset({"attribute", "field", "name", "property"})
_KEYED = frozenset({"keyword_argument", "pair", "keyed_element", "field_initializer", "named_argument"})
_IMPORT = re.compile(r"^(?:import|use_declaration|using_directive|namespace_use_declaration|preproc_include)")
_PARAMETERS = re.compile(r"parameters$|^parameter_list$|^formal_parameters$")
_PARAMETER = re.compile(r"parameter|_pattern$|^identifier$|^variable_name$|^object_pattern$")
_BINDS = re.compile(
    r"^(?:augmented_)?(?:assignment|assignment_expression|short_var_declaration|for_statement|for_in_statement"
    r"|for_in_clause|range_clause|named_expression|let_declaration|let_condition)$"
)
_LEFT = frozenset({"left", "pattern", "name"})
_GROUPS = frozenset({"pattern_list", "tuple_pattern", "expression_list", "list_pattern", "as_pattern_target"})
_DECLARATOR = re.compile(r"^(?:variable_declarator|const_spec|var_spec|const_item|static_item|init_declarator)$")
_FIELD = re.compile(r"^(?:public_)?field_(?:definition|declaration)$|^property_(?:signature|declaration)$|^enumerator$")
_TEXT = re.compile(r"string|heredoc|^char_literal$|^raw_text$|^rune_literal$|^escape_sequence$")


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A name at start..end. scope: the innermost function around it that may bind it, holder: the class around it, each
    None at the top. receiver: what stands left of the dot, "" where there is none. is_set: whether it is bound here.
    """

    start: int
    end: int
    role: Role
    scope: Span | None = None
    holder: Span | None = None
    receiver: str = ""
    is_set: bool = False


def occurrences(syntax: SyntaxTree, name: str) -> list[Occurrence]:
    """Every place of a name in text order, those in strings and comments included."""
    return [_occurrence(syntax, span) for span in syntax.words(name)]


def occurrence_at(syntax: SyntaxTree, start: int, end: int) -> Occurrence:
    """What the name at start..end is."""
    return _occurrence(syntax, (start, end))


def is_code(syntax: SyntaxTree, start: int, end: int) -> bool:
    """Whether a place is outside of strings and comments."""
    leaf = syntax.way_to(start, end)[-1].node
    return not _is_text(leaf.type) and "comment" not in leaf.type


def _is_text(kind: str) -> bool:
    return _TEXT.search(kind) is not None


def _occurrence(syntax: SyntaxTree, span: Span) -> Occurrence:
    start, end = span
    way = syntax.way_to(start, end)
    role, is_set = _role(way)
    return Occurrence(
        start,
        end,
        role,
        _around(syntax, way, FUNCTION, is_function=True),
        _around(syntax, way, CLASS, is_function=False),
        _receiver(syntax, way) if role == "member" else "",
        is_set,
    )


def _role(way: Sequence[Step]) -> tuple[Role, bool]:
    leaf = way[-1].node
    if "comment" in leaf.type:
        return "comment", False
    if _is_text(leaf.type):
        return "string", False
    if len(way) < 2 or leaf.child_count:
        return "name", False
    if leaf.type.startswith("shorthand_property"):
        return "keyword", False  # Key and variable at once: renaming either changes the other.
    if any(_IMPORT.match(step.node.type) for step in way[1:4]) or way[-2].node.type == "export_specifier":
        return "import", True
    return _in_parent(way)


def _in_parent(way: Sequence[Step]) -> tuple[Role, bool]:
    parent, field = way[-2].node, way[-1].field
    if parent.type in MEMBER and field in _MEMBER_FIELDS and parent.children[0] != way[-1].node:
        return "member", _is_bound(way[:-1])
    if _is_key(way):
        return "keyword", False
    if field == "name" and (role := _defined_by(way)) is not None:
        return role, True
    if _is_parameter(way):
        return "parameter", True
    if _is_bound(way):
        return ("field" if _is_in_class(way) else "variable"), True
    return "name", False


def _defined_by(way: Sequence[Step]) -> Role | None:
    """What the parent of a name defines by it."""
    parent = way[-2].node
    if FUNCTION.match(parent.type):
        return "method" if parent.type.startswith("method") or _is_in_class(way[:-2]) else "function"
    if CLASS.match(parent.type):
        return "class"
    return "field" if _FIELD.match(parent.type) else None


def _is_key(way: Sequence[Step]) -> bool:
    """Whether the name is a key: of a keyword argument, of an object."""
    step = way[-2] if way[-2].node.type == "literal_element" else way[-1]
    parent = way[-3].node if step is way[-2] and len(way) > 2 else way[-2].node
    return parent.type in _KEYED and step.field in ("name", "key", "field")


def _is_in_class(way: Sequence[Step]) -> bool:
    """Whether the innermost function or class on the way is a class."""
    for step in reversed(way):
        if CLASS.match(step.node.type):
            return True
        if FUNCTION.match(step.node.type):
            return False
    return False


def _is_parameter(way: Sequence[Step]) -> bool:
    for step, inner in zip(reversed(way[:-1]), reversed(way), strict=False):
        if _PARAMETERS.search(step.node.type):
            return True
        if inner.field in ("type", "value", "default_value", "right") or not _PARAMETER.search(step.node.type):
            # In JavaScript a lone parameter of an arrow function stands without brackets.
            return step.node.type == "arrow_function" and inner.field == "parameter"
    return False


def _is_bound(way: Sequence[Step]) -> bool:
    for step, inner in zip(reversed(way[:-1]), reversed(way), strict=False):
        if step.node.type in _GROUPS:
            if step.node.type == "as_pattern_target":
                return True
            continue
        if _DECLARATOR.match(step.node.type):
            return inner.field == "name"
        return _BINDS.match(step.node.type) is not None and inner.field in _LEFT
    return False


def _around(syntax: SyntaxTree, way: Sequence[Step], kind: re.Pattern[str], *, is_function: bool) -> Span | None:
    """The innermost such node around the end of the way. The name of a function belongs to what is around it."""
    for step, inner in zip(reversed(way[:-1]), reversed(way), strict=False):
        if kind.match(step.node.type) and not (is_function and inner.field == "name"):
            return syntax.span(step.node)
    return None


def _receiver(syntax: SyntaxTree, way: Sequence[Step]) -> str:
    node = way[-2].node.children[0]
    return syntax.source[node.start_byte : node.end_byte].decode("utf-8", "replace")
