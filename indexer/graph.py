"""Imports -> files of the repository, and names -> their definitions through imports. Best effort, never guessing far."""

from __future__ import annotations

import posixpath
import re
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from indexer import records
from indexer.types import Import, Symbol

MAX_FILES = 24
MAX_DEPTH = 4

_JS_ENDINGS = (".ts", ".tsx", ".d.ts", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".vue")
_PY_ENDINGS = (".py", ".pyi", "/__init__.py", "/__init__.pyi")
_JVM_ENDINGS = (".java", ".kt", ".scala")


@dataclass(frozen=True, slots=True)
class Asker:
    """The file that imports. root_name: name of the workspace folder, which may itself be the imported package."""

    path: str
    language: str
    root_name: str = ""

    @property
    def folder(self) -> str:
        """The folder of the file, "" at the root."""
        return posixpath.dirname(self.path)


Resolver = Callable[[sqlite3.Connection, Import, Asker], list[str]]


def resolve_import(connection: sqlite3.Connection, item: Import, asker: Asker) -> list[str]:
    """Files that an import may mean, likeliest first; empty for libraries from outside."""
    resolver = _RESOLVERS.get(asker.language)
    return resolver(connection, item, asker)[:MAX_FILES] if resolver else []


def definitions_of(
    connection: sqlite3.Connection, name: str, path: str, asker: Asker, depth: int = MAX_DEPTH
) -> list[Symbol]:
    """Definitions of `name` in a file, or where that file has it from (re-exports)."""
    found = [symbol for symbol in records.symbols_in(connection, path, name) if not _is_nested(symbol)]
    if found or depth == 0:
        return found
    there = Asker(path, asker.language, asker.root_name)
    for item in records.imports_of(connection, path):
        if item.alias != name and item.name != "*":
            continue
        wanted = item.name if item.alias == name and item.name not in ("", "*") else name
        for target in resolve_import(connection, item, there):
            if target != path and (found := definitions_of(connection, wanted, target, there, depth - 1)):
                return found
    return []


def _is_nested(symbol: Symbol) -> bool:
    return symbol.kind in ("method", "field")


def _normal(path: str) -> str:
    """Path without `.` and `..`; "" when it leaves the workspace."""
    clean = posixpath.normpath(path)
    return "" if clean.startswith("..") or clean == "." else clean.lstrip("/")


def _resolve_python(connection: sqlite3.Connection, item: Import, asker: Asker) -> list[str]:
    dots = len(item.module) - len(item.module.lstrip("."))
    tail = item.module[dots:].replace(".", "/")
    bases = _python_bases(tail, dots, asker)
    for base in bases:
        candidates = [f"{base}{ending}" for ending in _PY_ENDINGS]
        if item.name and item.name != "*":
            submodule = [f"{base}/{item.name}{ending}" for ending in _PY_ENDINGS]
            candidates = candidates[:2] + submodule[:2] + candidates[2:] + submodule[2:]
        found = [path for path in map(_normal, candidates) if path and records.existing_path(connection, [path])]
        if found:
            return found
    return []


def _python_bases(tail: str, dots: int, asker: Asker) -> list[str]:
    if dots:
        folder = asker.folder
        for _ in range(dots - 1):
            folder = posixpath.dirname(folder)
        return [posixpath.join(folder, tail) if tail else folder or "."]
    first, _, rest = tail.partition("/")
    bases = [tail, f"src/{tail}", f"lib/{tail}"]
    if first == asker.root_name:
        bases.append(rest or ".")
    folder = asker.folder
    while folder:
        bases += [f"{folder}/{tail}", f"{folder}/src/{tail}"]
        folder = posixpath.dirname(folder)
    return bases


def _resolve_javascript(connection: sqlite3.Connection, item: Import, asker: Asker) -> list[str]:
    module = item.module
    if module.startswith("."):
        bases = [posixpath.join(asker.folder, module)]
    elif module.startswith(("@/", "~/")):
        bases = [f"src/{module[2:]}", module[2:], f"app/{module[2:]}"]
    else:
        bases = [module, f"src/{module}", f"packages/{module}/src/index", f"packages/{module}/index"]
    for base in map(_normal, bases):
        stem = re.sub(r"\.(?:[mc]?jsx?)$", "", base)
        candidates = [base, *(stem + end for end in _JS_ENDINGS), *(f"{base}/index{end}" for end in _JS_ENDINGS)]
        if path := records.existing_path(connection, candidates):
            return [path]
    return []


