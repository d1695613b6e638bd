"""What is known of a change without any model. Reads the index and files: works in threads."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator

from codeassist.findings.passes import find_all
from codeassist.findings.types import Finding
from codeassist.findings.workspace import KnownModules, Workspace
from codeassist.review.changes import ChangedFile
from codeassist.review.hygiene.look import look as look_at_hygiene
from codeassist.review.passes.types import Found, Review
from codeassist.review.static.gone_modules import gone_modules
from codeassist.review.static.parameters import unused_parameters
from codeassist.review.static.python_names import Program
from codeassist.review.static.removed import removed_symbols
from codeassist.review.static.signatures import stale_calls
from codeassist.review.static.trees import Trees
from codeassist.review.static.unstaged import unstaged_modules
from codeassist.review.static.untested import untested_changes

# An import, or a line of names within one.
_MAY_IMPORT = re.compile(r"\b(?:import|from|require|export)\b|^[\w\s$,{}()*]+(?:(?:#|//).*)?$")


async def static_pass(review: Review) -> Found:
    """Everything that the changed files and the index tell."""
    return await asyncio.to_thread(look, review)


def look(review: Review) -> Found:
    """The same, at once."""
    hygiene = look_at_hygiene(review)
    findings: list[Finding] = list(hygiene.findings)
    for finding in _findings(review):
        findings.append(finding)
        if review.deadline.is_over:
            break
    is_late = review.deadline.is_over
    note = "time was up" if is_late else hygiene.note
    return Found(tuple(findings), note, is_complete=hygiene.is_complete and not is_late)


def _findings(review: Review) -> Iterator[Finding]:
    tree = review.tree
    modules = KnownModules()
    workspace = Workspace(tree.root, tree.texts_unlike_disk, modules, tree.gone)
    for file in review.local:
        if review.deadline.is_over:
            return
        yield from _in_file(review, file, modules)
    if review.changes.is_whole:
        return  # Nothing differs from anything.
    trees = Trees(review)
    program = Program(trees.after, tree.is_file)
    files = [file for file in review.changes.files if not file.skipped]
    yield from stale_calls(trees, program, files)
    yield from removed_symbols(trees, program, workspace, files)
    yield from gone_modules(trees, program, workspace, files)
    yield from unstaged_modules(trees, program, workspace, review.local)
    yield from unused_parameters(trees, program, files)
    yield from untested_changes(trees, files)


def _in_file(review: Review, file: ChangedFile, modules: KnownModules) -> Iterable[Finding]:
    """What is looked for in any file, where it is about changed lines."""
    tree = review.tree
    lines = None if review.changes.is_whole else _of_imports(file)
    found = find_all(tree.root, file.path, file.new_text or "", tree.texts_unlike_disk, modules, tree.gone, lines)
    return [one for one in found if file.changed_lines & set(range(one.start_line, one.end_line + 1))]


def _of_imports(file: ChangedFile) -> frozenset[int]:
    """Changed lines that may be of an import."""
    lines = file.new_lines
    return frozenset(number for number in file.changed_lines if _MAY_IMPORT.search(lines[number - 1]))
