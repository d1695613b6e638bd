"""What a name means in a Python file: through imports, re-exports, classes and plain assignments.

Nothing is guessed: where a name is bound twice, comes from outside of the repository or from an expression that is
not understood, there is no value. Names are looked at on demand, so that a file costs its parse and little else.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable

from codeassist.findings.modules import python_module
from codeassist.review.static.heads import Head, text_of
from codeassist.review.static.python_files import (
    SCOPES,
    Bound,
    PythonFile,
    Value,
    base_of,
    class_around,
    class_named,
    has_more,
    is_with,
    scope_of,
)
from codeassist.review.static.trees import ReviewedFile
from indexer.syntax import SyntaxNode

# So many modules or classes are followed for one name.
MAX_FOLLOWED = 30


class Program:
    """What names mean across files."""

    def __init__(self, file: Callable[[str], ReviewedFile | None], is_file: Callable[[str], bool]) -> None:
        self._file = file
        self._is_file = is_file
        self._known: dict[str, PythonFile | None] = {}
        self._members: dict[tuple[Value, str], tuple[Value | None, bool]] = {}

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
        assigned = file.assignments(name, None)
        n_bound = len(own) + len({(item.bound_module, item.name) for item in bound}) + bool(assigned)
        if n_bound != 1:
            return None if n_bound else self._elsewhere(file, name, depth)
        if own:
            return _of_head(path, own[0])
        return self.imported(path, bound[0], depth + 1) if bound else self._assigned(file, assigned, depth + 1)

    def _elsewhere(self, file: PythonFile, name: str, depth: int) -> Value | None:
        """What a module has of others as a whole, or its own module of this name."""
        for item in file.imports:
            for target in self.modules(item.module, file.path) if item.name == "*" else ():
                if target != file.path and (value := self.lookup(target, name, depth + 1)) is not None:
                    return value
        return self._submodule(file.path, name)

    def imported(self, path: str, item: Bound, depth: int = 0) -> Value | None:
        """What an import binds."""
        if not item.name:
            files = self.modules(item.bound_module, path)
            return Value("module", files[0]) if files else None
        separator = "" if item.module.endswith(".") else "."
        for target in self.modules(item.module, path):
            if (value := self.lookup(target, item.name, depth + 1)) is not None:
                return value
        files = self.modules(f"{item.module}{separator}{item.name}", path)
        return Value("module", files[0]) if files else None

    def value(self, file: PythonFile, node: SyntaxNode, depth: int = 0) -> Value | None:
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
        found, _ = self.find_member(value, name, depth)
        return found

    def find_member(self, value: Value, name: str, depth: int = 0) -> tuple[Value | None, bool]:
        """A member of a class or of its bases, and whether it is sure that there is none where None is found."""
        known = self._members.get((value, name))
        if known is None:
            # What leads back to itself, as `self.node = self.node.next()`, is not known while it is asked for.
            self._members[value, name] = None, False
            known = self._members[value, name] = self._member_of(value, name, depth)
        return known

    def _member_of(self, value: Value, name: str, depth: int) -> tuple[Value | None, bool]:
        waiting, seen = [(value.path, value.name)], set[tuple[str, str]]()
        if value.kind in ("function", "module"):
            return None, True
        if value.kind == "super":
            waiting, is_known = self._bases(value.path, value.name)
            if not is_known:
                return None, False
        while waiting and len(seen) < MAX_FOLLOWED:
            path, qualified = waiting.pop(0)
            if not path and not hasattr(getattr(builtins, qualified), name):
                continue
            file = self.python(path)
            heads = file.classes.get(qualified, []) if file is not None else []
            if file is None or len(heads) != 1 or (path, qualified) in seen:
                return None, False
            seen.add((path, qualified))
            own, attributes = file.members.get(f"{qualified}.{name}", []), file.attributes(heads[0], name)
            if own or attributes:
                return self._own_member(file, own, attributes, depth), False
            bases, is_known = self._bases(path, qualified)
            if not is_known or has_more(file, heads[0]):
                return None, False
            waiting = bases + waiting
        return None, not waiting

    def _own_member(self, file: PythonFile, own: list[Head], attributes: list[SyntaxNode], depth: int) -> Value | None:
        if own and attributes:
            return None
        return _of_head(file.path, own[-1]) if own else self._assigned(file, attributes, depth + 1)

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
            base = base_of(file.syntax, node)
            if base is None:
                continue
            value = self.value(file, base, 1) or self._builtin(file, base)
            if value is None or value.kind != "class":
                return found, False
            found.append((value.path, value.name))
        return found, True

    def _builtin(self, file: PythonFile, node: SyntaxNode) -> Value | None:
        """A class of Python itself, where the file has nothing of its name. Its path is ""."""
        name = text_of(file.syntax, node) if file.syntax is not None else ""
        is_hidden = name in file.top or any(item.alias in (name, "*") for item in file.imports)
        is_class = isinstance(getattr(builtins, name, None), type) and not is_hidden
        return Value("class", "", name) if is_class and not file.assignments(name, None) else None

    def _name(self, file: PythonFile, node: SyntaxNode, depth: int) -> Value | None:
        name, scope = text_of(file.syntax, node) if file.syntax else "", scope_of(node)
        while scope is not None:
            if value := self._own_object(file, scope, name):
                return value
            if bound := file.assignments(name, scope):
                is_bare = len(bound) == 1 and bound[0].type == "identifier"  # A parameter of which nothing is said.
                return self._fixture(file, name, depth) if is_bare else self._assigned(file, bound, depth + 1)
            if any(head.is_local and head.name == name and scope_of(head.node) == scope for head in file.file.heads):
                return None
            scope = scope_of(scope)
        return self.lookup(file.path, name, depth + 1)

    def _own_object(self, file: PythonFile, scope: SyntaxNode, name: str) -> Value | None:
        """The instance, or class, that the first parameter of a method is."""
        head = next((head for head in file.file.heads if head.node == scope), None)
        if head is None or not head.container or not head.parameters or head.parameters[0].name != name:
            return None
        if name not in ("self", "cls") or "staticmethod" in head.decorators or file.assignments(name, scope)[1:]:
            return None
        is_class = name == "cls" or "classmethod" in head.decorators
        return Value("class" if is_class else "instance", file.path, head.container)

    def _called(self, file: PythonFile, node: SyntaxNode, depth: int) -> Value | None:
        called = node.child_by_field_name("function")
        if called is None or file.syntax is None:
            return None
        if text_of(file.syntax, called) == "super":
            holder = class_around(file, node)
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
        if annotation is None:
            return self._given_back(file, heads[0], ("return_statement",), depth)
        said = text_of(file.syntax, annotation).strip("\"'") if file.syntax is not None else ""
        if said in ("Self", "typing.Self", "t.Self"):
            return Value("instance", function.path, function.name.rpartition(".")[0]) if heads[0].container else None
        return self._annotated(file, annotation, depth)

    def _given_back(self, file: PythonFile, head: Head, kinds: tuple[str, ...], depth: int) -> Value | None:
        """What all statements of these kinds in a function's body agree upon; None for generators otherwise."""
        values: list[Value | None] = []
        waiting = [head.node.child_by_field_name("body")]
        while waiting:
            node = waiting.pop()
            if node is None or node.type in (*SCOPES, "class_definition"):
                continue
            if node.type in kinds:
                given = node.named_children
                values.append(self.value(file, given[0], depth + 1) if len(given) == 1 else None)
            elif node.type == "yield":
                return None
            else:
                waiting += node.named_children
        return values[0] if values and all(value == values[0] for value in values) else None

    def _fixture(self, file: PythonFile, name: str, depth: int) -> Value | None:
        """What a test is given for a parameter: what the fixture of that name in its file gives."""
        heads = file.top.get(name, [])
        is_one = len(heads) == 1 and any("fixture" in decorator for decorator in heads[0].decorators)
        return self._given_back(file, heads[0], ("return_statement", "yield"), depth) if is_one else None

    def _assigned(self, file: PythonFile, nodes: list[SyntaxNode], depth: int) -> Value | None:
        """What all of these bindings agree upon."""
        values = {self._bound_value(file, node, depth) for node in nodes}
        return values.pop() if len(values) == 1 else None

    def _bound_value(self, file: PythonFile, node: SyntaxNode, depth: int) -> Value | None:
        if (annotation := node.child_by_field_name("type")) is not None:
            return self._annotated(file, annotation, depth)
        if node.type == "assignment":
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            is_plain = left is not None and left.type in ("identifier", "attribute")
            return self.value(file, right, depth + 1) if right is not None and is_plain else None
        if node.type == "as_pattern":
            return self.value(file, node.named_children[0], depth + 1) if is_with(node) else None
        return None

    def _annotated(self, file: PythonFile, annotation: SyntaxNode | None, depth: int) -> Value | None:
        """An instance of the class that an annotation names, `None` aside."""
        named = class_named(text_of(file.syntax, annotation) if file.syntax else "")
        if not named:
            return None
        first, *rest = named.split(".")
        value = self.lookup(file.path, first, depth + 1)
        for name in rest:
            value = self.member(value, name, depth + 1)
        return Value("instance", value.path, value.name) if value is not None and value.kind == "class" else None

    def _submodule(self, path: str, name: str) -> Value | None:
        files = self.modules(f".{name}", path) if path.endswith(("__init__.py", "__init__.pyi")) else []
        return Value("module", files[0]) if files else None


def _of_head(path: str, head: Head) -> Value:
    return Value("class" if head.is_class else "function", path, head.qualified)