def _resolve_go(connection: sqlite3.Connection, item: Import, asker: Asker) -> list[str]:
    parts = item.module.split("/")
    for start in range(len(parts)):
        folder = "/".join(parts[start:])
        if paths := records.paths_below(connection, folder, ".go", MAX_FILES):
            return [path for path in paths if not path.endswith("_test.go")]
    return []


def _resolve_rust(connection: sqlite3.Connection, item: Import, asker: Asker) -> list[str]:
    parts = [part for part in item.module.split("::") if part]
    if item.name and item.name != "*":
        parts.append(item.name)
    base, parts = _rust_base(parts, asker)
    for length in range(len(parts), -1, -1):
        stem = posixpath.join(base, *parts[:length])
        if length == 0:
            candidates = [f"{base}/lib.rs", f"{base}/main.rs", f"{base}/mod.rs"]
        else:
            candidates = [f"{stem}.rs", f"{stem}/mod.rs"]
        if path := records.existing_path(connection, [_normal(candidate) for candidate in candidates]):
            return [path]
    return []


def _rust_base(parts: list[str], asker: Asker) -> tuple[str, list[str]]:
    """The folder that a path starts in, and the rest of the path."""
    above, found, _ = f"/{asker.path}".rpartition("/src/")
    crate = f"{above}/src".lstrip("/") if found else asker.folder
    stem = posixpath.basename(asker.path).removesuffix(".rs")
    own = asker.folder if stem in ("mod", "lib", "main") else posixpath.join(asker.folder, stem)
    if parts and parts[0] == "crate":
        return crate, parts[1:]
    if parts and parts[0] == "self":
        return own, parts[1:]
    while parts and parts[0] == "super":
        own, parts = posixpath.dirname(own), parts[1:]
    return own, parts


def _resolve_jvm(connection: sqlite3.Connection, item: Import, asker: Asker) -> list[str]:
    folder = item.module.replace(".", "/")
    tails = [f"{folder}/{item.name}", folder] if item.name and item.name != "*" else [folder]
    for tail in tails:
        for ending in _JVM_ENDINGS:
            if paths := records.paths_ending(connection, tail + ending, 4):
                return paths
    if item.name == "*":
        return []
    return [path for end in _JVM_ENDINGS for path in records.paths_ending(connection, item.name + end, 2)][:2]


def _resolve_c(connection: sqlite3.Connection, item: Import, asker: Asker) -> list[str]:
    near = _normal(posixpath.join(asker.folder, item.module))
    if near and records.existing_path(connection, [near]):
        return [near]
    return records.paths_ending(connection, item.module.lstrip("./"), 2)


def _resolve_by_path(*endings: str) -> Resolver:
    """A resolver for languages that name files: relative to the asker first, then anywhere."""

    def resolve(connection: sqlite3.Connection, item: Import, asker: Asker) -> list[str]:
        module = item.module.strip()
        if "\\" in module or (item.name and "/" not in module):
            module = "/".join([*module.split("\\"), item.name]).strip("/")
        elif asker.language == "lua":
            module = module.replace(".", "/")
        near = _normal(posixpath.join(asker.folder, module))
        if path := records.existing_path(connection, [near, *(near + ending for ending in endings)] if near else []):
            return [path]
        parts = [part for part in module.split("/") if part not in (".", "..", "")]
        for start in range(len(parts)):
            tail = "/".join(parts[start:])
            for ending in ("", *endings):
                if paths := records.paths_ending(connection, tail + ending, 2):
                    return paths
            if "\\" not in item.module:
                break
        return []

    return resolve

_RESOLVERS: dict[str, Resolver] = {
    "python": _resolve_python,
    "javascript": _resolve_javascript,
    "typescript": _resolve_javascript,
    "tsx": _resolve_javascript,
    "go": _resolve_go,
    "rust": _resolve_rust,
    "java": _resolve_jvm,
    "kotlin": _resolve_jvm,
    "scala": _resolve_jvm,
    "c": _resolve_c,
    "cpp": _resolve_c,
    "ruby": _resolve_by_path(".rb"),
    "php": _resolve_by_path(".php"),
    "lua": _resolve_by_path(".lua", "/init.lua"),
    "bash": _resolve_by_path(".sh"),
    "zig": _resolve_by_path(".zig"),
}
