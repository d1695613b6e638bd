"""What build files say of imports: path aliases, module names, crates, packages. Pure: texts in, values out.

tsconfig.json and jsconfig.json (baseUrl, paths, extends), package.json (name, entry), go.mod (module), Cargo.toml
(package name), composer.json (psr-4). What is broken or strange in one of them says nothing.
"""

from __future__ import annotations

import json
import posixpath
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

# Texts beyond this size are not read, and no more files of one kind than this count: the first by depth and name.
MAX_TEXT = 200_000
MAX_FILES = 500
MAX_EXTENDED = 8

NAMES = ("tsconfig.json", "jsconfig.json", "package.json", "go.mod", "Cargo.toml", "composer.json")
_CONFIGS = ("tsconfig.json", "jsconfig.json")
_ENTRIES = ("source", "types", "typings", "module", "main")

_GO_MODULE = re.compile(r"^\s*module\s+\"?([^\s\"]+)", re.M)
# A string, a comment, or a comma before a closing bracket. What is not closed goes on to the end, so that no place is
# looked at twice.
_NOT_JSON = re.compile(r"(\"(?:[^\"\\]|\\.)*\"?)|//[^\n]*|/\*(?:.*?\*/|.*)|,(?=\s*[}\]])", re.S)


@dataclass(frozen=True, slots=True)
class Alias:
    """Imports in a folder that begin with `prefix` and end with `suffix` mean `targets`, with `*` for what is between.

    Without a star in the pattern (`is_exact`) the import is the prefix itself.
    """

    prefix: str
    suffix: str
    targets: tuple[str, ...]
    is_exact: bool

    def paths(self, module: str) -> list[str]:
        """The paths that a module means; none when it is another one's."""
        if self.is_exact:
            return list(self.targets) if module == self.prefix else []
        if len(module) < len(self.prefix) + len(self.suffix):
            return []
        if not (module.startswith(self.prefix) and module.endswith(self.suffix)):
            return []
        between = module[len(self.prefix) : len(module) - len(self.suffix)]
        return [target.replace("*", between, 1) for target in self.targets]


@dataclass(frozen=True, slots=True)
class Package:
    """An npm package of the repository: its folder, and the paths without ending that its name may mean."""

    folder: str
    entries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BuildFiles:
    """What all build files of a repository say. Folders are "" at the root.

    aliases, base_urls: by the folder of their tsconfig. packages, go_modules, crates, namespaces: by name.
    """

    aliases: dict[str, tuple[Alias, ...]] = field(default_factory=dict)
    base_urls: dict[str, str] = field(default_factory=dict)
    packages: dict[str, Package] = field(default_factory=dict)
    go_modules: dict[str, str] = field(default_factory=dict)
    crates: dict[str, str] = field(default_factory=dict)
    namespaces: dict[str, tuple[str, ...]] = field(default_factory=dict)


def is_build_file(path: str) -> bool:
    """Whether a file is one that is read here."""
    return posixpath.basename(path) in NAMES


def chosen(paths: Iterable[str]) -> list[str]:
    """The build files that count, of each kind the least deep ones."""
    by_name: dict[str, list[str]] = {}
    for path in paths:
        if is_build_file(path):
            by_name.setdefault(posixpath.basename(path), []).append(path)
    return [
        path
        for name in sorted(by_name)
        for path in sorted(by_name[name], key=lambda path: (path.count("/"), path))[:MAX_FILES]
    ]


def read_build_files(texts: Mapping[str, str]) -> BuildFiles:
    """What these files say, by path."""
    found = BuildFiles()
    for path in chosen(texts):
        text, folder = texts[path][:MAX_TEXT], posixpath.dirname(path)
        match posixpath.basename(path):
            case "go.mod":
                if module := _GO_MODULE.search(text):
                    found.go_modules.setdefault(module[1], folder)
            case "Cargo.toml":
                if name := _crate_name(text):
                    found.crates.setdefault(name.replace("-", "_"), posixpath.join(folder, "src"))
            case "package.json":
                _read_package(found, folder, _json(text))
            case "composer.json":
                _read_composer(found, folder, _json(text))
            case _:
                _read_config(found, path, texts)
    return found


