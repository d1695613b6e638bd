"""Modules that staged code imports and that only the work tree has: the commit would lack them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from codeassist.findings.modules import IsFile, javascript_module, python_module
from codeassist.findings.types import Finding, finding_id
from codeassist.findings.workspace import Workspace
from codeassist.review.changes import ChangedFile
from codeassist.review.static.gone_modules import EXCUSED, JAVASCRIPT_MODULE, has_caught_imports, offers_all
from codeassist.review.static.python_names import Program
from codeassist.review.static.trees import ReviewedFile, Trees
from indexer.gitcommand import GitTrouble
from indexer.name_roles import is_code
from indexer.revisions import untracked_files

_RUST_MODULE = re.compile(
    r"^(?P<path>[ \t]*#\[path\b.*\n)?[ \t]*(?:pub(?:\([^)]*\))?\s+)?mod\s+(?P<name>\w+)\s*;", re.M
)
# An import, or a line of names within one.
_MAY_IMPORT = re.compile(r"\b(?:import|from|require|export|mod)\b|^[\w\s$,{}()*]+(?:(?:#|//).*)?$")
_JAVASCRIPT = ("javascript", "typescript", "tsx")
# Files whose modules lie beside them; those of any other lie in a folder of its name.
_RUST_ROOTS = ("mod", "lib", "main")
MAX_SHOWN = 50
# More paths than this have no place in one command; git is asked about all files then.
MAX_ASKED = 2_000


@dataclass(frozen=True, slots=True)
class _Import:
    """One import of a changed line. module, name: as written in Python, where `name` may be a module of the package;
    elsewhere `module` is the path's own form and there is no name."""

    user: ReviewedFile
    line: int
    module: str
    name: str = ""

    @property
    def dotted(self) -> str:
        """The module that the name may be; "" for none."""
        return f"{self.module}{'' if self.module.endswith('.') else '.'}{self.name}" if self.name else ""


def unstaged_modules(
    trees: Trees, program: Program, workspace: Workspace, files: Iterable[ChangedFile]
) -> Iterator[Finding]:
    """One finding for each module that was forgotten, at the first import of it. Only where git's index is reviewed."""
    index = trees.review.changes.git_index
    if index is None:
        return
    importers = [file for file in files if any(_MAY_IMPORT.search(file.new_lines[n - 1]) for n in file.changed_lines)]
    asked = (path for file in importers if not trees.is_over for path in _possible(trees, program, file))
    unknown = _unknown(trees, {path for path in asked if path not in trees.changed}, index)
    if not unknown:
        return
    imports = [one for file in importers if not trees.is_over for one in _imports(trees, program, file)]
    importing: dict[str, list[_Import]] = {}
    for one in imports:
        if module := _forgotten(one, trees, unknown, workspace):
            importing.setdefault(module, []).append(one)
    yield from (_finding(module, several) for module, several in importing.items())


def _unknown(trees: Trees, paths: Collection[str], index: str) -> frozenset[str]:
    """Those that git neither has staged nor ignores."""
    try:
        asked = paths if len(paths) <= MAX_ASKED else ()
        return frozenset(untracked_files(trees.review.tree.root, asked, index)) & set(paths) if paths else frozenset()
    except GitTrouble:  # It did tell what is staged; without an answer there is no certainty.
        return frozenset()


def _possible(trees: Trees, program: Program, file: ChangedFile) -> Iterator[str]:
    """The files that any import of a file may mean; nothing is parsed for that which is not parsed already."""
    user = trees.after(file.path)
    if user is None:
        return
    if (python := program.python(file.path)) is not None:
        for item in python.imports:
            yield from _files(_Import(user, item.line, item.module, item.name.strip("*")), trees.is_file)
    else:
        yield from (path for one in _found_in(program, user) for path in _files(one, trees.is_file))


def _imports(trees: Trees, program: Program, file: ChangedFile) -> Iterator[_Import]:
    """What the changed lines of a file import and have no plan for missing."""
    user = trees.after(file.path)
    if user is None:
        return
    for one in _found_in(program, user):
        if one.line in file.changed_lines and not EXCUSED.search(user.line(one.line)):
            yield one


