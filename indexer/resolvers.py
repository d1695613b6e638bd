"""An import -> the files that it may mean, language by language. Best effort, and nothing is read from disk."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable

from indexer.asker import Asker, nearest, normal, upwards
from indexer.namespaced import resolve_namespaced, resolve_php
from indexer.repository_map import RepositoryMap
from indexer.types import Import

_JS_ENDINGS = (".ts", ".tsx", ".d.ts", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts", ".d.mts", ".vue", ".svelte")
_PY_ENDINGS = (".py", ".pyi", "/__init__.py", "/__init__.pyi")
# Folders that Ruby finds required files in, and what C itself has: no file of a repository that is called so is meant.
_LOAD_PATHS = frozenset({"", "lib", "app", "test", "tests", "spec", "src", "ext", "features"})
_C_HEADERS = frozenset({
    "assert.h", "complex.h", "ctype.h", "errno.h", "fenv.h", "float.h", "inttypes.h", "limits.h", "locale.h", "math.h",
    "setjmp.h", "signal.h", "stdalign.h", "stdarg.h", "stdatomic.h", "stdbool.h", "stddef.h", "stdint.h", "stdio.h",
    "stdlib.h", "string.h", "strings.h", "tgmath.h", "threads.h", "time.h", "uchar.h", "unistd.h", "wchar.h",
    "wctype.h",
})  # fmt: skip
# Where each file of Rust is a program of its own.
_RUST_PROGRAMS = frozenset({"tests", "examples", "benches", "bin"})
# Of so many files whose paths end alike the nearest one is meant; so many names of modules are followed.
MAX_SAME_TAIL = 200
MAX_RENAMED = 4

Resolver = Callable[[RepositoryMap, Import, Asker], list[str]]


def _resolve_python(repository: RepositoryMap, item: Import, asker: Asker) -> list[str]:
    dots = len(item.module) - len(item.module.lstrip("."))
    tail = item.module[dots:].replace(".", "/")
    for base in _python_bases(repository, tail, dots, asker):
        if found := _python_files(repository, base, item.name):
            return found
    return [] if dots else _elsewhere(repository, tail, item.name, asker)


def _python_files(repository: RepositoryMap, base: str, name: str) -> list[str]:
    """The module at a path, and the submodule that is imported from it by name."""
    candidates = [f"{base}{ending}" for ending in _PY_ENDINGS]
    if name and name != "*":
        submodule = [f"{base}/{name}{ending}" for ending in _PY_ENDINGS]
        candidates = candidates[:2] + submodule[:2] + candidates[2:] + submodule[2:]
    return [path for path in map(normal, candidates) if path and repository.first_existing([path])]


def _python_bases(repository: RepositoryMap, tail: str, dots: int, asker: Asker) -> list[str]:
    if dots:
        folder = asker.folder
        for _ in range(dots - 1):
            folder = posixpath.dirname(folder)
        return [posixpath.join(folder, tail) if tail else folder or "."]
    first, _, rest = tail.partition("/")
    bases = [tail, f"src/{tail}", f"lib/{tail}"]
    if first == asker.root_name:
        bases.append(rest or ".")
    for folder in upwards(asker.folder)[:-1]:
        if f"{folder}/__init__.py" not in repository.files:  # What stands in a package has no bare name.
            bases += [f"{folder}/{tail}", f"{folder}/src/{tail}"]
    return bases


def _elsewhere(repository: RepositoryMap, tail: str, name: str, asker: Asker) -> list[str]:
    """A module in a folder that is no package: another project of the repository, or what is put on the path."""
    if "/" not in tail and name in ("", "*"):
        return []  # Many files have the name of a library.
    for end in _PY_ENDINGS:
        paths = [
            path for path in repository.paths_ending(tail + end, MAX_SAME_TAIL) if _is_root(repository, path, tail)
        ]
        if paths:
            return _python_files(repository, nearest(paths, asker.path)[0].removesuffix(end), name)
    paths = repository.paths_ending(f"{tail}/{name}.py", MAX_SAME_TAIL) if name not in ("", "*") and "/" in tail else []
    return nearest((path for path in paths if _is_root(repository, path, tail)), asker.path)[:1]


def _is_root(repository: RepositoryMap, path: str, tail: str) -> bool:
    """Whether the folder that a module is imported from is no package itself, so that it can be imported from there."""
    folder = f"/{path}".rpartition(f"/{tail}")[0].lstrip("/")
    if "/" not in tail:
        return posixpath.basename(folder) in ("src", "lib", "python") or any(
            f"{folder}/{name}" in repository.files for name in ("pyproject.toml", "setup.py", "setup.cfg")
        )
    return bool(folder) and f"{folder}/__init__.py" not in repository.files


def _resolve_javascript(repository: RepositoryMap, item: Import, asker: Asker) -> list[str]:
    if not item.module:
        return [asker.path]  # What a file gives away of its own.
    module = item.module.partition("?")[0]
    for base in map(normal, _javascript_bases(repository, module, asker)):
        stem = re.sub(r"\.(?:[mc]?jsx?)$", "", base)
        candidates = [base, *(stem + end for end in _JS_ENDINGS), *(f"{base}/index{end}" for end in _JS_ENDINGS)]
        if base and (path := repository.first_existing(candidates)):
            return [path]
    return []


def _javascript_bases(repository: RepositoryMap, module: str, asker: Asker) -> list[str]:
    """Paths without ending that a module may mean: by tsconfig files upwards, by the packages here, by habit."""
    build = repository.build
    if module.startswith("."):
        near = posixpath.join(asker.folder, module)
        package = build.packages.get(build.package_folders.get(normal(near), ""))
        return [near, *(package.entries if package else ())] if normal(near) else ["index", "src/index"]
    bases: list[str] = []
    for folder in upwards(asker.folder):
        bases += [path for alias in build.aliases.get(folder, ()) for path in alias.paths(module)]
        if folder in build.base_urls:
            bases.append(posixpath.join(build.base_urls[folder], module))
    if module.startswith("#"):
        return [*bases, *(path for folder in upwards(asker.folder) for path in _inner(repository, folder, module))]
    parts = module.split("/")
    n_named = 2 if module.startswith("@") else 1
    if package := build.packages.get("/".join(parts[:n_named])):
        bases += package.paths("/".join(parts[n_named:]))
    if module.startswith(("@/", "~/")):
        return [*bases, f"src/{module[2:]}", module[2:], f"app/{module[2:]}"]
    return [*bases, module, f"src/{module}", f"packages/{module}/src/index", f"packages/{module}/index"]


def _inner(repository: RepositoryMap, folder: str, module: str) -> list[str]:
    """What a package calls its own files: `#cart` in the `imports` of its package.json."""
    package = repository.build.packages.get(repository.build.package_folders.get(folder, ""))
    return [path for alias in package.inner for path in alias.paths(module)] if package else []


def _resolve_go(repository: RepositoryMap, item: Import, asker: Asker) -> list[str]:
    modules = repository.build.go_modules
    inside = [name for name in modules if f"{item.module}/".startswith(f"{name}/")]
    if inside:
        name = max(inside, key=len)
        folders = [
            normal(posixpath.join(modules[name], item.module[len(name) + 1 :]))
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
    return _rust_files(repository, parts, asker, MAX_RENAMED)


def _rust_files(repository: RepositoryMap, parts: list[str], asker: Asker, n_steps: int) -> list[str]:
    """The file of the longest part of a path that is one, through modules that another one gives away."""
    crates = repository.build.crates
    is_crate = bool(parts) and parts[0] in crates
    base, rest = (crates[parts[0]], parts[1:]) if is_crate else _rust_base(repository, parts, asker)
    is_own = bool(parts) and parts[0] in ("self", "super")  # Perhaps of a module within the file itself.
    is_bare = not is_crate and rest == parts
    for length in range(len(rest), 0 if is_bare else -1, -1):
        stem = posixpath.join(base, *rest[:length])
        names = ("lib.rs", "main.rs", "mod.rs") if length == 0 else ()
        candidates = [f"{stem}/{name}" for name in names] or [f"{stem}.rs", f"{stem}/mod.rs"]
        if path := repository.first_existing(map(normal, candidates)):
            found = _renamed_module(repository, path, rest[length:], asker, n_steps) or [path]
            return [*found, asker.path] if is_own and length == 0 else found
    if is_own:
        return [asker.path]
    return _renamed_module(repository, asker.path, parts, asker, n_steps) if is_bare else []


def _renamed_module(repository: RepositoryMap, path: str, rest: list[str], asker: Asker, n_steps: int) -> list[str]:
    """Where `rest` leads when the file has its first name from elsewhere: `pub use other::module`."""
    if not rest or not n_steps:
        return []
    for item in repository.imports(path):
        is_module = len(rest) > 1 or not item.name
        if item.alias == rest[0] and is_module and not item.module.startswith("self::"):
            inner = [part for part in (*item.module.split("::"), item.name) if part]
            there = Asker(path, asker.language, asker.root_name)
            return _rust_files(repository, [*inner, *rest[1:]], there, n_steps - 1) if inner[0] != rest[0] else []
    return []


def _rust_base(repository: RepositoryMap, parts: list[str], asker: Asker) -> tuple[str, list[str]]:
    """The folder that a path starts in, and the rest of the path."""
    stem = posixpath.basename(asker.path).removesuffix(".rs")
    is_root = stem in ("mod", "lib", "main") or posixpath.basename(asker.folder) in _RUST_PROGRAMS
    own = asker.folder if is_root else posixpath.join(asker.folder, stem)
    if parts and parts[0] == "crate":
        return _crate_root(repository, asker), parts[1:]
    if parts and parts[0] == "self":
        return own, parts[1:]
    while parts and parts[0] == "super":
        own, parts = posixpath.dirname(own), parts[1:]
    return own, parts


def _crate_root(repository: RepositoryMap, asker: Asker) -> str:
    """The folder of the crate that a file belongs to."""
    for folder in upwards(asker.folder):
        if posixpath.basename(folder) in _RUST_PROGRAMS:
            return folder
        if repository.first_existing(posixpath.join(folder, name) for name in ("lib.rs", "main.rs")):
            return folder
    return asker.folder


def _resolve_c(repository: RepositoryMap, item: Import, asker: Asker) -> list[str]:
    near = normal(posixpath.join(asker.folder, item.module))
    if near and repository.first_existing([near]):
        return [near]
    if item.module in _C_HEADERS:
        return []
    tail = "/".join(part for part in item.module.split("/") if part not in (".", "..", ""))
    return nearest(repository.paths_ending(tail, MAX_SAME_TAIL), asker.path)[:2]


def _resolve_ruby(repository: RepositoryMap, item: Import, asker: Asker) -> list[str]:
    tail = item.module.removesuffix(".rb") + ".rb"
    if item.module.startswith("."):
        return [path for path in (normal(posixpath.join(asker.folder, tail)),) if path in repository.files]
    paths = repository.paths_ending(tail.lstrip("/"), MAX_SAME_TAIL)
    loaded = [path for path in paths if posixpath.basename(path.removesuffix(tail).rstrip("/")) in _LOAD_PATHS]
    return nearest(loaded, asker.path)[:1]


def _resolve_by_path(*endings: str) -> Resolver:
    """A resolver for languages that name files: relative to the asker first, then anywhere."""

    def resolve(repository: RepositoryMap, item: Import, asker: Asker) -> list[str]:
        module = item.module.strip()
        if "\\" in module or (item.name and "/" not in module):
            module = "/".join([*module.split("\\"), item.name]).strip("/")
        elif asker.language == "lua":
            module = module.replace(".", "/")
        near = normal(posixpath.join(asker.folder, module))
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


RESOLVERS: dict[str, Resolver] = {
    "python": _resolve_python,
    "javascript": _resolve_javascript,
    "typescript": _resolve_javascript,
    "tsx": _resolve_javascript,
    "go": _resolve_go,
    "rust": _resolve_rust,
    "java": resolve_namespaced,
    "kotlin": resolve_namespaced,
    "scala": resolve_namespaced,
    "c": _resolve_c,
    "cpp": _resolve_c,
    "ruby": _resolve_ruby,
    "c_sharp": resolve_namespaced,
    "php": resolve_php,
    "lua": _resolve_by_path(".lua", "/init.lua"),
    "bash": _resolve_by_path(".sh"),
    "zig": _resolve_by_path(".zig"),
}
