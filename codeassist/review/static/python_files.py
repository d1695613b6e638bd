"""One Python file's own names: what it imports, defines and assigns, each looked up when it is asked for. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from codeassist.review.static.heads import Head, text_of
from codeassist.review.static.trees import ReviewedFile
from indexer.syntax import SyntaxNode, SyntaxTree

_IMPORT = re.compile(r"^[ \t]*(?:from|import)\b", re.MULTILINE)
_GROUPS = frozenset({"pattern_list", "tuple_pattern", "list_pattern", "list_splat_pattern", "as_pattern_target"})
# The field of each node that has what it binds.
_BINDING = {
    "default_parameter": ("name",), "typed_default_parameter": ("name",), "named_expression": ("name",),
    "assignment": ("left",), "augmented_assignment": ("left",), "for_statement": ("left",), "for_in_clause": ("left",),
    "as_pattern": ("alias",),
}  # fmt: skip
_PLAIN_BASES = frozenset({"object", "ABC", "abc.ABC", "Protocol", "metaclass=ABCMeta", "metaclass=abc.ABCMeta"})
_OPTIONAL = re.compile(r"^(?:typing\.|t\.)?Optional\[(.*)\]$|^(.*?)\s*\|\s*None$|^None\s*\|\s*(.*)$", re.DOTALL)
_DOTTED = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_IMPORTS = frozenset({"import_statement", "import_from_statement"})
SCOPES = frozenset({"function_definition", "lambda"})


@dataclass(frozen=True, slots=True)
class Bound:
    """`from module import name as alias`; name is "" where a module itself is bound, "*" for everything of it."""

    module: str
    name: str
    alias: str
    line: int

    @property
    def bound_module(self) -> str:
        """The module that is bound or imported from: `import a.b` binds `a`."""
        return self.alias if not self.name and self.module.startswith(f"{self.alias}.") else self.module


@dataclass(frozen=True, slots=True)
class Value:
    """What an expression is. name: qualified by the classes around it, "" for a module."""

    kind: Literal["module", "class", "instance", "function", "super"]
    path: str
    name: str = ""


class PythonFile:
    """One file's own names."""

    def __init__(self, file: ReviewedFile) -> None:
        self.file = file
        self.path = file.path
        self.syntax = file.source.syntax

    @cached_property
    def imports(self) -> tuple[Bound, ...]:
        """Every import of the file, wherever it stands."""
        syntax = self.syntax
        if syntax is None:
            return ()
        found: list[Bound] = []
        for match in _IMPORT.finditer(self.file.text):
            at = match.end()
            ways = (step.node for step in syntax.way_to(at - 1, at))
            statement = next((one for one in ways if one.type in _IMPORTS), None)
            found += _bound(syntax, statement) if statement is not None else []
        return tuple(found)

    @cached_property
    def top(self) -> dict[str, list[Head]]:
        """Functions and classes of the module by name."""
        found: dict[str, list[Head]] = {}
        for head in self.file.heads:
            if not head.container and not head.is_local:
                found.setdefault(head.name, []).append(head)
        return found

    @cached_property
    def classes(self) -> dict[str, list[Head]]:
        """Classes by their qualified names, local ones left out."""
        found: dict[str, list[Head]] = {}
        for head in self.file.heads:
            if head.is_class and not head.is_local:
                found.setdefault(head.qualified, []).append(head)
        return found

    @cached_property
    def members(self) -> dict[str, list[Head]]:
        """Methods and inner classes by their qualified names."""
        found: dict[str, list[Head]] = {}
        for head in self.file.heads:
            if head.container and not head.is_local:
                found.setdefault(head.qualified, []).append(head)
        return found

    def is_imported(self, name: str) -> bool:
        """Whether an import binds a name."""
        return any(item.alias == name for item in self.imports)

    def assignments(self, name: str, scope: SyntaxNode | None) -> list[SyntaxNode]:
        """What binds a plain name in a function, or in the module for None: the innermost binding nodes."""
        if self.syntax is None:
            return []
        found = []
        for start, end in self.syntax.words(name):
            way = [step.node for step in self.syntax.way_to(start, end)]
            binder = _binder(way)
            if binder is not None and _function_of(way, binder) == scope:
                found.append(binder)
        return found

    def attributes(self, owner: Head, name: str) -> list[SyntaxNode]:
        """Assignments to `self.name`, or to `name` in the body, within a class."""
        if self.syntax is None:
            return []
        found: list[SyntaxNode] = []
        for start, end in self.syntax.words(name):
            way = [step.node for step in self.syntax.way_to(start, end)]
            if len(way) < 3 or owner.node not in way:
                continue
            if way[-2].type == "attribute" and way[-3].type == "assignment" and _is_left(way[-3], way[-2]):
                is_own = text_of(self.syntax, way[-2].child_by_field_name("object")) in ("self", "cls")
                found += [way[-3]] if is_own else []
            elif way[-2].type == "assignment" and _is_left(way[-2], way[-1]):
                found += [way[-2]] if _function_of(way, way[-2]) == owner.node else []
        return found


