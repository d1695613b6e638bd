"""Go: import paths -> the files of a package, in the module cache or in `vendor`."""

from __future__ import annotations

import posixpath
import re

from indexer.dependencies.disk import names_in
from indexer.dependencies.types import Location, Module, Scope
from indexer.types import Import

MAX_FILES = 60
MAX_ENTRIES = 1000

# Files of one system or processor repeat what those of another define.
_ELSEWHERE = re.compile(
    r"_(?:test|windows|darwin|freebsd|netbsd|openbsd|plan9|solaris|aix|js|wasm|dragonfly|illumos|android|ios|wasip1"
    r"|arm|arm64|386|ppc64|ppc64le|mips\w*|riscv64|s390x|loong64)\.go$"
)
_VERSION = re.compile(r"@(v[^/]+)")


def find_module(scope: Scope, name: str) -> Module | None:
    """The package of an import path, by the longest module of go.mod that holds it."""
    parts = name.split("/")
    for length in range(len(parts), 0, -1):
        place = scope.packages.get("/".join(parts[:length]))
        if place is not None:
            return _package(name, place.beside(posixpath.join(place.path, *parts[length:])))
    return None


def find_imported(scope: Scope, location: Location, item: Import) -> Module | None:
    """The package that an import in a file of a library names."""
    return find_module(scope, item.module)


def find_submodule(scope: Scope, module: Module, name: str) -> Module | None:
    """Packages have none that is not imported."""
    return None


def home_of(scope: Scope, location: Location) -> Module:
    """The package that a file belongs to: all of its folder."""
    folder = location.beside(posixpath.dirname(location.path))
    return _package(folder.path, folder) or Module(folder.path, (location,))


def package_of(location: Location) -> str:
    """Name and version of the module that a file came with."""
    path = re.sub(r"!([a-z])", lambda letter: letter[1].upper(), location.path)
    if (version := _VERSION.search(path)) is not None:
        return f"{path[: version.start()]} {version[1]}"
    return posixpath.dirname(path)


def _package(name: str, folder: Location) -> Module | None:
    if ".." in folder.path.split("/"):
        return None
    names = [name for name in names_in(folder, MAX_ENTRIES) if name.endswith(".go") and not _ELSEWHERE.search(name)]
    files = tuple(folder.beside(f"{folder.path}/{name}") for name in names[:MAX_FILES])
    return Module(name, files) if files else None
