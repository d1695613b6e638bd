"""Python: dotted names -> files in site-packages, stub files first (PEP 561)."""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache

from indexer.dependencies.disk import folder_time, is_file, is_folder, names_in, read_text
from indexer.dependencies.types import Location, Module, Scope
from indexer.types import Import

MAX_DISTRIBUTIONS = 5000
MAX_RECORD = 40_000

_STUBS = "-stubs"
_DIST_INFO = re.compile(r"(.+?)-([^-]+)\.(?:dist|egg)-info$")
_SEPARATORS = re.compile(r"[-_.]+")


def find_module(scope: Scope, name: str) -> Module | None:
    """The module of a dotted name, or the folder of a namespace package."""
    parts = name.split(".")
    if not all(part.isidentifier() for part in parts):
        return None
    path, folder = "/".join(parts), None
    stubs = "/".join([parts[0] + _STUBS, *parts[1:]])
    endings = ("/__init__.pyi", ".pyi")
    candidates = [base + ending for base in (stubs, path) for ending in endings]
    candidates += [f"{path}/__init__.py", f"{path}.py"]
    for root in scope.roots:
        places = [Location(root, candidate) for candidate in candidates]
        if files := tuple(place for place in places if is_file(place)):
            return Module(name, files)
        folder = folder or (Module(name, ()) if is_folder(Location(root, path)) else None)
    return folder


def find_imported(scope: Scope, location: Location, item: Import) -> Module | None:
    """The module that an import in a file of a library names."""
    n_dots = len(item.module) - len(item.module.lstrip("."))
    if not n_dots:
        return find_module(scope, item.module)
    folder = posixpath.dirname(location.path)
    for _ in range(n_dots - 1):
        folder = posixpath.dirname(folder)
    parts = [*folder.split("/"), *item.module[n_dots:].split(".")]
    return find_module(scope, ".".join(part for part in parts if part).replace(_STUBS, "", 1))


def find_submodule(scope: Scope, module: Module, name: str) -> Module | None:
    """A module of a package."""
    return find_module(scope, f"{module.name}.{name}")


def home_of(scope: Scope, location: Location) -> Module:
    """The module that a file belongs to."""
    stem = posixpath.splitext(location.path)[0].removesuffix("/__init__")
    name = stem.replace(_STUBS, "", 1).replace("/", ".")
    return find_module(scope, name) or Module(name, (location,))


def package_of(location: Location) -> str:
    """Name and version of the distribution that a file came with, as far as they are known."""
    first = location.path.partition("/")[0]
    top = first.removesuffix(_STUBS) if first.endswith(_STUBS) else first.partition(".")[0]
    distributions = _distributions(location.root, folder_time(location.root))
    found = distributions.get(first) or distributions.get(top) or ()
    if len(found) < 2:
        return found[0] if found else top
    flat = _flat(location.path)
    named = [label for label in found if flat.startswith(_flat(label.rpartition(" ")[0]))]
    return max(named, key=len) if named else top


@lru_cache(maxsize=16)
def _distributions(root: str, changed_at: int) -> dict[str, tuple[str, ...]]:
    """`name version` of the distributions that have something of each name right below a root. Kept until the root
    changes."""
    found: dict[str, tuple[str, ...]] = {}
    for name in names_in(Location(root, ""), MAX_DISTRIBUTIONS):
        if (match := _DIST_INFO.match(name)) is None:
            continue
        label = f"{match[1].replace('_', '-')} {match[2]}"
        for top in _top_level(Location(root, name), match[1]):
            found[top] = (*found.get(top, ()), label)
    return found


def _top_level(information: Location, name: str) -> set[str]:
    """What a distribution puts right below the root: by its list of files, else by its own name."""
    listed = read_text(information.beside(f"{information.path}/top_level.txt"))
    if listed is not None:
        return {line.strip() for line in listed.split("\n") if line.strip()}
    record = (read_text(information.beside(f"{information.path}/RECORD")) or "")[:MAX_RECORD]
    firsts = {line.partition(",")[0].partition("/")[0] for line in record.split("\n")}
    tops = {first.removesuffix(".py") for first in firsts if not first.startswith(".") and "-info" not in first}
    return tops - {"", "bin", "__pycache__"} or {name.replace("-", "_")}


def _flat(name: str) -> str:
    return _SEPARATORS.sub("/", name).lower()