def _found_in(program: Program, user: ReviewedFile) -> Iterator[_Import]:
    find = {"python": _of_python, "rust": _of_rust, **dict.fromkeys(_JAVASCRIPT, _of_javascript)}.get(user.language)
    return find(program, user) if find is not None else iter(())


def _of_python(program: Program, user: ReviewedFile) -> Iterator[_Import]:
    yield from (_Import(user, item.line + 1, item.module, item.name) for item in user.named_imports)
    python = program.python(user.path)
    for bound in python.imports if python is not None and not has_caught_imports(user) else ():
        if bound.name in ("", "*"):
            yield _Import(user, bound.line, bound.module)


def _of_javascript(program: Program, user: ReviewedFile) -> Iterator[_Import]:
    if (syntax := user.source.syntax) is None:
        return
    for match in JAVASCRIPT_MODULE.finditer(user.text):
        way = syntax.way_to(match.start(), match.start() + 1)
        is_caught = any(step.node.type == "try_statement" for step in way)
        if is_code(syntax, match.start(), match.start() + 1) and not is_caught:
            yield _Import(user, user.text.count("\n", 0, match.start()) + 1, match["module"])


def _of_rust(program: Program, user: ReviewedFile) -> Iterator[_Import]:
    for match in _RUST_MODULE.finditer(user.text):
        if not match["path"]:
            yield _Import(user, user.text.count("\n", 0, match.start("name")) + 1, match["name"])


def _files(one: _Import, is_file: IsFile) -> list[str]:
    """The files that an import may mean, the module itself first."""
    return [*_module(one, is_file), *(python_module(one.dotted, one.user.path, is_file) if one.dotted else ())]


def _module(one: _Import, is_file: IsFile) -> list[str]:
    if one.user.language == "python":
        return python_module(one.module, one.user.path, is_file)
    if one.user.language != "rust":
        return javascript_module(one.module, one.user.path, is_file)
    folder, _, file = one.user.path.rpartition("/")
    stem = file.removesuffix(".rs")
    base = posixpath.join(folder if stem in _RUST_ROOTS else posixpath.join(folder, stem), one.module)
    return [path for path in (f"{base}.rs", f"{base}/mod.rs") if is_file(path)]


def _forgotten(one: _Import, trees: Trees, unknown: frozenset[str], workspace: Workspace) -> str:
    """The file that an import surely means and the commit would lack; "" for none."""
    path = one.user.path

    def is_staged(other: str) -> bool:
        return other not in unknown and trees.is_file(other)

    here = _module(one, trees.is_file)
    inner = python_module(one.dotted, path, trees.is_file) if one.dotted else []
    if any(map(is_staged, inner)) or (one.dotted and python_module(one.dotted, path, is_staged)):
        return ""
    if here and not any(map(is_staged, here)):
        wanted = here if not _module(one, is_staged) else []
    else:
        wanted = inner if not offers_all(workspace, here, one.name) else []
    return wanted[0] if wanted and not _may_be_other(wanted[0], workspace.without(unknown)) else ""


def _may_be_other(path: str, staged: Workspace) -> bool:
    """Whether a Python module may also be a file of another kind, as what it is compiled from."""
    folder, _, file = path.rpartition("/")
    return path.endswith((".py", ".pyi")) and file != "__init__.py" and staged.has_entry(folder, file.partition(".")[0])


def _finding(module: str, several: list[_Import]) -> Finding:
    first = several[0]
    n_files = len({one.user.path for one in several})
    where = f", here and in {n_files - 1} more file{'s' * (n_files > 2)}" if n_files > 1 else ""
    return Finding(
        id=finding_id("unstaged-module", first.user.path, module, 0),
        path=first.user.path,
        start_line=first.line,
        end_line=first.line,
        severity="error",
        category="unstaged-module",
        message=f"this imports {module}{where}, which is not staged: the commit would lack it; `git add {module}`",
        evidence=f"{module}:1",
        places=tuple(one.user.place(one.line) for one in several[:MAX_SHOWN]),
        confidence=0.95,
    )
