"""Dependency files -> the packages whose exact versions they say, by line. Pure; what cannot be read says less.

A range (`>=1.2`, `^1.2`) is no version: what becomes of it stands in the lock file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

MAX_LINE = 500


@dataclass(frozen=True, slots=True)
class Package:
    """A package at one version. ecosystem, name: as OSV has them. line: 1-based, where the version stands; first: where
    its entry begins."""

    ecosystem: str
    name: str
    version: str
    line: int
    first: int


Reader = Callable[[Sequence[str]], Iterator[Package]]

_REQUIREMENTS = re.compile(
    r"(?:^|[/_.-])(?:requirements|constraints)[^/]*\.(?:txt|in)$|(?:^|/)requirements/[^/]+\.(?:txt|in)$"
)
_EXACT = re.compile(r"=?=?\s*v?(\d+(?:\.\d+)*[\w.+-]*)")
_LOCKED = re.compile(r'^(name|version) = "([^"]+)"')
_SECTION = re.compile(r"^\s*\[+\s*([^\]]+?)\s*\]+")
_TOML_ENTRY = re.compile(r'^\s*"?([A-Za-z0-9][\w.-]*)"?\s*=\s*(?:\{.*?\bversion\s*=\s*)?"([^"]+)"')
_QUOTED = re.compile(r"""["']([A-Za-z0-9][^"']*?===?[^"']+)["']""")
_JSON_KEY = re.compile(r'^\s*"([^"]*)"\s*:\s*\{')
_JSON_ENTRY = re.compile(r'^\s*"([^"]+)"\s*:\s*"([^"]*)"')
_GO_ENTRY = re.compile(r"^\s*(?:require\s+)?([a-z0-9][\w.~/-]*\.[\w.~/-]+)\s+(v\d[\w.+-]*)")
# `name@range` of Yarn 1, and of `name@npm:real@range` the real name; `name@npm:version` of its successors.
_YARN_1_KEY = re.compile(r"(?P<name>(?:@[^/@]+/)?[^/@:]+)@(?:npm:(?P<real>(?:@[^/@]+/)?[^/@]+)@)?(?P<range>[^:/]*)")
_YARN_1_VERSION = re.compile(r'^  version "([^"]+)"')
_YARN_RESOLUTION = re.compile(r'^  resolution: "((?:@[^/@"]+/)?[^/@"]+)@npm:([^:"]+)(?:::[^"]*)?"')
# pnpm 3 to 7: `/name/version_peers`; 8: `/name@version(peers)`; 9: `name@version`.
_PNPM_KEY = re.compile(
    r"^  ['\"]?/?((?:@[^/@'\"]+/)?[^/@'\"]+)[/@](\d+\.\d+\.\d+[0-9A-Za-z.+-]*)(?:[_(/][^'\"]*)?['\"]?:"
)
_NPM_SECTIONS = frozenset({"dependencies", "devDependencies", "optionalDependencies", "peerDependencies"})


def declared(path: str, lines: Sequence[str]) -> list[Package]:
    """The packages of a dependency file; none where the file is no such one."""
    reader = _reader(path)
    short = [line if len(line) <= MAX_LINE else "" for line in lines]
    return list(reader(short)) if reader is not None else []


def _reader(path: str) -> Reader | None:
    name = PurePosixPath(path).name
    return _READERS.get(name) or (_requirements if _REQUIREMENTS.search(path) else None)


def _requirements(lines: Sequence[str]) -> Iterator[Package]:
    for number, line in enumerate(lines, start=1):
        text = re.split(r"\s#|\s--|\\\s*$", line)[0].strip()
        if text and text[0] not in "#-":
            yield from _required(text, number)


def _required(text: str, number: int) -> Iterator[Package]:
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return
    for specifier in requirement.specifier:
        if specifier.operator in ("==", "===") and "*" not in specifier.version:
            yield Package("PyPI", canonicalize_name(requirement.name), specifier.version, number, number)


def _pyproject(lines: Sequence[str]) -> Iterator[Package]:
    section = ""
    for number, line in enumerate(lines, start=1):
        if not line.lstrip().startswith("#") and (match := _SECTION.match(line)) and "=" not in line:
            section = match[1]
        elif section.startswith("tool.poetry") and section.endswith("dependencies"):
            if (entry := _TOML_ENTRY.match(line)) and (exact := _EXACT.fullmatch(entry[2])) and entry[1] != "python":
                yield Package("PyPI", canonicalize_name(entry[1]), exact[1], number, number)
        else:
            for quoted in _QUOTED.findall(line.partition(" #")[0]):
                yield from _required(quoted, number)