def _json(text: str) -> dict[str, Any]:
    """A JSON object with comments and trailing commas; an empty one for anything else."""
    for candidate in (text, _NOT_JSON.sub(lambda match: match[1] or "", text)):
        try:
            value = json.loads(candidate)
        except (ValueError, RecursionError):
            continue
        return value if isinstance(value, dict) else {}
    return {}


def _crate_name(text: str) -> str:
    try:
        package = tomllib.loads(text).get("package")
    except (tomllib.TOMLDecodeError, RecursionError):
        return ""
    name = package.get("name") if isinstance(package, dict) else None
    return name if isinstance(name, str) else ""


def _read_package(found: BuildFiles, folder: str, package: dict[str, Any]) -> None:
    name = package.get("name")
    if not isinstance(name, str) or not name:
        return
    named = [package[key] for key in _ENTRIES if isinstance(package.get(key), str)]
    entries = [_in(folder, entry) for entry in named] + [_in(folder, entry) for entry in ("src/index", "index", "src")]
    found.packages.setdefault(name, Package(folder, tuple(dict.fromkeys(map(_without_ending, entries)))))


def _read_composer(found: BuildFiles, folder: str, composer: dict[str, Any]) -> None:
    for key in ("autoload", "autoload-dev"):
        section = composer.get(key)
        prefixes = section.get("psr-4") if isinstance(section, dict) else None
        for prefix, places in prefixes.items() if isinstance(prefixes, dict) else ():
            listed = places if isinstance(places, list) else [places]
            folders = tuple(_in(folder, place) for place in listed if isinstance(place, str))
            found.namespaces.setdefault(prefix.strip("\\"), folders)


def _read_config(found: BuildFiles, path: str, texts: Mapping[str, str]) -> None:
    folder = posixpath.dirname(path)
    for place, options in _options(path, texts):
        base = options.get("baseUrl")
        if isinstance(base, str):
            found.base_urls.setdefault(folder, _in(place, base))
        patterns = options.get("paths")
        if isinstance(patterns, dict) and folder not in found.aliases:
            root = _in(place, base) if isinstance(base, str) else found.base_urls.get(folder, place)
            if aliases := tuple(_aliases(patterns, root)):
                found.aliases[folder] = aliases


def _options(path: str, texts: Mapping[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(folder, compiler options) of a configuration and of those that it extends, nearest first."""
    for _ in range(MAX_EXTENDED):
        config = _json(texts.get(path, "")[:MAX_TEXT])
        options = config.get("compilerOptions")
        if isinstance(options, dict):
            yield posixpath.dirname(path), options
        extended = config.get("extends")
        if isinstance(extended, list):
            extended = extended[-1] if extended else None
        if not isinstance(extended, str) or not extended.startswith("."):
            return
        path = _in(posixpath.dirname(path), extended)
        path = path if path in texts else f"{path}.json"


def _aliases(patterns: dict[str, Any], root: str) -> Iterator[Alias]:
    """Longer prefixes first, as TypeScript chooses."""
    for pattern in sorted(patterns, key=lambda pattern: (-len(pattern.partition("*")[0]), pattern)):
        listed = patterns[pattern]
        targets = (
            tuple(_in(root, target) for target in listed if isinstance(target, str)) if isinstance(listed, list) else ()
        )
        prefix, star, suffix = pattern.partition("*")
        if targets:
            yield Alias(prefix, suffix, targets, is_exact=not star)


def _without_ending(path: str) -> str:
    return re.sub(r"(?:\.d)?\.[mc]?[jt]sx?$", "", path)


def _in(folder: str, path: str) -> str:
    """A path as seen from the root; what leaves the repository stays as it is written and means nothing."""
    clean = posixpath.normpath(posixpath.join(folder, path))
    return "" if clean == "." else clean
