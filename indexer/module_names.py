"""The names that a module offers and those that it imports, as exactly as its text tells. Pure.

Where a text cannot tell which names there are (a name made by `globals()`, a module that replaces itself, a broken
file), the module is `open`: it may have any name. What is built on this must be sure, so doubt always opens.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from tree_sitter import Node

from indexer.languages import language_of
from indexer.parsing import Parsed, parse


@dataclass(frozen=True, slots=True)
class NamedImport:
    """`from module import name`. Line and columns are 0-based, columns in code points, of the name itself."""

    module: str
    name: str
    line: int
    start_column: int
    end_column: int


@dataclass(frozen=True, slots=True)
class ModuleNames:
    """What a module offers. stars: modules of which it gives everything on. lines: 1-based, where names come up.

    possible: names that it may offer besides, through a call that is given them.
    """

    names: frozenset[str] = frozenset()
    stars: tuple[str, ...] = ()
    is_open: bool = False
    lines: dict[str, int] = field(default_factory=dict)
    possible: frozenset[str] = frozenset()


OPEN = ModuleNames(is_open=True)

# What makes names that no text shows: of Python's modules and of JavaScript's.
_PYTHON_MAGIC = re.compile(
    r"\b(?:globals|exec|locals)\s*\(|\bvars\s*\(\s*\)|sys\.modules|__path__|^def __getattr__\b|^__getattr__\s*=",
    re.MULTILINE,
)
_JAVASCRIPT_MAGIC = re.compile(
    r"\bmodule\.exports\b|\bexports\s*[.\[=]|\bexport\s*=|\bdeclare\s+(?:module|global)\b|@flow\b|@typedef\b|@callback\b"
)
# Calls that are given the name of the module and add nothing to it.
_HARMLESS = re.compile(r"[Ll]ogger|getLogger|get_logger|Blueprint|Flask|Celery\b")
# Nothing is looked at twice, from whichever of its letters on: a file may be one word of half a megabyte.
_NAMES_ITSELF = re.compile(r"(?<![\w.])([\w.]++)\s*\(\s*+(?:[^()\n]*,\s*)?__name__\b")
_MAY_BIND_OUTSIDE = re.compile(rb"\bglobal\b|:=")
_SCOPES = frozenset({"function_definition", "class_definition", "lambda"})
_COMPREHENSIONS = frozenset({
    "list_comprehension", "set_comprehension", "dictionary_comprehension", "generator_expression",
})  # fmt: skip
_EXCUSES = re.compile(
    r"#\s*(?:type:\s*ignore|pylint:|pyright:|noqa\s*$)|@ts-(?:ignore|expect-error|nocheck)|eslint-disable"
)
_DATA = frozenset({"argument_list", "keyword_argument", "dictionary", "pair", "list", "tuple", "set"})
_JS_LANGUAGES = frozenset({"javascript", "typescript", "tsx"})
MAX_IMPORTS = 400


def is_known_language(path: str) -> bool:
    """Whether imports of such a file are understood well enough."""
    language = language_of(path)
    return language is not None and language.name in ("python", *_JS_LANGUAGES)


def names_of(path: str, text: str) -> ModuleNames:
    """What the module of a text offers."""
    language = language_of(path)
    if language is None or not is_known_language(path):
        return OPEN
    is_python = language.name == "python"
    magic = _PYTHON_MAGIC if is_python else _JAVASCRIPT_MAGIC
    if magic.search(text) or (is_python and _names_itself(text)):
        return OPEN
    parsed = parse(language, text)
    if parsed is None or parsed.root.has_error:
        return OPEN
    return _python_names(parsed) if is_python else _javascript_names(parsed)


def imports_of(path: str, text: str) -> list[NamedImport]:
    """The names that a text imports and has no plan for missing: not within `try`, nor where a comment excuses it."""
    language = language_of(path)
    parsed = parse(language, text) if language is not None and is_known_language(path) else None
    if language is None or parsed is None:
        return []
    lines = text.split("\n")
    find = _python_imports if language.name == "python" else _javascript_imports
    found = []
    for statement, module, name in find(parsed):
        shown = lines[statement.start_point.row : statement.end_point.row + 1]
        above = lines[max(0, statement.start_point.row - 1) : statement.start_point.row]
        if any(_EXCUSES.search(line) for line in [*shown, *(line for line in above if "@ts-" in line)]):
            continue
        found.append(_named(parsed, module, name))
        if len(found) >= MAX_IMPORTS:
            break
    return found


def _named(parsed: Parsed, module: str, name: Node) -> NamedImport:
    row, start = name.start_point
    line = parsed.source.split(b"\n")[row]
    left, text = line[:start].decode("utf-8", "replace"), parsed.text(name)
    return NamedImport(module, text, row, len(left), len(left) + len(text))


def _names_itself(text: str) -> bool:
    """Whether something is called with the module's name that may fill the module."""
    return any(not _HARMLESS.search(match[1]) for match in _NAMES_ITSELF.finditer(text))


def _python_names(parsed: Parsed) -> ModuleNames:
    names: dict[str, int] = {}
    stars: list[str] = []
    possible: set[str] = set()
    for node in _module_level(parsed.root):
        if node.type == "wildcard_import":
            statement = node.parent
            module = statement.child_by_field_name("module_name") if statement is not None else None
            stars.append(parsed.text(module) if module is not None else "")
        for name, row in _bound_by(parsed, node):
            names.setdefault(name, row + 1)
        if node.type == "string" and _is_given_away(node):
            possible.add(parsed.text(node).strip("\"'"))
    return ModuleNames(frozenset(names), tuple(stars), lines=names, possible=frozenset(possible))


