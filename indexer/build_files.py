"""What build files say of imports: path aliases, module names, crates, packages. Pure: texts in, values out.

tsconfig.json and jsconfig.json (baseUrl, paths, extends), package.json (name, entry, exports, imports), go.mod
(module), Cargo.toml (package name, library), composer.json (psr-4, psr-0), C# projects (Using). What is broken or
strange in one of them says nothing.
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

# What their names end with.
ENDINGS = (".json", "go.mod", "Cargo.toml", ".csproj", ".props")
# Those of one kind are read in this order.
_KINDS = (
    re.compile(r"tsconfig\.json$"),
    re.compile(r"jsconfig\.json$"),
    re.compile(r"[jt]sconfig\.[\w.-]+\.json$"),
    re.compile(r"package\.json$"),
    re.compile(r"go\.mod$"),
    re.compile(r"Cargo\.toml$"),
    re.compile(r"composer\.json$"),
    re.compile(r".+\.csproj$|Directory\.Build\.props$"),
)
_USING = re.compile(r"<Using\s[^>]{0,200}?Include\s*=\s*\"([\w.]{1,200})\"(?![^>]{0,100}\bAlias=)")
# Where a build puts what it makes of `src`.
_BUILT = re.compile(r"^(?:dist|build|lib|es|esm|cjs|out|legacy|types)(?:/(?:esm|cjs|es|modern|legacy|types|lib|src))?/")
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
    """An npm package of the repository: its folder, and the paths without ending that its name may mean.

    exports: what it gives away beside that; inner: what its own files call `#name`.
    """

    folder: str
    entries: tuple[str, ...]
    exports: tuple[Alias, ...] = ()
    inner: tuple[Alias, ...] = ()

    def paths(self, rest: str) -> list[str]:
        """Paths without ending that the package's name with `/rest` may mean."""
        if not rest:
            return list(self.entries)
        exported = [path for alias in self.exports for path in alias.paths(rest)]
        return [*exported, f"{self.folder}/{rest}", f"{self.folder}/src/{rest}"]


@dataclass(frozen=True, slots=True)
class BuildFiles:
    """What all build files of a repository say. Folders are "" at the root.

    aliases, base_urls: by the folder of their tsconfig. packages, go_modules, crates, namespaces: by name.
    package_folders: names of packages by their folder. usings: C# namespaces that all files in a folder see.
    """

    aliases: dict[str, tuple[Alias, ...]] = field(default_factory=dict)
    base_urls: dict[str, str] = field(default_factory=dict)
    packages: dict[str, Package] = field(default_factory=dict)
    go_modules: dict[str, str] = field(default_factory=dict)
    crates: dict[str, str] = field(default_factory=dict)
    namespaces: dict[str, tuple[str, ...]] = field(default_factory=dict)
    package_folders: dict[str, str] = field(default_factory=dict)
    usings: dict[str, tuple[str, ...]] = field(default_factory=dict)


def is_build_file(path: str) -> bool:
    """Whether a file is one that is read here."""
    return _kind(path) is not None


def _kind(path: str) -> int | None:
    name = posixpath.basename(path)
    return next((number for number, kind in enumerate(_KINDS) if kind.match(name)), None)


def chosen(paths: Iterable[str]) -> list[str]:
    """The build files that count, of each kind the least deep ones."""
    by_kind: dict[int, list[str]] = {}
    for path in paths:
        if (kind := _kind(path)) is not None:
            by_kind.setdefault(kind, []).append(path)
    return [
        path
        for kind in sorted(by_kind)
        for path in sorted(by_kind[kind], key=lambda path: (path.count("/"), path))[:MAX_FILES]
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
                _read_crate(found, folder, text)
            case "package.json":
                _read_package(found, folder, _json(text))
            case "composer.json":
                _read_composer(found, folder, _json(text))
            case name if name.endswith((".csproj", ".props")):
                usings = (*found.usings.get(folder, ()), *_USING.findall(text))
                found.usings.update({folder: tuple(dict.fromkeys(usings))} if usings else {})
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


def _read_crate(found: BuildFiles, folder: str, text: str) -> None:
    try:
        manifest = tomllib.loads(text)
    except (ValueError, RecursionError):  # Also a number of too many digits.
        return
    package, library, programs = (manifest.get(key) for key in ("package", "lib", "bin"))
    name = package.get("name") if isinstance(package, dict) else None
    if not isinstance(name, str) or not name:
        return
    library = library if isinstance(library, dict) else {}
    first = programs[0] if isinstance(programs, list) and programs and isinstance(programs[0], dict) else {}
    place = next((one["path"] for one in (library, first) if isinstance(one.get("path"), str)), "src/lib.rs")
    own = library.get("name")
    for called in (name, own if isinstance(own, str) and own else name):
        found.crates.setdefault(called.replace("-", "_"), _in(folder, posixpath.dirname(place)))


def _read_package(found: BuildFiles, folder: str, package: dict[str, Any]) -> None:
    name = package.get("name")
    if not isinstance(name, str) or not name:
        return
    exports = package.get("exports")
    named = [package[key] for key in _ENTRIES if isinstance(package.get(key), str)]
    ways = exports if isinstance(exports, dict) and any(key.startswith(".") for key in exports) else {".": exports}
    named += _targets(ways.get("."))
    entries = [_in(folder, entry) for entry in named] + [_in(folder, entry) for entry in ("src/index", "index", "src")]
    own = package.get("imports")
    found.packages.setdefault(
        name,
        Package(
            folder,
            tuple(dict.fromkeys(map(_without_ending, entries))),
            tuple(_ways(folder, ways, "./")),
            tuple(_ways(folder, own if isinstance(own, dict) else {}, "#")),
        ),
    )
    found.package_folders.setdefault(folder, name)


def _ways(folder: str, ways: dict[str, Any], start: str) -> Iterator[Alias]:
    """`./cart` and `#cart` of a package, with what they mean: as it is built, and where that is built from."""
    for pattern, target in ways.items():
        prefix, star, suffix = pattern.removeprefix("./").partition("*")
        listed = [*_targets(target), *(_BUILT.sub("src/", path.removeprefix("./")) for path in _targets(target))]
        targets = tuple(dict.fromkeys(_without_ending(_in(folder, path)) for path in listed))
        if pattern.startswith(start) and targets:
            yield Alias(prefix, suffix, targets, is_exact=not star)


def _targets(value: Any, depth: int = 0) -> list[str]:
    """The paths that an entry of `exports` names, under whatever conditions."""
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [path for one in inner for path in _targets(one, depth + 1)] if depth < MAX_EXTENDED else []


def _read_composer(found: BuildFiles, folder: str, composer: dict[str, Any]) -> None:
    for key in ("autoload", "autoload-dev"):
        section = composer.get(key)
        for standard in ("psr-4", "psr-0"):
            prefixes = section.get(standard) if isinstance(section, dict) else None
            for prefix, places in prefixes.items() if isinstance(prefixes, dict) else ():
                inside = prefix.strip("\\").replace("\\", "/") if standard == "psr-0" else ""
                listed = places if isinstance(places, list) else [places]
                folders = [_in(folder, posixpath.join(place, inside)) for place in listed if isinstance(place, str)]
                known = found.namespaces.get(prefix.strip("\\"), ())
                found.namespaces[prefix.strip("\\")] = tuple(dict.fromkeys((*known, *folders)))


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
