"""Decorators of the repository that leave a function's parameters as they are written.

Seen from their text: each gives the function itself back, or a wrapper that hands on all that it is given. What it
does besides, and what it keeps of the function, is its own affair; with any doubt nothing is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from codeassist.review.static.definitions import is_transparent, last_word
from codeassist.review.static.handing_on import hands_on
from codeassist.review.static.heads import Head, text_of
from codeassist.review.static.python_files import SCOPES, PythonFile, scope_of
from codeassist.review.static.python_names import Program
from indexer.syntax import SyntaxNode

# What something gives: the function, wrapped or not, or what makes that of a function.
_Given = Literal["function", "decorator"]

# Calls that give one of their arguments back, by its place.
_GIVE_BACK = {"cast": 1, "update_wrapper": 0}


def keep_parameters(program: Program, path: str, before: Head, after: Head) -> bool:
    """Whether the decorators of a function leave its parameters alone, before a change and after it."""
    if is_transparent(before.decorators) and is_transparent(after.decorators):
        return True
    file = program.python(path)
    are_known = is_transparent(text for text in before.decorators if text not in after.decorators)
    if file is None or not are_known:
        return False
    return all(_is_plain(program, file, one, (before, after)) for one in _decorators(after))


def _decorators(head: Head) -> list[SyntaxNode]:
    parent = head.node.parent
    listed = parent.named_children if parent is not None and parent.type == "decorated_definition" else []
    return [child.named_children[0] for child in listed if child.type == "decorator" and child.named_children]


def _is_plain(program: Program, file: PythonFile, decorator: SyntaxNode, decorated: tuple[Head, Head]) -> bool:
    if is_transparent([_text(file, decorator)]):
        return True
    is_made = decorator.type == "call"
    callee = decorator.child_by_field_name("function") if is_made else decorator
    value = program.value(file, callee) if callee is not None else None
    maker = program.python(value.path) if value is not None and value.kind == "function" else None
    found = maker.top.get(value.name, []) if maker is not None and value is not None else []
    if maker is None or len(found) != 1 or found[0].decorators:
        return False
    return ("decorator" if is_made else "function") in _gives(maker, found[0], decorated)


def _gives(file: PythonFile, maker: Head, decorated: tuple[Head, Head]) -> frozenset[_Given]:
    """What a decorator, or what makes one, gives back; nothing where one way out of it is not understood."""
    kinds = [_kind(file, maker, given, decorated) for given in _returned(maker)]
    return frozenset(kind for kind in kinds if kind is not None) if None not in kinds else frozenset()


def _returned(maker: Head) -> Iterator[SyntaxNode | None]:
    """What its `return` statements give, None for a mere `return` and for a generator."""
    waiting = [maker.node.child_by_field_name("body")]
    while waiting:
        node = waiting.pop()
        if node is None or node.type in (*SCOPES, "class_definition"):
            continue
        if node.type in ("return_statement", "yield"):
            is_value = node.type == "return_statement" and node.named_child_count == 1
            yield node.named_children[0] if is_value else None
        else:
            waiting += node.named_children


def _kind(file: PythonFile, maker: Head, given: SyntaxNode | None, decorated: tuple[Head, Head]) -> _Given | None:
    while given is not None and given.type == "parenthesized_expression" and given.named_child_count == 1:
        given = given.named_children[0]
    if given is not None and given.type == "call":
        return _kind_of_call(file, maker, given, decorated)
    function = maker.parameters[0].name if maker.parameters else ""
    if given is None or given.type != "identifier" or not _is_alone(file, maker, function):
        return None
    name = _text(file, given)
    return "function" if name == function else _kind_of_local(file, maker, name, decorated)


def _kind_of_local(file: PythonFile, maker: Head, name: str, decorated: tuple[Head, Head]) -> _Given | None:
    """What a function is that is defined in another one; of several with one name, what all of them are."""
    local = [one for one in file.file.heads if one.name == name and scope_of(one.node) == maker.node]
    if not local or file.assignments(name, maker.node):
        return None
    function = maker.parameters[0].name if maker.parameters else ""
    if all(hands_on(file, one, function, decorated) for one in local):
        return "function"
    return "decorator" if all(_gives(file, one, decorated) == {"function"} for one in local) else None


def _is_alone(file: PythonFile, maker: Head, function: str) -> bool:
    """Whether a decorator's parameter is what it was given all the time."""
    return not function or len(file.assignments(function, maker.node)) == 1


def _kind_of_call(file: PythonFile, maker: Head, call: SyntaxNode, decorated: tuple[Head, Head]) -> _Given | None:
    """`cast(F, wrapper)`, `wraps(function)(wrapper)`, `decorate(function)`, `partial(the decorator itself, ...)`."""
    callee, listed = call.child_by_field_name("function"), call.child_by_field_name("arguments")
    given = listed.named_children if listed is not None else []
    name = last_word(_text(file, callee))
    if callee is None or not given:
        return None
    if name in _GIVE_BACK and len(given) > _GIVE_BACK[name]:
        return _kind(file, maker, given[_GIVE_BACK[name]], decorated)
    if callee.type == "call" and name == "wraps":
        return _kind(file, maker, given[0], decorated)
    if name == "partial":
        return "decorator" if _text(file, given[0]) == maker.name else None
    is_applied = len(given) == 1 and maker.parameters and _text(file, given[0]) == maker.parameters[0].name
    is_made = is_applied and callee.type == "identifier" and _kind(file, maker, callee, decorated) == "decorator"
    return "function" if is_made else None


def _text(file: PythonFile, node: SyntaxNode | None) -> str:
    return text_of(file.syntax, node) if file.syntax is not None else ""
