"""Syntax tree -> definitions, references and imports."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import cast

from tree_sitter import Node

from indexer.bases import read_bases
from indexer.imports import read_imports
from indexer.namespaces import NAMESPACED, namespaces_in
from indexer.parsing import Parsed
from indexer.skeletons import Outline, outline_of, signature_of, skeleton_of
from indexer.types import Base, Import, Reference, ReferenceKind, Symbol, SymbolKind

# A file with more definitions or names than this is data in the shape of code; the rest is left out.
MAX_SYMBOLS = 4000
MAX_REFERENCES = 4000
MAX_NAME = 120

_REFERENCES: dict[str, ReferenceKind] = {"reference.call": "call", "reference.type": "type"}
_CONTAINERS = ("class", "module", "scope")


@dataclass(frozen=True, slots=True)
class FileSymbols:
    """What one file defines, uses (once per name and kind, where first used) and imports, what its classes are derived
    from, and the namespaces or packages that it declares."""

    symbols: tuple[Symbol, ...]
    references: tuple[Reference, ...]
    imports: tuple[Import, ...]
    bases: tuple[Base, ...] = ()
    namespaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Definition:
    """A definition before it knows what encloses it."""

    node: Node
    kind: str
    name: str
    container: str


def extract(parsed: Parsed, path: str) -> FileSymbols:
    """Definitions, references and imports of a parsed file."""
    return FileSymbols(
        symbols=_symbols(parsed, path),
        references=_references(parsed, path),
        imports=read_imports(parsed, path),
        bases=read_bases(parsed, path),
        namespaces=_namespaces(parsed),
    )


def _namespaces(parsed: Parsed) -> tuple[str, ...]:
    language = parsed.language.name
    return namespaces_in(parsed.text(parsed.root), language) if language in NAMESPACED else ()


def _symbols(parsed: Parsed, path: str) -> tuple[Symbol, ...]:
    outlines = _outlines(parsed, find_definitions(parsed))
    members: dict[str, list[Outline]] = {}
    for outline in outlines:
        members.setdefault(outline.container, []).append(outline)
    symbols = [_symbol(parsed, path, outline, members) for outline in outlines if outline.kind != "scope"]
    return tuple(symbols[:MAX_SYMBOLS])


def find_definitions(parsed: Parsed) -> list[Definition]:
    """Every definition of a file, what is local to a function included, in the order of the source."""
    found: dict[tuple[int, str], Definition] = {}
    for captures in parsed.definitions:
        names = captures.get("name")
        if not names:
            continue
        capture = next((key for key in captures if key == "scope" or key.startswith("definition.")), None)
        if capture is None:
            continue
        container = captures.get("container")
        for name in names:
            text = parsed.text(name).lstrip(":")[:MAX_NAME]
            definition = Definition(
                captures[capture][0],
                capture.removeprefix("definition."),
                text,
                parsed.text(container[0])[:MAX_NAME] if container else "",
            )
            found.setdefault((name.start_byte, text), definition)
    return sorted(found.values(), key=lambda item: (item.node.start_byte, -item.node.end_byte))


def _outlines(parsed: Parsed, definitions: list[Definition]) -> list[Outline]:
    """Definitions with their containers; what is local to a function is left out."""
    outlines: list[Outline] = []
    open_nodes: list[tuple[int, str, str]] = []
    for definition in definitions:
        while open_nodes and open_nodes[-1][0] <= definition.node.start_byte:
            open_nodes.pop()
        inside_function = any(kind not in _CONTAINERS for _, kind, _ in open_nodes)
        kind = definition.kind
        path = ".".join(name for _, _, name in open_nodes)
        if kind in (*_CONTAINERS, "function", "method"):
            open_nodes.append((definition.node.end_byte, kind, definition.name))
        if inside_function:
            continue
        in_class = len(open_nodes) > 1 and open_nodes[-2][1] in ("class", "scope")
        belongs = bool(definition.container) and parsed.language.name != "lua"  # In Lua the container is the module.
        if kind == "function" and (belongs or (in_class and not _is_namespace(definition, parsed))):
            kind = "method"
        outlines.append(outline_of(parsed, definition.node, kind, definition.name, definition.container or path))
    return outlines


def _is_namespace(definition: Definition, parsed: Parsed) -> bool:
    """Whether the function stands in a C++ namespace, which is a scope but no class."""
    if parsed.language.name != "cpp":
        return False
    parent = definition.node.parent
    while parent is not None and parent.type not in ("namespace_definition", "field_declaration_list"):
        parent = parent.parent
    return parent is not None and parent.type == "namespace_definition"


def _symbol(parsed: Parsed, path: str, outline: Outline, members: dict[str, list[Outline]]) -> Symbol:
    qualified = f"{outline.container}.{outline.name}" if outline.container else outline.name
    children = members.get(qualified) or members.get(outline.name, [])
    is_group = outline.kind in ("class", "module")
    signature = skeleton_of(parsed, outline, children) if is_group else signature_of(parsed, outline)
    outer = outline.outer
    return Symbol(
        name=outline.name,
        kind=cast("SymbolKind", outline.kind),
        path=path,
        start_line=outer.start_point.row + 1,
        end_line=_end_line(outer),
        signature=signature,
        container=outline.container,
        doc=outline.doc,
    )


def _end_line(node: Node) -> int:
    """Last line of a node; a node that ends at the start of a line does not cover that line."""
    row, column = node.end_point
    return max(node.start_point.row, row - (column == 0)) + 1


def _references(parsed: Parsed, path: str) -> tuple[Reference, ...]:
    found: dict[tuple[bytes, str], Node] = {}
    source = parsed.source
    for captures in parsed.references:
        for capture, nodes in captures.items():
            for node in nodes:
                found.setdefault((source[node.start_byte : node.end_byte], capture), node)
    references = (
        Reference(name, path, node.start_point.row + 1, _REFERENCES[capture])
        for (spelled, capture), node in found.items()
        if capture in _REFERENCES and len(name := spelled.decode("utf-8", "replace")) <= MAX_NAME
    )
    return tuple(islice(references, MAX_REFERENCES))