def base_of(syntax: SyntaxTree, node: SyntaxNode) -> SyntaxNode | None:
    """What one of the bases of a class says, without what is in brackets; None for those that have no members."""
    text = text_of(syntax, node)
    if text in _PLAIN_BASES or "comment" in node.type:
        return None
    inner = node.child_by_field_name("value") if node.type == "subscript" else None
    if inner is None:
        return node
    return None if text_of(syntax, inner).rpartition(".")[2] in ("Generic", "Protocol") else inner


def has_more(file: PythonFile, head: Head) -> bool:
    """Whether a class may have members that are not written in it."""
    is_decorated = any("dataclass" not in decorator for decorator in head.decorators)
    return is_decorated or f"{head.qualified}.__getattr__" in file.members


def class_around(file: PythonFile, node: SyntaxNode) -> str:
    """The qualified name of the class around a method's code, "" for none."""
    parent = node.parent
    while parent is not None and parent.type != "class_definition":
        parent = parent.parent
    head = next((head for head in file.file.heads if head.node == parent), None)
    return head.qualified if head is not None and not head.is_local else ""


def class_named(annotation: str) -> str:
    """The dotted name of the one class that an annotation has, `None` aside; "" for anything else."""
    text = annotation.strip().strip("\"'")
    if match := _OPTIONAL.match(text):
        text = next(part for part in match.groups() if part is not None).strip().strip("\"'")
    return text if _DOTTED.fullmatch(text) else ""


def scope_of(node: SyntaxNode) -> SyntaxNode | None:
    """The innermost function around a node."""
    parent = node.parent
    while parent is not None and parent.type not in SCOPES:
        parent = parent.parent
    return parent


def is_with(node: SyntaxNode) -> bool:
    """Whether `as` names what a `with` statement opens."""
    return node.parent is not None and node.parent.type == "with_item"


def _bound(syntax: SyntaxTree, statement: SyntaxNode) -> list[Bound]:
    """What one import statement binds."""
    line = statement.start_point.row + 1
    module_node = statement.child_by_field_name("module_name")
    module = "".join(text_of(syntax, module_node).split())
    if any(child.type == "wildcard_import" for child in statement.named_children):
        return [Bound(module, "*", "*", line)]
    found = []
    for node in statement.children_by_field_name("name"):
        alias = text_of(syntax, node.child_by_field_name("alias"))
        name = text_of(syntax, node.child_by_field_name("name") or node)
        if module_node is not None:
            found.append(Bound(module, name, alias or name, line))
        else:
            found.append(Bound(name, "", alias or name.partition(".")[0], line))
    return found


def _binder(way: list[SyntaxNode]) -> SyntaxNode | None:
    """The node that binds the name at the end of a way: an assignment, a parameter, a loop, `as`."""
    if way[-1].type != "identifier":
        return None
    inside = way[-1]
    for outer in reversed(way[:-1]):
        if outer.type not in _GROUPS:
            return _bound_in(outer, inside, way[-1])
        inside = outer
    return None


def _bound_in(outer: SyntaxNode, inside: SyntaxNode, leaf: SyntaxNode) -> SyntaxNode | None:
    """The node that binds a name, which stands in it as `inside`."""
    if outer.type in ("parameters", "lambda_parameters"):
        return leaf
    if outer.type in ("global_statement", "nonlocal_statement", "delete_statement"):
        return outer
    if outer.type == "typed_parameter":
        return outer if outer.named_children[0] == inside else None
    fields = _BINDING.get(outer.type, ())
    return outer if any(outer.child_by_field_name(field) == inside for field in fields) else None


def _is_left(assignment: SyntaxNode, node: SyntaxNode) -> bool:
    return assignment.child_by_field_name("left") == node


def _function_of(way: list[SyntaxNode], node: SyntaxNode) -> SyntaxNode | None:
    """The innermost function around a node of a way; a class within it has names of its own and hides it."""
    at = next(place for place, one in enumerate(way) if one == node)
    return next((one for one in reversed(way[:at]) if one.type in (*SCOPES, "class_definition")), None)
