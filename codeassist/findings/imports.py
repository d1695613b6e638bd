"""Imports of names that their module, a file of the repository, does not have. Reads files: for a thread."""

from __future__ import annotations

import difflib
import posixpath
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from codeassist.findings.modules import javascript_module, python_module
from codeassist.findings.types import Finding, finding_id
from codeassist.findings.workspace import Workspace
from indexer.languages import language_name
from indexer.module_names import ModuleNames, NamedImport, imports_of

# Through so many modules a name is followed; beyond that it may be anywhere.
MAX_FOLLOWED = 60


def missing_names(workspace: Workspace, path: str, text: str, lines: AbstractSet[int] | None = None) -> list[Finding]:
    """One finding for each imported name that is nowhere in its module. lines: 1-based, those that are looked at."""
    if lines is not None and not lines:
        return []
    findings: list[Finding] = []
    seen: list[str] = []
    for item in imports_of(path, text):
        if lines is not None and item.line + 1 not in lines:
            continue
        module = missing_from(workspace, path, item)
        if module is None:
            continue
        what = f"{item.module}:{item.name}"
        identity = finding_id("missing-name", path, what, seen.count(what))
        seen.append(what)
        findings.append(_finding(identity, path, item, module))
    return findings


@dataclass(frozen=True, slots=True)
class Module:
    """A file and what it offers."""

    path: str
    names: ModuleNames


def missing_from(workspace: Workspace, path: str, item: NamedImport) -> Module | None:
    """The module that lacks the name; None where it has it, or nobody can be sure."""
    if item.name.startswith("__"):
        return None  # What the interpreter itself gives to modules.
    files = _files_of(workspace, item.module, path)
    if not files or path in files:
        return None
    if language_name(path) == "python" and _is_submodule(workspace, files, item.name):
        return None
    if offers(workspace, files, item.name):
        return None
    return Module(files[0], workspace.names(files[0]))


def offers(workspace: Workspace, files: Iterable[str], name: str) -> bool:
    """Whether one of the files offers the name, or gives on everything of one that may."""
    waiting, seen = list(files), set[str]()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        names = workspace.names(path)
        if names.is_open or name in names.names or name in names.possible or len(seen) > MAX_FOLLOWED:
            return True
        for star in names.stars:
            further = _files_of(workspace, star, path)
            if not further:
                return True  # Everything of a module that is not here: it may have any name.
            waiting += further
    return False


def _files_of(workspace: Workspace, module: str, asker: str) -> list[str]:
    resolve: Callable[[str, str, Callable[[str], bool]], list[str]] = (
        python_module if language_name(asker) == "python" else javascript_module
    )
    return resolve(module, asker, workspace.is_file)


def _is_submodule(workspace: Workspace, files: Iterable[str], name: str) -> bool:
    """Whether a package has a file or folder of this name, whatever kind: compiled and generated modules count."""
    folders = {posixpath.dirname(file) for file in files if posixpath.basename(file).startswith("__init__.")}
    return any(workspace.has_entry(folder, name) for folder in folders)


def _finding(identity: str, path: str, item: NamedImport, module: Module) -> Finding:
    near = difflib.get_close_matches(item.name, module.names.names, 1, 0.75)
    hint = f"; did you mean `{near[0]}`?" if near else ""
    line = module.names.lines.get(near[0], 1) if near else 1
    return Finding(
        id=identity,
        path=path,
        start_line=item.line + 1,
        end_line=item.line + 1,
        severity="warning",
        category="missing-name",
        message=f"`{item.name}` is not defined in {module.path}, which it is imported from{hint}",
        evidence=f"{module.path}:{line}",
        start_column=item.start_column,
        end_column=item.end_column,
    )
