"""Whether a wrapper of a function hands on all that it is given, and nothing else. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from codeassist.review.static.definitions import last_word
from codeassist.review.static.heads import Head, text_of
from codeassist.review.static.python_files import PythonFile
from codeassist.review.static.shapes import by_position
from indexer.syntax import SyntaxNode

# Where what was given may stand without being changed, by the node around it.
_LOOKED_AT = frozenset({
    "list_splat", "dictionary_splat", "interpolation", "comparison_operator", "boolean_operator", "not_operator",
    "binary_operator", "tuple", "if_statement", "elif_clause", "conditional_expression",
})  # fmt: skip
_LOOKS = frozenset({"get", "keys", "values", "items", "copy", "index", "count"})
_SHOWN_TO = frozenset({
    "print", "len", "repr", "str", "bool", "tuple", "list", "dict", "set", "sorted", "frozenset", "any", "all",
    "debug", "info", "warning", "error", "exception", "bind", "bind_partial",
})  # fmt: skip
_STORES = frozenset({"assignment", "augmented_assignment", "delete_statement", "expression_list", "pattern_list"})


def hands_on(file: PythonFile, wrapper: Head, function: str, decorated: tuple[Head, Head]) -> bool:
    """Whether each call of the function in a wrapper is one with `*args, **kwargs` of the wrapper.

    function: what it is called there. decorated: the function before a change and after it; first parameters that the
    wrapper names have to be called so there, too, but for the object of a method.
    """
    lead = [item.name for item in by_position(wrapper.parameters)]
    rest = [item.name for item in wrapper.parameters if item.kind == "rest"]
    keywords = [item.name for item in wrapper.parameters if item.kind == "keywords"]
    is_plain = all(last_word(text) == "wraps" for text in wrapper.decorators)
    is_open = len(rest) == len(keywords) == 1 and len(wrapper.parameters) == len(lead) + 2
    if not (is_plain and is_open and function and all(_begins_with(one, lead) for one in decorated)):
        return False
    n_calls = 0
    for node in _identifiers(wrapper.node.child_by_field_name("body")):
        name = _text(file, node)
        if name == function:
            is_called = _is_field(node, "call", "function")
            if _is_stored(node) or (is_called and _arguments(file, node) != [*lead, f"*{rest[0]}", f"**{keywords[0]}"]):
                return False
            n_calls += is_called
        elif (name in lead and _is_stored(node)) or (name in (rest[0], keywords[0]) and not _is_looked_at(file, node)):
            return False
    return n_calls > 0


def _begins_with(decorated: Head, lead: list[str]) -> bool:
    names = [item.name for item in by_position(decorated.parameters)]
    is_method = bool(decorated.container) and "staticmethod" not in decorated.decorators
    n_free = int(is_method and bool(lead))
    return len(names) >= len(lead) and names[n_free : len(lead)] == lead[n_free:]


def _identifiers(body: SyntaxNode | None) -> Iterator[SyntaxNode]:
    waiting = [body] if body is not None else []
    while waiting:
        node = waiting.pop()
        if node.type == "identifier":
            yield node
        waiting += node.named_children


def _arguments(file: PythonFile, callee: SyntaxNode) -> list[str]:
    listed = callee.parent.child_by_field_name("arguments") if callee.parent is not None else None
    given = listed.named_children if listed is not None else []
    return ["".join(_text(file, one).split()) for one in given if one.type != "comment"]


def _is_field(node: SyntaxNode, kind: str, field: str) -> bool:
    parent = node.parent
    return parent is not None and parent.type == kind and parent.child_by_field_name(field) == node


def _is_stored(node: SyntaxNode) -> bool:
    """Whether a name, or something in it, is set or deleted here."""
    parent = node.parent
    if parent is None or parent.type not in _STORES:
        return parent is not None and parent.child_by_field_name("left") == node
    return parent.type not in ("assignment", "augmented_assignment") or parent.child_by_field_name("left") == node


def _is_looked_at(file: PythonFile, node: SyntaxNode) -> bool:
    """Whether what was given is left as it is."""
    parent = node.parent
    if parent is None or _is_stored(node):
        return False
    if parent.type in _LOOKED_AT or _is_field(node, "attribute", "attribute"):
        return True
    if _is_field(node, "keyword_argument", "name") or _is_field(node, "for_statement", "right"):
        return True
    if parent.type == "attribute":
        return _text(file, parent.child_by_field_name("attribute")) in _LOOKS
    if parent.type == "subscript":
        return _is_field(node, "subscript", "value") and not _is_stored(parent)
    callee = parent.parent.child_by_field_name("function") if parent.type == "argument_list" and parent.parent else None
    return callee is not None and last_word(_text(file, callee)) in _SHOWN_TO


def _text(file: PythonFile, node: SyntaxNode | None) -> str:
    return text_of(file.syntax, node) if file.syntax is not None else ""
