"""What a parsed file does with a name, line by line: derives from it, calls it, reads it, gives it on. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import islice

from tree_sitter import Node

from indexer.bases import base_lists
from indexer.imports import read_imports
from indexer.parsing import Parsed
from indexer.types import Import

# Files whose imports are there to be imported by others.
_GIVES_ON = re.compile(r"(?:^|/)(?:__init__\.pyi?|index\.[mc]?[jt]sx?|mod\.rs|lib\.rs)$")
_GIVEN = re.compile(rb"\s*(?:export|pub)\b")
_CALLED = (("reference.call", "calls"), ("reference.type", "uses the type"))
_MEMBER_OF = frozenset({
    "attribute", "class_constant_access_expression", "dot_index_expression", "field_access", "field_expression",
    "member_access_expression", "member_expression", "navigation_expression", "navigation_suffix", "nested_identifier",
    "qualified_identifier", "qualified_name", "scope_resolution", "scoped_identifier",
    "scoped_property_access_expression", "selector_expression",
})  # fmt: skip
# What stands between a name and the assignment that sets it.
_LEFT_PARTS = _MEMBER_OF | {"expression_list"}
# Where a name is a key: of a keyword argument, of an object.
_KEYED = frozenset({"keyword_argument", "pair", "property_assignment", "keyed_element", "named_argument", "field_init"})
_LEAF = re.compile(r"(?:.*_)?identifier$|name$|constant$|word$|simple_symbol$|shorthand_property_identifier$")
_SETS = re.compile(r"(?:augmented_)?assignment(?:_expression|_statement)?$|short_var_declaration$")
# Languages in which a name of another file is not there unless it is imported.
_BOUND_BY_IMPORTS = frozenset({"python", "javascript", "typescript", "tsx"})
# In a tree a node is looked for from the root on: so many places of a name are looked at in one file, and so many nodes
# around one, or a file that repeats a name takes hours.
MAX_PLACES = 500
MAX_AROUND = 8
# Kinds of definitions whose plain names mean them wherever they are seen.
_GLOBAL = frozenset({"class", "type", "constant", "module"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """The name that is looked for, and the kinds of the definitions that have it."""

    name: str
    kinds: AbstractSet[str]


def lines_using(parsed: Parsed, path: str, wanted: Wanted, aliases: AbstractSet[str]) -> dict[int, str]:
    """What is done with the name in each line that uses it: "calls cart". aliases: what else the file calls it."""
    imports = read_imports(parsed, path)
    names = {wanted.name, *aliases, *_aliases(imports, wanted.name)}
    found: dict[int, str] = {}
    for line, verb, name in (
        *_inherited(parsed, names),
        *_referenced(parsed, names),
        *_plain(parsed, imports, wanted, names),
        *_imported(parsed, path, imports, wanted.name),
    ):
        found.setdefault(line, f"{verb} {wanted.name}{f', here `{name}`' if name not in ('', wanted.name) else ''}")
    return found


def _aliases(imports: Iterable[Import], name: str) -> Iterator[str]:
    return (item.alias for item in imports if item.module and item.name == name and item.alias != name)


def _inherited(parsed: Parsed, names: AbstractSet[str]) -> Iterator[tuple[int, str, str]]:
    for heir, node in base_lists(parsed):
        text = parsed.text(node)
        for name in names:
            if (match := _whole(name).search(text.encode())) is not None and heir != name:
                yield node.start_point.row + 1 + text.encode().count(b"\n", 0, match.start()), "inherits from", name


def _referenced(parsed: Parsed, names: AbstractSet[str]) -> Iterator[tuple[int, str, str]]:
    defined = _defined(parsed)
    for capture, verb in _CALLED:
        for captures in parsed.references:
            for node in captures.get(capture, ()):
                if (name := parsed.text(node)) in names and node.start_byte not in defined:
                    yield node.start_point.row + 1, verb, name


def _plain(
    parsed: Parsed, imports: Iterable[Import], wanted: Wanted, names: AbstractSet[str]
) -> Iterator[tuple[int, str, str]]:
    """Reads and writes: whatever is no call, no type, no definition and no import."""
    defined = _defined(parsed)
    import_lines = {item.line for item in imports}
    bound = {item.alias for item in imports if item.module} | {
        parsed.text(node) for captures in parsed.definitions for node in captures.get("name", ())
    }
    for name in sorted(names):
        for node in _leaves(parsed, name):
            row = node.start_point.row + 1
            if node.start_byte not in defined and row not in import_lines and _counts(parsed, node, wanted, bound):
                yield row, _verb(node, wanted), name


def _defined(parsed: Parsed) -> set[int]:
    """Where names stand that are defined there; `impl Cart` defines no Cart."""
    matches = (captures for captures in parsed.definitions if "scope" not in captures)
    return {node.start_byte for captures in matches for node in captures.get("name", ())}


def _leaves(parsed: Parsed, name: str) -> Iterator[Node]:
    for match in islice(_whole(name).finditer(parsed.source), MAX_PLACES):
        node = parsed.root.descendant_for_byte_range(match.start(), match.end())
        if node is not None and node.child_count == 0 and _LEAF.match(node.type) and parsed.text(node) == name:
            yield node


def _counts(parsed: Parsed, node: Node, wanted: Wanted, bound: AbstractSet[str]) -> bool:
    """Whether a name that stands by itself or behind a dot may mean what is looked for, and no local variable."""
    parent = node.parent
    if parent is None or parent.type == "variable_name":
        return False
    if parent.type in _MEMBER_OF and node.prev_sibling is not None:
        return True
    if parent.type in _KEYED and node.prev_sibling is None:
        return "field" in wanted.kinds
    if parsed.text(node) in bound:
        return True
    return parsed.language.name not in _BOUND_BY_IMPORTS and not wanted.kinds.isdisjoint(_GLOBAL)


def _verb(node: Node, wanted: Wanted) -> str:
    if not wanted.kinds or not wanted.kinds <= {"constant", "field"}:
        return "mentions"
    target, holder = node, node.parent
    for _ in range(MAX_AROUND):
        if holder is None or holder.type not in _LEFT_PARTS:
            break
        target, holder = holder, holder.parent
    is_left = holder is not None and holder.named_child_count > 1 and holder.named_children[0] == target
    return "sets" if is_left and holder is not None and _SETS.match(holder.type) else "reads"


def _imported(parsed: Parsed, path: str, imports: Iterable[Import], name: str) -> Iterator[tuple[int, str, str]]:
    """Lines that give the name on to other files, or import it under another one."""
    lines = parsed.source.split(b"\n")
    for item in imports:
        if item.name != name:
            continue
        other = item.alias if item.alias != "default" else ""
        if not item.module:
            yield item.line, "exports", other
        elif _GIVEN.match(lines[item.line - 1]) or _GIVES_ON.search(path):
            yield item.line, "re-exports", other
        elif item.alias != name:
            yield item.line, "imports", other


def _whole(name: str) -> re.Pattern[bytes]:
    return re.compile(rb"(?<![\w$])" + re.escape(name.encode("utf-8", "replace")) + rb"(?![\w$])")
