"""Import statements -> `Import` values, for every language."""

from __future__ import annotations

import re

from tree_sitter import Node

from indexer.parsing import Captures, Parsed
from indexer.types import Import

MAX_IMPORTS = 1000
# What nests deeper in the braces of one import is no code that somebody wrote.
MAX_DEPTH = 50

_KEYWORDS = re.compile(r"^\s*(?:pub(?:\([^)]*\))?\s+)?(?:import|use|using|static|function|const)\b\s*")
_STATIC = re.compile(r"^(?:static|function|const)\s+")
# What stands for the name of an import that counts for every file of a project: C#'s `global using`.
EVERYWHERE = "global *"

_GO_VERSION = re.compile(r"[./]v\d+$")
_GENERIC = re.compile(r"<.*$")
_SPACE = re.compile(r"\s+")


def read_imports(parsed: Parsed, path: str) -> tuple[Import, ...]:
    """Every imported name of a file, in the order of the source."""
    found: dict[tuple[int, int, str, str], Import] = {}
    for captures in parsed.imports:
        for item in _from_captures(parsed, captures, path):
            found.setdefault((item.line, 0, item.module, item.name + item.alias), item)
    ordered = sorted(found.values(), key=lambda item: item.line)
    return tuple(ordered[:MAX_IMPORTS])


def _from_captures(parsed: Parsed, captures: Captures, path: str) -> list[Import]:
    if trees := captures.get("import.tree"):
        alias = _first(parsed, captures, "import.alias")
        return _from_tree(parsed, trees[0], alias, path)
    if submodules := captures.get("import.submodule"):
        name = parsed.text(submodules[0])
        return [Import(f"self::{name}", "", name, path, submodules[0].start_point.row + 1)]
    relative = captures.get("import.relative")
    modules = captures.get("import.module") or relative
    if not modules:
        return [_given_away(parsed, captures, node, path) for node in captures.get("import.own", ())]
    module = _clean_module(parsed.text(modules[0]))
    if relative and not module.startswith("."):
        module = f"./{module}"
    line = modules[0].start_point.row + 1
    if default := captures.get("import.default"):
        return [Import(module, "default", parsed.text(default[0]), path, line)]
    alias = _first(parsed, captures, "import.alias")
    names = captures.get("import.name")
    if not names:
        return [Import(module, "", alias or _bound_name(module, parsed.language.name), path, line)]
    return [_named(module, parsed.text(node).lstrip(":"), alias, path, node) for node in names]


def _named(module: str, name: str, alias: str, path: str, node: Node) -> Import:
    return Import(module, name, alias or name, path, node.start_point.row + 1)


def _given_away(parsed: Parsed, captures: Captures, node: Node, path: str) -> Import:
    """What a file gives away of its own under another name: `export default Cart`, `export { Cart as Basket }`."""
    alias = _first(parsed, captures, "import.alias") or "default"
    return Import("", parsed.text(node), alias, path, node.start_point.row + 1)


def _first(parsed: Parsed, captures: Captures, key: str) -> str:
    nodes = captures.get(key)
    return parsed.text(nodes[0]) if nodes else ""


def _clean_module(text: str) -> str:
    """The module as written, without quotes, angle brackets and line breaks."""
    if "__DIR__" in text:
        quoted = re.search(r"['\"]([^'\"]+)['\"]", text)
        return "." + quoted.group(1) if quoted else ""
    return _SPACE.sub("", text).strip("\"'<>()")


def _bound_name(module: str, language: str) -> str:
    """The name that `import module` puts in scope."""
    if language == "python":
        return module.split(".", 1)[0]
    if language == "go":
        return _go_package(module)
    return re.split(r"[./\\:]", module.rstrip("/"))[-1]


def _go_package(module: str) -> str:
    """What a Go package is called, as far as its path tells: `example.com/shop/v2` is `shop`."""
    last = _GO_VERSION.sub("", module.rstrip("/")).rpartition("/")[2]
    return last.removeprefix("go-").removesuffix("-go")


def _from_tree(parsed: Parsed, node: Node, alias: str, path: str) -> list[Import]:
    if parsed.language.name == "c_sharp":
        return [_from_using(parsed, node, alias, path)]
    text = _KEYWORDS.sub("", parsed.text(node).strip()).rstrip("; \n")
    text = _STATIC.sub("", text)
    separator = {"rust": "::", "php": "\\"}.get(parsed.language.name, ".")
    line = node.start_point.row + 1
    return [
        _import_of(full, separator, given or alias, path, line) for full, given in expand_tree(text, separator) if full
    ]


def _from_using(parsed: Parsed, node: Node, alias: str, path: str) -> Import:
    """`using A.B;` brings everything in A.B, `using static A.B;` the members of B, `using X = A.B;` one type."""
    full, line = _GENERIC.sub("", _SPACE.sub("", parsed.text(node))), node.start_point.row + 1
    if alias:
        module, _, name = full.rpartition(".")
        return Import(module, name, alias, path, line)
    whole = parsed.text(node.parent) if node.parent is not None else ""
    return Import(full, "*", EVERYWHERE if whole.lstrip().startswith("global") else "*", path, line)


def _import_of(full: str, separator: str, alias: str, path: str, line: int) -> Import:
    module, _, name = full.rpartition(separator)
    if name in ("*", "_"):
        return Import(module, "*", "*", path, line)
    if name == "self":
        return Import(module, "", alias or module.rpartition(separator)[2], path, line)
    return Import(module, name, alias or name, path, line)


def expand_tree(text: str, separator: str) -> list[tuple[str, str]]:
    """Flat (path, alias) pairs of a nested import: `a::{b, c as d}` -> [("a::b", ""), ("a::c", "d")]."""
    found: list[tuple[str, str]] = []
    waiting = [("", text, 0)]
    while waiting:
        above, part, depth = waiting.pop()
        brace = part.find("{")
        if brace < 0:
            renamed = [_renamed(item) for item in part.split(",") if item.strip()]
            found += [(above + path, alias) for path, alias in renamed]
        elif depth < MAX_DEPTH:
            inside = part[brace + 1 : part.rfind("}")] if "}" in part else part[brace + 1 :]
            prefix = above + part[:brace].strip().strip(".:\\ ") + separator
            waiting += [(prefix, inner, depth + 1) for inner in reversed(_split_outside_braces(inside))]
    return found


def _renamed(part: str) -> tuple[str, str]:
    pieces = re.split(r"\s+as\s+|\s*=>\s*", _STATIC.sub("", part.strip()), maxsplit=1)
    return _SPACE.sub("", pieces[0]), pieces[1].strip() if len(pieces) > 1 else ""


def _split_outside_braces(text: str) -> list[str]:
    parts, depth, start = [], 0, 0
    for position, character in enumerate(text):
        depth += (character == "{") - (character == "}")
        if character == "," and depth == 0:
            parts.append(text[start:position])
            start = position + 1
    parts.append(text[start:])
    return [part for part in parts if part.strip()]
