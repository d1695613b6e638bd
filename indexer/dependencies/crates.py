"""Rust: paths of crates and their modules -> files, in Cargo's registry or in `vendor`."""

from __future__ import annotations

import posixpath
import re

from indexer.dependencies.disk import is_file, read_text
from indexer.dependencies.types import Location, Module, Scope
from indexer.types import Import

_VERSION = re.compile(r"(.+?)-(\d+\.[^/]*)$")
_LIBRARY = re.compile(r"^\[lib\][^\[]*?^path\s*=\s*\"([^\"]+)\"", re.MULTILINE)
_ROOTS = ("lib", "main", "mod")


def find_module(scope: Scope, name: str) -> Module | None:
    """The crate or the module of a path (`tokio::sync`); modules that stand inside of a file have none."""
    first, *rest = name.split("::")
    crate = scope.packages.get(first)
    if crate is None:
        return None
    return _below(scope, _crate(crate, first), rest)


def find_imported(scope: Scope, location: Location, item: Import) -> Module | None:
    """The module that a `use` in a file of a library names."""
    parts = [part for part in item.module.split("::") if part]
    here: Module | None = home_of(scope, location)
    if parts and parts[0] == "crate":
        return _below(scope, _crate(location.beside(_crate_folder(location)), "crate"), parts[1:])
    if parts and parts[0] not in ("self", "super"):
        return _below(scope, here, parts) or find_module(scope, item.module)
    while parts and parts[0] in ("self", "super"):
        here = _above(here) if parts[0] == "super" and here is not None else here
        parts = parts[1:]
    return _below(scope, here, parts)


def find_submodule(scope: Scope, module: Module, name: str) -> Module | None:
    """A module in a file of its own, below another one."""
    for file in module.files:
        folder, stem = posixpath.dirname(file.path), posixpath.splitext(posixpath.basename(file.path))[0]
        base = folder if stem in _ROOTS else f"{folder}/{stem}"
        for path in (f"{base}/{name}.rs", f"{base}/{name}/mod.rs"):
            if name.isidentifier() and is_file(place := file.beside(path)):
                return Module(f"{module.name}::{name}", (place,))
    return None


def home_of(scope: Scope, location: Location) -> Module:
    """Every file is a module."""
    return Module(location.path, (location,))


def package_of(location: Location) -> str:
    """Name and version of the crate that a file came with."""
    folder = _crate_folder(location)
    match = _VERSION.match(folder)
    return f"{match[1]} {match[2]}" if match else folder


def _crate_folder(location: Location) -> str:
    return location.path.partition("/")[0]


def _crate(folder: Location, name: str) -> Module | None:
    path = folder.beside(f"{folder.path}/src/lib.rs")
    if not is_file(path):
        named = _LIBRARY.search(read_text(folder.beside(f"{folder.path}/Cargo.toml")) or "")
        path = folder.beside(posixpath.normpath(f"{folder.path}/{named[1]}")) if named else path
    return Module(name, (path,)) if path.path.startswith(f"{folder.path}/") and is_file(path) else None


def _above(module: Module) -> Module | None:
    """The module that holds another one."""
    file = module.files[0]
    folder, stem = posixpath.dirname(file.path), posixpath.splitext(posixpath.basename(file.path))[0]
    folder = posixpath.dirname(folder) if stem == "mod" else folder
    paths = [*(f"{folder}/{root}.rs" for root in _ROOTS), f"{folder}.rs"]
    return next((Module(path, (place,)) for path in paths if is_file(place := file.beside(path))), None)


def _below(scope: Scope, module: Module | None, names: list[str]) -> Module | None:
    for name in names:
        module = find_submodule(scope, module, name) if module is not None else None
    return module