def _lock(ecosystem: str) -> Reader:
    """Of a lock file in TOML: poetry, uv, Cargo."""

    def read(lines: Sequence[str]) -> Iterator[Package]:
        name, first = "", 0
        for number, line in enumerate(lines, start=1):
            if line.startswith("[["):
                name, first = "", number
            elif match := _LOCKED.match(line):
                if match[1] == "name":
                    name = match[2]
                elif name:
                    known = canonicalize_name(name) if ecosystem == "PyPI" else name
                    yield Package(ecosystem, known, match[2], number, first)
                    name = ""

    return read


def _cargo(lines: Sequence[str]) -> Iterator[Package]:
    section = ""
    for number, line in enumerate(lines, start=1):
        if match := _SECTION.match(line):
            section = match[1]
        elif section.endswith("dependencies") and (entry := _TOML_ENTRY.match(line)) and entry[2].startswith("="):
            yield Package("crates.io", entry[1], entry[2].lstrip("= "), number, number)


def _package_json(lines: Sequence[str]) -> Iterator[Package]:
    section = ""
    for number, line in enumerate(lines, start=1):
        if match := _JSON_KEY.match(line):
            section = match[1]
        elif line.strip().startswith("}"):
            section = ""
        elif section in _NPM_SECTIONS and (entry := _JSON_ENTRY.match(line)) and (exact := _EXACT.fullmatch(entry[2])):
            yield Package("npm", entry[1], exact[1], number, number)


def _package_lock(lines: Sequence[str]) -> Iterator[Package]:
    has_folders = any('"packages"' in line for line in lines[:20])
    key, first = "", 0
    for number, line in enumerate(lines, start=1):
        if match := _JSON_KEY.match(line):
            key, first = match[1], number
        elif key and (entry := _JSON_ENTRY.match(line)) and entry[1] == "version":
            name = key.rpartition("node_modules/")[2]
            if (name != key or not has_folders) and _EXACT.fullmatch(entry[2]):
                yield Package("npm", name, entry[2], number, first)
            key = ""


def _yarn_lock(lines: Sequence[str]) -> Iterator[Package]:
    """Of Yarn 1, whose versions stand below what was asked for, and of its successors, which say what that became."""
    name, first = "", 0
    for number, line in enumerate(lines, start=1):
        if line[:1] not in ("", " ", "#"):
            match = _YARN_1_KEY.fullmatch(line.rstrip().removesuffix(":").split(",")[0].strip('"'))
            name, first = (match["real"] or match["name"]) if match is not None else "", number
        elif resolved := _YARN_RESOLUTION.match(line):
            yield Package("npm", resolved[1], resolved[2], number, first)
        elif name and (version := _YARN_1_VERSION.match(line)):
            yield Package("npm", name, version[1], number, first)


def _pnpm_lock(lines: Sequence[str]) -> Iterator[Package]:
    section = ""
    for number, line in enumerate(lines, start=1):
        if line[:1] not in ("", " ", "#"):
            section = line.rstrip().rstrip(":")
        elif section == "packages" and (match := _PNPM_KEY.match(line)):
            yield Package("npm", match[1], match[2], number, number)


def _go_mod(lines: Sequence[str]) -> Iterator[Package]:
    block = ""
    for number, line in enumerate(lines, start=1):
        text = line.partition("//")[0]
        if text.rstrip().endswith("("):
            block = text.split()[0]
        elif text.strip() == ")":
            block = ""
        elif (block == "require" or text.startswith("require ")) and (match := _GO_ENTRY.match(text)):
            yield Package("Go", match[1], match[2].removeprefix("v").removesuffix("+incompatible"), number, number)


_READERS: dict[str, Reader] = {
    "pyproject.toml": _pyproject,
    "poetry.lock": _lock("PyPI"),
    "uv.lock": _lock("PyPI"),
    "pdm.lock": _lock("PyPI"),
    "Cargo.lock": _lock("crates.io"),
    "Cargo.toml": _cargo,
    "package.json": _package_json,
    "package-lock.json": _package_lock,
    "npm-shrinkwrap.json": _package_lock,
    "yarn.lock": _yarn_lock,
    "pnpm-lock.yaml": _pnpm_lock,
    "go.mod": _go_mod,
}
