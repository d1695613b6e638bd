"""Which file of a repository an import surely means. Asks whether files are there; reads nothing."""

from __future__ import annotations

import posixpath
import sys
from collections.abc import Callable

_PY_ENDINGS = (".py", ".pyi")
_JS_ENDINGS = (".ts", ".tsx", ".d.ts", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs")
_BUILT = {".js": (".ts", ".tsx", ".d.ts", ".js", ".jsx"), ".mjs": (".mts", ".mjs"), ".cjs": (".cts", ".cjs")}

# What stands in the folder of a Python project.
_PROJECT = ("pyproject.toml", "setup.py", "setup.cfg")

IsFile = Callable[[str], bool]


def python_module(module: str, asker: str, is_file: IsFile) -> list[str]:
    """The files of a module as a Python file names it, the stub beside it included; none where there is any doubt."""
    n_dots = len(module) - len(module.lstrip("."))
    tail = module[n_dots:].replace(".", "/")
    if n_dots:
        folder = posixpath.dirname(asker)
        for _ in range(n_dots - 1):
            folder = posixpath.dirname(folder)
            if not folder:
                return []  # Above every package: Python does not go there.
        return _python_files(posixpath.join(folder, tail) if tail else folder, is_file)
    return _absolute(tail, asker, is_file)


def _absolute(tail: str, asker: str, is_file: IsFile) -> list[str]:
    """A module by its full name: it must be found in one place alone, seen from the file that asks."""
    top, is_dotted = tail.split("/", 1)[0], "/" in tail
    folder = posixpath.dirname(asker)
    if top in sys.stdlib_module_names:
        return []
    roots = [root for root in _roots(folder, is_file) if not is_file(posixpath.join(root, "__init__.py"))]
    packages = [root for root in roots if is_file(posixpath.join(root, top, "__init__.py"))]
    if not packages and is_dotted:  # Perhaps a package without `__init__.py`: then the whole path says what is meant.
        packages = [root for root in roots if _python_files(posixpath.join(root, tail), is_file)]
    if len(packages) == 1:
        return _python_files(posixpath.join(packages[0], tail), is_file)
    is_script = not is_file(posixpath.join(folder, "__init__.py"))
    return _python_files(posixpath.join(folder, top), is_file) if not packages and not is_dotted and is_script else []


def _roots(folder: str, is_file: IsFile) -> list[str]:
    """Folders that modules are imported from by their full names: those of the repository and of projects in it.

    Any other folder may hold a package that is called like a library and is not meant by that name.
    """
    above = _upwards(folder)
    projects = [path for path in above if not path or any(is_file(posixpath.join(path, name)) for name in _PROJECT)]
    return [root for path in projects for root in (path, *(posixpath.join(path, inner) for inner in ("src", "lib")))]


def _python_files(base: str, is_file: IsFile) -> list[str]:
    package = [path for end in _PY_ENDINGS if is_file(path := posixpath.join(base, f"__init__{end}"))]
    single = [path for end in _PY_ENDINGS if base and is_file(path := f"{base}{end}")]
    return package if not single else single if not package else []


def javascript_module(module: str, asker: str, is_file: IsFile) -> list[str]:
    """The files of a module as a JavaScript or TypeScript file names it by its path; none where there is any doubt."""
    if not module.startswith(("./", "../")) and module not in (".", ".."):
        return []
    base = posixpath.normpath(posixpath.join(posixpath.dirname(asker), module))
    if base.startswith(".."):
        return []
    stem, ending = posixpath.splitext(base)
    if ending in _BUILT:
        return [path for end in _BUILT[ending] if is_file(path := f"{stem}{end}")]
    if is_file(base):
        return [base] if ending in _JS_ENDINGS else []
    found = [path for end in _JS_ENDINGS if is_file(path := f"{base}{end}")]
    return found or [path for end in _JS_ENDINGS if is_file(path := f"{base}/index{end}")]


def _upwards(folder: str) -> list[str]:
    """A folder and those that hold it, up to the root, which is ""."""
    folders = [folder]
    while folder:
        folder = posixpath.dirname(folder)
        folders.append(folder)
    return folders