def _module_level(root: Node) -> Iterator[Node]:
    """Nodes that run when the module is loaded; of functions and classes, the definition alone. A function that says
    `global` is looked into: what it binds may be the module's."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        if node.type not in _SCOPES and node.type not in _COMPREHENSIONS:
            waiting.extend(reversed(node.named_children))
        elif node.type == "function_definition" and _MAY_BIND_OUTSIDE.search(node.text or b""):
            waiting.extend(child for child in _all(node) if child.type in ("global_statement", "named_expression"))


def _all(node: Node) -> Iterator[Node]:
    waiting = list(reversed(node.named_children))
    while waiting:
        inner = waiting.pop()
        yield inner
        waiting.extend(reversed(inner.named_children))


def _bound_by(parsed: Parsed, node: Node) -> Iterator[tuple[str, int]]:
    """Names that one node binds, with their rows."""
    if node.type in ("function_definition", "class_definition"):
        named = node.child_by_field_name("name")
        yield from _identifiers(parsed, named)
    elif node.type in ("assignment", "augmented_assignment", "for_statement"):
        yield from _identifiers(parsed, node.child_by_field_name("left"))
    elif node.type in ("named_expression", "type_alias_statement"):
        yield from _identifiers(parsed, node.named_children[0] if node.named_children else None)
    elif node.type in ("global_statement", "as_pattern_target", "case_pattern", "delete_statement"):
        yield from _identifiers(parsed, node)
    elif node.type in ("import_statement", "import_from_statement"):
        yield from _imported(parsed, node)
    elif node.type == "string" and _is_in_all(node):
        text = parsed.text(node).strip("\"'")
        yield text, node.start_point.row


def _identifiers(parsed: Parsed, node: Node | None) -> Iterator[tuple[str, int]]:
    """Every identifier in a target: too many names only make us say less."""
    if node is None:
        return
    for inner in (node, *_all(node)):
        if inner.type == "identifier":
            yield parsed.text(inner), inner.start_point.row


def _imported(parsed: Parsed, statement: Node) -> Iterator[tuple[str, int]]:
    for name in statement.children_by_field_name("name"):
        alias = name.child_by_field_name("alias")
        text = parsed.text(alias or name)
        yield (text if alias is not None else text.split(".", 1)[0]), name.start_point.row


def _is_in_all(node: Node) -> bool:
    """Whether a text stands in a list: perhaps that of `__all__`, whose names a module offers somehow."""
    return node.parent is not None and node.parent.type in ("list", "tuple", "expression_list")


def _is_given_away(node: Node) -> bool:
    """Whether a text is given to a call that is a statement of its own: perhaps one that makes names of the module."""
    outer = node.parent
    while outer is not None and outer.type in _DATA:
        outer = outer.parent
    return outer is not None and outer.type == "call" and _type_of(outer.parent) == "expression_statement"


def _type_of(node: Node | None) -> str:
    return node.type if node is not None else ""


def _python_imports(parsed: Parsed) -> Iterator[tuple[Node, str, Node]]:
    """Statement, module and name; those that somebody is prepared to miss are left out."""
    waiting = [parsed.root]
    while waiting:
        node = waiting.pop()
        if node.type == "import_from_statement" and not node.has_error:
            module = node.child_by_field_name("module_name")
            for name in node.children_by_field_name("name"):
                inner = name.child_by_field_name("name") or name
                if module is not None and inner.type == "dotted_name":
                    yield node, "".join(parsed.text(module).split()), inner
        elif node.type not in ("try_statement", "with_statement"):
            waiting.extend(reversed(node.named_children))


def _javascript_names(parsed: Parsed) -> ModuleNames:
    names: dict[str, int] = {}
    stars: list[str] = []
    exports = [node for node in parsed.root.named_children if node.type == "export_statement"]
    for node in exports:
        source = node.child_by_field_name("source")
        is_all = any(child.type == "*" for child in node.children)
        if source is not None and is_all:
            stars.append(parsed.text(source).strip("\"'`"))
        for name, row in _exported(parsed, node):
            names.setdefault(name, row + 1)
    # A file that gives nothing away is a script, or is filled in by something that we do not see.
    return ModuleNames(frozenset(names), tuple(stars), is_open=not exports, lines=names)


def _exported(parsed: Parsed, statement: Node) -> Iterator[tuple[str, int]]:
    row = statement.start_point.row
    if any(child.type == "default" for child in statement.children):
        yield "default", row
    for child in statement.named_children:
        if child.type == "namespace_export":
            yield from ((parsed.text(inner), row) for inner in child.named_children)
        elif child.type == "export_clause":
            for specifier in child.named_children:
                name = specifier.child_by_field_name("alias") or specifier.child_by_field_name("name")
                if name is not None:
                    yield parsed.text(name).strip("\"'"), name.start_point.row
        elif child.type != "string":
            yield from _declared(parsed, child)


def _declared(parsed: Parsed, declaration: Node) -> Iterator[tuple[str, int]]:
    """Names that an exported declaration brings; of a pattern all of them."""
    holders = [declaration, *declaration.named_children]
    for holder in holders:
        name = holder.child_by_field_name("name")
        if name is not None:
            for inner in (name, *_all(name)):
                if inner.type.endswith("identifier") or inner.type.endswith("identifier_pattern"):
                    yield parsed.text(inner), inner.start_point.row


def _javascript_imports(parsed: Parsed) -> Iterator[tuple[Node, str, Node]]:
    for statement in parsed.root.named_children:
        source = statement.child_by_field_name("source")
        if statement.type != "import_statement" or source is None or statement.has_error:
            continue
        module = parsed.text(source).strip("\"'`")
        for node in _all(statement):
            name = node.child_by_field_name("name") if node.type == "import_specifier" else None
            if name is not None and name.type == "identifier" and parsed.text(name) != "default":
                yield statement, module, name
