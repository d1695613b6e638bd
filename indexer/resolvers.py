"""An import -> the files that it may mean, language by language. Best effort, and nothing is read from disk."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass

from indexer.repository_map import RepositoryMap
from indexer.types import Import

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


Resolver = Callable[[RepositoryMap, Import, Asker], list[str]]


def _normal(path: str) -> str:
    """Path without `.` and `..`; "" when it leaves the workspace."""
    clean = posixpath.normpath(path)
    return "" if clean.startswith("..") or clean == "." else clean.lstrip("/")


def _resolve_python(repository: RepositoryMap, item: Import, asker: Asker) -> list[str]:
    dots = len(item.module) - len(item.module.lstrip("."))
    tail = item.module[dots:].replace(".", "/")
    bases = _python_bases(tail, dots, asker)
    for base in bases:
        candidates = [f"{base}{ending}" for ending in _PY_ENDINGS]
        if item.name and item.name != "*":
            submodule = [f"{base}/{item.name}{ending}" for ending in _PY_ENDINGS]
            candidates = candidates[:2] + submodule[:2] + candidates[2:] + submodule[2:]
        found = [path for path in map(_normal, candidates) if path and repository.first_existing([path])]
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


def _resolve_javascript(repository: RepositoryMap, item: Import, asker: Asker) -> list[str]:
    for base in map(_normal, _javascript_bases(repository, item.module, asker)):
        stem = re.sub(r"\.(?:[mc]?jsx?)$", "", base)
        candidates = [base, *(stem + end for end in _JS_ENDINGS), *(f"{base}/index{end}" for end in _JS_ENDINGS)]
        if path := repository.first_existing(candidates):
            return [path]
    return []


def _javascript_bases(repository: RepositoryMap, module: str, asker: Asker) -> list[str]:
    """Paths without ending that a module may mean: by tsconfig files upwards, by the packages here, by habit."""
    if module.startswith("."):
        return [posixpath.join(asker.folder, module)]
    build = repository.build
    bases: list[str] = []
    for folder in _upwards(asker.folder):
        bases += [path for alias in build.aliases.get(folder, ()) for path in alias.paths(module)]
        if folder in build.base_urls:
            bases.append(posixpath.join(build.base_urls[folder], module))
    parts = module.split("/")
    n_named = 2 if module.startswith("@") else 1
    if package := build.packages.get("/".join(parts[:n_named])):
        rest = "/".join(parts[n_named:])
        bases += [f"{package.folder}/{rest}", f"{package.folder}/src/{rest}"] if rest else package.entries
    if module.startswith(("@/", "~/")):
        return [*bases, f"src/{module[2:]}", module[2:], f"app/{module[2:]}"]
    return [*bases, module, f"src/{module}", f"packages/{module}/src/index", f"packages/{module}/index"]


def _upwards(folder: str) -> list[str]:
    """A folder and those that hold it, up to the root."""
    folders = [folder]
    while folder:
        folder = posixpath.dirname(folder)
        folders.append(folder)
    return folders


def _resolve_go(repository: RepositoryMap, item: Import, asker: Asker) -> list[str]:
    modules = repository.build.go_modules
    inside = [name for name in modules if f"{item.module}/".startswith(f"{name}/")]
    if inside:
        name = max(inside, key=len)
        folders = [
            _normal(posixpath.join(modules[name], item.module[len(name) + 1 :]))
            if item.module != name
            else modules[name]
        ]
    elif modules:
        return []  # With a go.mod, what no module of the repository holds is from outside.
    else:
        parts = item.module.split("/")
        folders = ["/".join(parts[start:]) for start in range(len(parts))]
    for folder in folders:
        if paths := repository.paths_in(folder, ".go"):
            return [path for path in paths if not path.endswith("_test.go")]
    return []


def _resolve_rust(repository: RepositoryMap, item: Import, asker: Asker) -> list[str]:
    parts = [part for part in item.module.split("::") if part]
    if item.name and item.name != "*":
        parts.append(item.name)
    crates = repository.build.crates
    base, parts = (crates[parts[0]], parts[1:]) if parts and parts[0] in crates else _rust_base(parts, asker)
    for length in range(len(parts), -1, -1):
        stem = posixpath.join(base, *parts[:length])
        if length == 0:
            candidates = [f"{base}/lib.rs", f"{base}/main.rs", f"{base}/mod.rs"]
        else:
            candidates = [f"{stem}.rs", f"{stem}/mod.rs"]
        if path := repository.first_existing([_normal(candidate) for candidate in candidates]):
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


def _resolve_jvm(repository: RepositoryMap, item: Import, asker: Asker) -> list[str]:
    folder = item.module.replace(".", "/")
    tails = [f"{folder}/{item.name}", folder] if item.name and item.name != "*" else [folder]
    for tail in tails:
        for ending in _JVM_ENDINGS:
            if paths := repository.paths_ending(tail + ending, 4):
                return paths
    if item.name == "*":
        return []
    return [path for end in _JVM_ENDINGS for path in repository.paths_ending(item.name + end, 2)][:2]


def _resolve_c(repository: RepositoryMap, item: Import, asker: Asker) -> list[str]:
    near = _normal(posixpath.join(asker.folder, item.module))
    if near and repository.first_existing([near]):
        return [near]
    return repository.paths_ending(item.module.lstrip("./"), 2)


def _resolve_by_path(*endings: str) -> Resolver:
    """A resolver for languages that name files: relative to the asker first, then anywhere."""

    def resolve(repository: RepositoryMap, item: Import, asker: Asker) -> list[str]:
        module = item.module.strip()
        if "\\" in module or (item.name and "/" not in module):
            module = "/".join([*module.split("\\"), item.name]).strip("/")
        elif asker.language == "lua":
            module = module.replace(".", "/")
        near = _normal(posixpath.join(asker.folder, module))
        if path := repository.first_existing([near, *(near + ending for ending in endings)] if near else []):
            return [path]
        parts = [part for part in module.split("/") if part not in (".", "..", "")]
        for start in range(len(parts)):
            tail = "/".join(parts[start:])
            for ending in ("", *endings):
                if paths := repository.paths_ending(tail + ending, 2):
                    return paths
            if "\\" not in item.module:
                break
        return []

    return resolve


def _resolve_php(repository: RepositoryMap, item: Import, asker: Asker) -> list[str]:
    name = "\\".join(part for part in (item.module.strip("\\"), item.name) if part)
    namespaces = repository.build.namespaces
    for prefix in sorted((one for one in namespaces if f"{name}\\".startswith(f"{one}\\")), key=len, reverse=True):
        rest = name[len(prefix) :].strip("\\").replace("\\", "/")
        if path := repository.first_existing(f"{folder}/{rest}.php".lstrip("/") for folder in namespaces[prefix]):
            return [path]
    return _php_by_path(repository, item, asker)


_php_by_path = _resolve_by_path(".php")

RESOLVERS: dict[str, Resolver] = {
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
    "php": _resolve_php,
    "lua": _resolve_by_path(".lua", "/init.lua"),
    "bash": _resolve_by_path(".sh"),
    "zig": _resolve_by_path(".zig"),
}
