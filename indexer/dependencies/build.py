"""Which versions of their libraries go.mod and Cargo.lock name. Pure: texts in, values out."""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from typing import Any

MAX_NAMED = 5000
MAX_LINES, MAX_LINE = 20_000, 1000

_GO_VERSION = re.compile(r"v\d[\w.+-]*$")
_GO_WORDS = ("require", "replace", "(", ")")
_UPPER = re.compile(r"[A-Z]")


def go_requirements(text: str) -> dict[str, str]:
    """For each module that a go.mod requires its folder in the module cache; those that are elsewhere are left out."""
    folders: dict[str, str] = {}
    replaced: dict[str, str] = {}
    for line in text.split("\n")[:MAX_LINES]:
        words = [word for word in line[:MAX_LINE].partition("//")[0].split() if word not in _GO_WORDS]
        match words:
            case [name, version] if _GO_VERSION.match(version):
                folders[name] = go_folder(name, version)
            case [name, "=>", other, version] | [name, _, "=>", other, version]:
                replaced[name] = go_folder(other, version)
            case [name, "=>", _] | [name, _, "=>", _]:
                replaced[name] = ""  # A folder of the user's: the repository's own code, or none of our business.
    folders |= {name: folder for name, folder in replaced.items() if name in folders}
    return {name: folder for name, folder in folders.items() if folder and ".." not in folder.split("/")}


def go_folder(module: str, version: str) -> str:
    """Where the module cache has a module: capital letters are written as `!` and the small letter.

    Source: Go Modules Reference, "Module cache".
    """
    return _UPPER.sub(lambda letter: f"!{letter[0].lower()}", f"{module}@{version}")


@lru_cache(maxsize=8)
def crate_versions(text: str) -> dict[str, str]:
    """Versions of the crates that a Cargo.lock names. Of several of one crate, the one that a member of the workspace
    asks for, else the highest. Nothing where a line is longer than Cargo writes: such keys take time by the square."""
    if max(map(len, text.split("\n"))) > MAX_LINE:
        return {}
    try:
        packages = tomllib.loads(text).get("package")
    except (ValueError, RecursionError):  # Also a number of too many digits.
        return {}
    named = [package for package in packages if isinstance(package, dict)] if isinstance(packages, list) else []
    versions: dict[str, str] = {}
    for package in named[:MAX_NAMED]:
        name, version = package.get("name"), package.get("version")
        if isinstance(name, str) and isinstance(version, str) and package.get("source") and _is_plain(name + version):
            versions[name] = max(versions.get(name, ""), version, key=_numbers)
    return versions | {name: version for name, version in _asked_for(named) if name in versions}


def _asked_for(packages: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """What the members of the workspace, which have no source, depend on where there are several versions of it."""
    members = (package.get("dependencies") for package in packages if not package.get("source"))
    listed = [entry for entries in members if isinstance(entries, list) for entry in entries if isinstance(entry, str)]
    parts = [entry.split(" ") for entry in listed]
    return [(part[0], part[1]) for part in parts if len(part) > 1 and _is_plain(part[1])]


def _is_plain(word: str) -> bool:
    return "/" not in word and "\\" not in word and "\0" not in word


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:4])
