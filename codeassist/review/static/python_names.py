"""What a name means in a Python file: through imports, re-exports, classes and plain assignments.

Nothing is guessed: where a name is bound twice, comes from outside of the repository or from an expression that is not
understood, there is no value. One name of a file is looked at on demand, so that a file costs its parse and little else.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from tree_sitter import Node

from codeassist.findings.modules import python_module
from codeassist.review.static.heads import Head, text_of
from codeassist.review.static.trees import ReviewedFile

# So many modules or classes are followed for one name.
MAX_FOLLOWED = 30
_IMPORT = re.compile(r"^[ \t]*(?:from|import)\b", re.MULTILINE)
_SCOPE = frozenset({"function_definition", "lambda"})
_OPTIONAL = re.compile(r"^(?:typing\.|t\.)?Optional\[(.*)\]$|^(.*?)\s*\|\s*None$|^None\s*\|\s*(.*)$", re.DOTALL)
_DOTTED = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")


@dataclass(frozen=True, slots=True)
class Bound:
    """`from module import name as alias`; name is "" where a module itself is bound, "*" for everything of it."""

    module: str
    name: str
    alias: str
    line: int


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
        if self.syntax is None:
            return ()
        found: list[Bound] = []
        for match in _IMPORT.finditer(self.file.text):
            at = match.end()
            for step in self.syntax.way_to(at - 1, at):
                if step.node.type in ("import_statement", "import_from_statement"):
                    found += self._bound(step.node)
                    break
        return tuple(found)

    def _bound(self, statement: Node) -> list[Bound]:
        syntax, line = self.syntax, statement.start_point.row + 1
        assert syntax is not None  # There are no statements without it.
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
                found.append(Bound(name if alias else name, "", alias or name.partition(".")[0], line))
        return found

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

    def assignments(self, name: str, scope: Node | None) -> list[Node]:
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

    def attributes(self, owner: Head, name: str) -> list[Node]:
        """Assignments to `self.name`, or to `name` in the body, within a class."""
        if self.syntax is None:
            return []
        found: list[Node] = []
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


class Program:
    """What names mean across files."""

    def __init__(self, file: Callable[[str], ReviewedFile | None], is_file: Callable[[str], bool]) -> None:
        self._file = file
        self._is_file = is_file
        self._known: dict[str, PythonFile | None] = {}

    def python(self, path: str) -> PythonFile | None:
        """A file's names; None where there is none that can be read."""
        if path not in self._known:
            file = self._file(path) if path.endswith((".py", ".pyi")) else None
            self._known[path] = PythonFile(file) if file is not None else None
        return self._known[path]

    def modules(self, module: str, asker: str) -> list[str]:
        """The files of a module, none where there is any doubt."""
        return python_module(module, asker, self._is_file)

    def lookup(self, path: str, name: str, depth: int = 0) -> Value | None:
        """What a module has under a name."""
        file = self.python(path)
        if file is None or depth > MAX_FOLLOWED:
            return None
        own = file.top.get(name, [])
        bound = [item for item in file.imports if item.alias == name]
        if len(own) + len({(item.module, item.name) for item in bound}) > 1:
            return None
        if own:
            return None if file.assignments(name, None) else _of_head(path, own[0])
        if bound:
            return self.imported(path, bound[0], depth + 1)
        if assigned := file.assignments(name, None):
            return self._assigned(file, assigned, depth + 1)
        for item in file.imports:
            for target in self.modules(item.module, path) if item.name == "*" else ():
                if target != path and (value := self.lookup(target, name, depth + 1)) is not None:
                    return value
        return self._submodule(path, name)

    def imported(self, path: str, item: Bound, depth: int = 0) -> Value | None:
        """What an import binds."""
        if not item.name:
            module = item.module if item.alias != item.module.partition(".")[0] else item.alias
            files = self.modules(module, path)
            return Value("module", files[0]) if files else None
        separator = "" if item.module.endswith(".") else "."
        for target in self.modules(item.module, path):
            if (value := self.lookup(target, item.name, depth + 1)) is not None:
                return value
        files = self.modules(f"{item.module}{separator}{item.name}", path)
        return Value("module", files[0]) if files else None

    def value(self, file: PythonFile, node: Node, depth: int = 0) -> Value | None:
        """What an expression is."""
        if depth > MAX_FOLLOWED or file.syntax is None:
            return None
        if node.type == "identifier":
            return self._name(file, node, depth)
        if node.type == "attribute":
            holder = node.child_by_field_name("object")
            value = self.value(file, holder, depth + 1) if holder is not None else None
            return self.member(value, text_of(file.syntax, node.child_by_field_name("attribute")), depth + 1)
        if node.type == "call":
            return self._called(file, node, depth)
        if node.type in ("parenthesized_expression", "await") and node.named_child_count == 1:
            return self.value(file, node.named_children[0], depth + 1)
        return None

    def member(self, value: Value | None, name: str, depth: int = 0) -> Value | None:
        """What is behind the dot of a value."""
        if value is None or depth > MAX_FOLLOWED:
            return None
        if value.kind == "module":
            return self.lookup(value.path, name, depth + 1)
        if value.kind == "function":
            return None
        found, _ = self.find_member(value, name)
        return found

    def find_member(self, value: Value, name: str) -> tuple[Value | None, bool]:
        """A member of a class or of its bases, and whether it is sure that there is none where None is found."""
        waiting, seen = [(value.path, value.name)], set[tuple[str, str]]()
        if value.kind == "super":
            waiting, is_known = self._bases(value.path, value.name)
            if not is_known:
                return None, False
        while waiting and len(seen) < MAX_FOLLOWED:
            path, qualified = waiting.pop(0)
            file = self.python(path)
            heads = file.classes.get(qualified, []) if file is not None else []
            if file is None or len(heads) != 1 or (path, qualified) in seen:
                return None, False
            seen.add((path, qualified))
            own = file.members.get(f"{qualified}.{name}", [])
            attributes = file.attributes(heads[0], name)
            if own and not attributes:
                return _of_head(path, own[-1]), False
            if attributes:
                return (self._assigned(file, attributes, 1) if not own else None), False
            if f"{qualified}.__getattr__" in file.members or any(
                key for key in heads[0].decorators if "dataclass" not in key
            ):
                return None, False
            bases, is_known = self._bases(path, qualified)
            if not is_known:
                return None, False
            waiting = bases + waiting
        return None, not waiting

    def derives_from(self, value: Value, path: str, qualified: str) -> bool:
        """Whether a value is of a class, or of one that is derived from it."""
        waiting, seen = [(value.path, value.name)], set[tuple[str, str]]()
        while waiting and len(seen) < MAX_FOLLOWED:
            one = waiting.pop(0)
            if one == (path, qualified):
                return True
            if one not in seen:
                seen.add(one)
                waiting += self._bases(*one)[0]
        return False

    def _bases(self, path: str, qualified: str) -> tuple[list[tuple[str, str]], bool]:
        """The classes that a class is derived from, and whether all are in the repository."""
        file = self.python(path)
        heads = file.classes.get(qualified, []) if file is not None else []
        if file is None or file.syntax is None or len(heads) != 1:
            return [], False
        listed = heads[0].node.child_by_field_name("superclasses")
        found: list[tuple[str, str]] = []
        for node in listed.named_children if listed is not None else ():
            if text_of(file.syntax, node) in ("object", "ABC", "abc.ABC", "Protocol") or "comment" in node.type:
                continue
            if node.type == "subscript" and (inner := node.child_by_field_name("value")) is not None:
                if text_of(file.syntax, inner).rpartition(".")[2] in ("Generic", "Protocol"):
                    continue
                node = inner
            if node.type == "keyword_argument" and text_of(file.syntax, node) in (
                "metaclass=ABCMeta",
                "metaclass=abc.ABCMeta",
            ):
                continue
            value = self.value(file, node, 1)
            if value is None or value.kind != "class":
                return found, False
            found.append((value.path, value.name))
        return found, True

    def _name(self, file: PythonFile, node: Node, depth: int) -> Value | None:
        name, scope = text_of(file.syntax, node) if file.syntax else "", _scope_of(node)
        while scope is not None:
            if value := self._own_object(file, scope, name):
                return value
            if bound := file.assignments(name, scope):
                return self._assigned(file, bound, depth + 1)
            if any(head.is_local and head.name == name and _scope_of(head.node) == scope for head in file.file.heads):
                return None
            scope = _scope_of(scope)
        return self.lookup(file.path, name, depth + 1)

    def _own_object(self, file: PythonFile, scope: Node, name: str) -> Value | None:
        """The instance, or class, that the first parameter of a method is."""
        head = next((head for head in file.file.heads if head.node == scope), None)
        if head is None or not head.container or not head.parameters or head.parameters[0].name != name:
            return None
        if name not in ("self", "cls") or "staticmethod" in head.decorators or file.assignments(name, scope)[1:]:
            return None
        is_class = name == "cls" or "classmethod" in head.decorators
        return Value("class" if is_class else "instance", file.path, head.container)

    def _called(self, file: PythonFile, node: Node, depth: int) -> Value | None:
        called = node.child_by_field_name("function")
        if called is None or file.syntax is None:
            return None
        if text_of(file.syntax, called) == "super":
            holder = _class_of(file, node)
            return Value("super", file.path, holder) if holder else None
        value = self.value(file, called, depth + 1)
        if value is None or value.kind in ("module", "instance", "super"):
            return None
        return Value("instance", value.path, value.name) if value.kind == "class" else self._returned(value, depth)

    def _returned(self, function: Value, depth: int) -> Value | None:
        """What a function says that it returns."""
        file = self.python(function.path)
        heads = [*file.top.get(function.name, []), *file.members.get(function.name, [])] if file is not None else []
        if file is None or len(heads) != 1:
            return None
        if any(name.rpartition(".")[2] not in ("staticmethod", "classmethod") for name in heads[0].decorators):
            return None
        annotation = heads[0].node.child_by_field_name("return_type")
        if annotation is not None and text_of(file.syntax, annotation).strip("\"'") in (
            "Self",
            "typing.Self",
            "t.Self",
        ):
            return Value("instance", function.path, function.name.rpartition(".")[0]) if heads[0].container else None
        return self._annotated(file, annotation, depth)

    def _assigned(self, file: PythonFile, nodes: list[Node], depth: int) -> Value | None:
        """What all of these bindings agree upon."""
        values = {self._bound_value(file, node, depth) for node in nodes}
        return values.pop() if len(values) == 1 else None

    def _bound_value(self, file: PythonFile, node: Node, depth: int) -> Value | None:
        if (annotation := node.child_by_field_name("type")) is not None:
            return self._annotated(file, annotation, depth)
        if node.type == "assignment":
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            is_plain = left is not None and left.type in ("identifier", "attribute")
            return self.value(file, right, depth + 1) if right is not None and is_plain else None
        if node.type == "as_pattern":
            return self.value(file, node.named_children[0], depth + 1) if _is_with(node) else None
        return None

    def _annotated(self, file: PythonFile, annotation: Node | None, depth: int) -> Value | None:
        """An instance of the class that an annotation names, `None` aside."""
        text = text_of(file.syntax, annotation).strip().strip("\"'") if file.syntax else ""
        if match := _OPTIONAL.match(text):
            text = next(part for part in match.groups() if part is not None).strip().strip("\"'")
        if not _DOTTED.fullmatch(text):
            return None
        first, *rest = text.split(".")
        value = self.lookup(file.path, first, depth + 1)
        for name in rest:
            value = self.member(value, name, depth + 1)
        return Value("instance", value.path, value.name) if value is not None and value.kind == "class" else None

    def _submodule(self, path: str, name: str) -> Value | None:
        if not path.endswith(("__init__.py", "__init__.pyi")):
            return None
        files = self.modules(f".{name}", path)
        return Value("module", files[0]) if files else None


