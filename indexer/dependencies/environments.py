"""Workspace -> where the libraries of its files are installed. Looks at folders and build files, and runs nothing.

What is found in the workspace lies in it when all symbolic links are followed: a repository cannot point elsewhere.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from indexer.dependencies.build import crate_versions, go_requirements
from indexer.dependencies.path_files import editable_folders
from indexer.dependencies.types import Installed, Location, Scope

MAX_ROOTS = 4
# Projects that are installed in place (editable), each a folder more to look into for every module.
MAX_IN_PLACE = 16
# In a folder with more entries than this no environment of an unusual name is looked for.
MAX_ENTRIES = 400
MAX_FOLDERS_UP = 32
MAX_BUILD_FILE = 2 * 1024 * 1024

_USUAL_NAMES = (".venv", "venv", "env", ".env", ".virtualenv", "virtualenv", ".conda", "conda")
_HOLDERS = (".tox", ".nox")
_SITE_PACKAGES = ("lib/python3*/site-packages", "lib64/python3*/site-packages", "Lib/site-packages")
_NUMBER = re.compile(r"\d+")


def find_scope(workspace: Path, family: str, folder: str, installed: Installed) -> Scope | None:
    """Where files in a folder of the workspace import libraries from; None in languages that we do not follow."""
    match family:
        case "python":
            return Scope(family, _python_roots(workspace, folder, installed))
        case "javascript":
            return Scope(family, _inside(workspace, (at / "node_modules" for at in _upwards(workspace, folder))))
        case "go":
            return _go_scope(workspace, folder, installed.go)
        case "rust":
            return _rust_scope(workspace, folder, installed.cargo)
    return None


def _upwards(workspace: Path, folder: str) -> Iterator[Path]:
    """A folder and those that hold it, up to the workspace."""
    parts = [part for part in folder.split("/") if part not in ("", ".", "..")]
    for length in range(len(parts), max(-1, len(parts) - MAX_FOLDERS_UP), -1):
        yield workspace.joinpath(*parts[:length])


def _inside(workspace: Path, folders: Iterable[Path]) -> tuple[str, ...]:
    """Those of the folders that there are, and that lie in the workspace."""
    top = os.path.realpath(workspace)
    found: dict[str, None] = {}
    for folder in folders:
        real = os.path.realpath(folder)
        if Path(real).is_relative_to(top) and Path(real).is_dir():
            found.setdefault(real)
    return tuple(found)[:MAX_ROOTS]


def _python_roots(workspace: Path, folder: str, installed: Installed) -> tuple[str, ...]:
    """The environment that a setting names, else the nearest in the workspace, else the one that is active."""
    if installed.environment:
        return _outside(workspace, installed.environment)
    for at in _upwards(workspace, folder):
        if roots := _inside(workspace, itertools.chain.from_iterable(map(_site_packages, _environments(at)))):
            return roots
    return _outside(workspace, installed.active) if installed.active else ()


def _outside(workspace: Path, environment: str) -> tuple[str, ...]:
    """The libraries of an environment that the user named, wherever it is, and what is installed there in place.

    The workspace's own files are left to its index.
    """
    top = os.path.realpath(workspace)
    roots = dict.fromkeys(os.path.realpath(folder) for folder in _site_packages(Path(environment)))
    in_place = itertools.chain.from_iterable(editable_folders(Path(root)) for root in list(roots)[:MAX_ROOTS])
    others = [folder for folder in in_place if folder not in roots and not Path(folder).is_relative_to(top)]
    return (*list(roots)[:MAX_ROOTS], *list(dict.fromkeys(others))[:MAX_IN_PLACE])


def _environments(folder: Path) -> list[Path]:
    """The Python environments of a folder: those of usual names, else any other, else what tools keep for tests."""
    if usual := [folder / name for name in _USUAL_NAMES if _is_environment(folder / name)]:
        return usual[:1]
    entries = _entries(folder)
    if others := [entry for entry in entries if _is_environment(entry)]:
        return others[:1]
    if (local := folder / "__pypackages__") in entries:
        return [local]
    kept = [entry for holder in _HOLDERS if folder / holder in entries for entry in _entries(folder / holder)]
    return sorted(filter(_is_environment, kept), key=_version_in_name, reverse=True)[:1]


def _is_environment(folder: Path) -> bool:
    try:
        return (folder / "pyvenv.cfg").is_file() or (folder / "conda-meta").is_dir()
    except OSError:
        return False


def _site_packages(environment: Path) -> list[Path]:
    if environment.name == "__pypackages__":
        return sorted(_matching(environment, "3*/lib"), key=_version_in_name, reverse=True)[:1]
    found = [sorted(_matching(environment, pattern), key=_version_in_name, reverse=True) for pattern in _SITE_PACKAGES]
    return [folder for folders in found for folder in folders[:1]]


def _matching(folder: Path, pattern: str) -> list[Path]:
    try:
        return [path for path in folder.glob(pattern) if path.is_dir()]
    except OSError:
        return []


def _entries(folder: Path) -> list[Path]:
    """What is in a folder; nothing when that is too much."""
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in itertools.islice(entries, MAX_ENTRIES + 1)]
    except OSError:
        return []
    return [folder / name for name in sorted(names)] if len(names) <= MAX_ENTRIES else []


def _version_in_name(path: Path) -> tuple[int, ...]:
    """Numbers of the names in a path, so that python3.12 comes after python3.9."""
    return tuple(int(number) for number in _NUMBER.findall("/".join(path.parts[-3:]))[-4:])


def _go_scope(workspace: Path, folder: str, cache: str | None) -> Scope:
    """By the nearest go.mod: modules in `vendor` beside it, else in the module cache."""
    for at in _upwards(workspace, folder):
        if not (required := go_requirements(_text(workspace, at / "go.mod"))):
            continue
        vendor = _inside(workspace, [at / "vendor"])
        if vendor and (at / "vendor" / "modules.txt").is_file():
            return Scope("go", vendor, {name: Location(vendor[0], name) for name in required})
        return (
            Scope("go", (cache,), {name: Location(cache, path) for name, path in required.items()}) if cache else _NO_GO
        )
    return _NO_GO


def _rust_scope(workspace: Path, folder: str, cargo: str | None) -> Scope:
    """By the nearest Cargo.lock: crates in `vendor` beside it, else in Cargo's registry."""
    for at in _upwards(workspace, folder):
        if not (versions := crate_versions(_text(workspace, at / "Cargo.lock"))):
            continue
        vendor = _inside(workspace, [at / "vendor"])
        registry = _matching(Path(cargo) / "registry" / "src", "*") if cargo else []
        roots = (*vendor, *(os.path.realpath(path) for path in registry))[:MAX_ROOTS]
        crates: dict[str, Location] = {}
        for name, version in versions.items():
            places = (Location(root, path) for root in roots for path in (f"{name}-{version}", name))
            if (place := next((place for place in places if _is_folder(place)), None)) is not None:
                crates[name.replace("-", "_")] = place
        return Scope("rust", roots, crates)
    return _NO_RUST


def _is_folder(place: Location) -> bool:
    return Path(place.root, place.path).is_dir()


def _text(workspace: Path, path: Path) -> str:
    """The text of a build file in the workspace; "" when there is none that can be read."""
    try:
        if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(workspace)):
            return ""
        return path.read_text("utf-8", "replace") if path.is_file() and path.stat().st_size <= MAX_BUILD_FILE else ""
    except OSError:
        return ""


_NO_GO, _NO_RUST = Scope("go", ()), Scope("rust", ())
