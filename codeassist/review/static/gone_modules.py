"""Modules that a change deletes or moves away, and that are still imported."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator

from codeassist.findings.imports import offers
from codeassist.findings.modules import javascript_module, python_module
from codeassist.findings.types import Finding, finding_id
from codeassist.findings.workspace import Workspace
from codeassist.review.changes import ChangedFile
from codeassist.review.static.python_names import Program
from codeassist.review.static.trees import ReviewedFile, Trees
from indexer.languages import language_name

JAVASCRIPT_MODULE = re.compile(r"(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\(\s*)['\"](?P<module>\.[^'\"]*)['\"]")
EXCUSED = re.compile(r"#\s*(?:type:\s*ignore|noqa)|@ts-|eslint-disable")
MAX_SHOWN = 50

IsFile = Callable[[str], bool]


def gone_modules(
    trees: Trees, program: Program, workspace: Workspace, files: Iterable[ChangedFile]
) -> Iterator[Finding]:
    """One finding for each module that is not there any more, at the first import of it."""
    for file in files:
        former = file.path if file.status == "deleted" else file.former if file.status == "renamed" else ""
        if not former or trees.is_file(former) or trees.is_over:
            continue
        name = _module_name(former)
        language = language_name(former)
        if not name or language not in ("python", "javascript", "typescript", "tsx"):
            continue
        importing = _python if language == "python" else _javascript
        places = [
            (user, line)
            for user in trees.mentioning(name, language)
            for line in importing(trees, program, workspace, user, former)
            if not EXCUSED.search(user.line(line))
        ]
        if places:
            yield _finding(former, file, places)


def _module_name(path: str) -> str:
    stem = posixpath.basename(path).partition(".")[0]
    return posixpath.basename(posixpath.dirname(path)) if stem in ("__init__", "index") else stem


def _python(trees: Trees, program: Program, workspace: Workspace, user: ReviewedFile, former: str) -> Iterator[int]:
    """Lines that import it, those that are prepared to miss it left out."""
    python = program.python(user.path)
    was_file, is_file = trees.review.tree.was_file, trees.is_file
    for item in python.imports if python is not None and not has_caught_imports(user) else ():
        dotted = f"{item.module}{'' if item.module.endswith('.') else '.'}{item.name}"
        for module, is_name in ((item.module, False), *(((dotted, True),) if item.name not in ("", "*") else ())):
            if former not in python_module(module, user.path, was_file) or python_module(module, user.path, is_file):
                continue
            folder, _, stem = former.removesuffix("/__init__.py").rpartition("/")
            holders = python_module(item.module, user.path, is_file) if is_name else []
            if not workspace.has_entry(folder, stem.partition(".")[0]) and not offers_all(
                workspace, holders, item.name
            ):
                yield item.line


def offers_all(workspace: Workspace, files: list[str], name: str) -> bool:
    """Whether a package offers a name besides its modules."""
    return bool(files) and offers(workspace, files, name)


def has_caught_imports(user: ReviewedFile) -> bool:
    """Whether a Python file is prepared to miss some module."""
    return re.search(r"except\s*\(?[^:]*(?:ImportError|ModuleNotFoundError)", user.text) is not None


def _javascript(trees: Trees, program: Program, workspace: Workspace, user: ReviewedFile, former: str) -> Iterator[int]:
    for match in JAVASCRIPT_MODULE.finditer(user.text):
        before = javascript_module(match["module"], user.path, trees.review.tree.was_file)
        if former in before and not javascript_module(match["module"], user.path, trees.is_file):
            yield user.text.count("\n", 0, match.start()) + 1


def _finding(former: str, file: ChangedFile, places: list[tuple[ReviewedFile, int]]) -> Finding:
    user, line = places[0]
    n_files = len({one.path for one, _ in places})
    where = f", here and in {n_files - 1} more file{'s' * (n_files > 2)}" if n_files > 1 else ""
    what = f"moves to {file.path}" if file.status == "renamed" else "deletes"
    moved = f"{former}, which this change {what}"
    return Finding(
        id=finding_id("removed-symbol", user.path, former, 0),
        path=user.path,
        start_line=line,
        end_line=line,
        severity="error",
        category="removed-symbol",
        message=f"this imports {moved}{where}",
        evidence=f"{former}:1",
        places=tuple(one.place(number) for one, number in places[:MAX_SHOWN]),
        confidence=0.95,
    )
