"""Functions that a change rewrites while the tests that name them stay as they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from codeassist.findings.types import Finding, finding_id
from codeassist.review.changes import ChangedFile
from codeassist.review.static.definitions import pairs
from codeassist.review.static.heads import Head
from codeassist.review.static.trees import ReviewedFile, Trees, readable
from indexer.ranking import is_test_path

# Below what is shown unless it is asked for: a change that keeps behaviour needs no new test.
CONFIDENCE = 0.3
# Smaller changes seldom need a test; and so many files of tests are named.
MIN_LINES = 3
MAX_TESTS = 5
MIN_LETTERS = 4


def untested_changes(trees: Trees, files: Iterable[ChangedFile]) -> Iterator[Finding]:
    """One note for each file: the function that changed most, with the tests that name it. Nothing where the change
    touches any test, or nothing but comments."""
    if trees.touches_tests:
        return
    for file in readable(files):
        old, new = trees.before(file), trees.after(file.path)
        if old is None or new is None or is_test_path(file.path) or trees.is_over:
            continue
        ranked = sorted(((_n_changed(file, head), head) for head in _rewritten(old, new)), key=lambda item: -item[0])
        for n_lines, head in ranked[:3]:
            tests = _tests_of(trees, new, head) if n_lines >= MIN_LINES and len(head.name) >= MIN_LETTERS else []
            if tests:
                yield _finding(new, head, tests)
                break


def _rewritten(old: ReviewedFile, new: ReviewedFile) -> Iterator[Head]:
    return (after for before, after in pairs(old, new) if before.node.text != after.node.text)


def _n_changed(file: ChangedFile, head: Head) -> int:
    lines = range(head.line, head.end_line + 1)
    return sum(number in file.changed_lines and _is_code(file.new_lines[number - 1]) for number in lines)


def _is_code(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith(("#", "//", "*", "/*"))


def _tests_of(trees: Trees, file: ReviewedFile, head: Head) -> list[str]:
    """`path:line` of the first line of each test file that calls it."""
    called = re.compile(rf"\b{re.escape(head.name)}\s*\(")
    found = []
    for user in trees.mentioning(head.name, file.language):
        match = called.search(user.text) if is_test_path(user.path) else None
        if match is not None:
            found.append(user.place(user.text.count("\n", 0, match.start()) + 1))
        if len(found) == MAX_TESTS:
            break
    return found


def _finding(file: ReviewedFile, head: Head, tests: list[str]) -> Finding:
    return Finding(
        id=finding_id("untested-change", file.path, head.qualified, 0),
        path=file.path,
        start_line=head.line,
        end_line=head.line,
        severity="note",
        category="untested-change",
        message=f"`{head.qualified}` changes, and the tests that call it do not",
        evidence=tests[0],
        places=tuple(tests),
        confidence=CONFIDENCE,
    )