def _of_head(path: str, head: Head) -> Value:
    return Value("class" if head.is_class else "function", path, head.qualified)


def _binder(way: list[Node]) -> Node | None:
    """The node that binds the name at the end of a way: an assignment, a parameter, a loop, `as`."""
    leaf = way[-1]
    if leaf.type != "identifier" or len(way) < 2:
        return None
    for outer, inner in zip(reversed(way[:-1]), reversed(way), strict=False):
        if outer.type in ("pattern_list", "tuple_pattern", "list_pattern", "list_splat_pattern", "as_pattern_target"):
            continue
        if outer.type in ("parameters", "lambda_parameters"):
            return leaf
        if outer.type in ("typed_parameter", "default_parameter", "typed_default_parameter"):
            is_name = outer.child_by_field_name("name") == inner or (
                outer.type == "typed_parameter" and outer.named_children[0] == inner
            )
            return outer if is_name else None
        if outer.type in ("assignment", "augmented_assignment", "for_statement", "for_in_clause", "named_expression"):
            return outer if outer.child_by_field_name("left") == inner or _is_named(outer, inner) else None
        if outer.type == "as_pattern":
            return outer if outer.child_by_field_name("alias") == inner else None
        if outer.type in ("global_statement", "nonlocal_statement", "delete_statement"):
            return outer
        return None
    return None


def _is_named(outer: Node, inner: Node) -> bool:
    return outer.type == "named_expression" and outer.child_by_field_name("name") == inner


def _is_left(assignment: Node, node: Node) -> bool:
    return assignment.child_by_field_name("left") == node


def _is_with(node: Node) -> bool:
    return node.parent is not None and node.parent.type == "with_item"


def _function_of(way: list[Node], node: Node) -> Node | None:
    """The innermost function around a node of a way; a class within it has names of its own and hides it."""
    at = next(place for place, one in enumerate(way) if one == node)
    return next((one for one in reversed(way[:at]) if one.type in (*_SCOPE, "class_definition")), None)


def _scope_of(node: Node) -> Node | None:
    """The innermost function around a node."""
    parent = node.parent
    while parent is not None and parent.type not in _SCOPE:
        parent = parent.parent
    return parent


def _class_of(file: PythonFile, node: Node) -> str:
    """The qualified name of the class around a method's code, "" for none."""
    parent = node.parent
    while parent is not None and parent.type != "class_definition":
        parent = parent.parent
    head = next((head for head in file.file.heads if head.node == parent), None)
    return head.qualified if head is not None and not head.is_local else ""
