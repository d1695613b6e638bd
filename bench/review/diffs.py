"""Diffs that brought a bug, and the fixes as clean ones: BugsInPy's commits, each taken in both directions."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from codeassist.review.changes import ChangedFile, Changes
from codeassist.review.gathering import between
from indexer.ranking import is_test_path

# How far from a patched line a finding still points at it.
NEAR_LINES = 3

Kind = Literal["bug", "fix"]


@dataclass(frozen=True, slots=True)
class DiffCase:
    """One direction of one fix. base, tip: the commits before and after the diff."""

    key: str
    kind: Kind
    base: str
    tip: str


def read_cases(file: Path) -> list[DiffCase]:
    """Two of each bug: the fix taken back, which brings the bug, and the fix."""
    cases: list[DiffCase] = []
    for line in file.read_text(encoding="utf-8").splitlines():
        bug = json.loads(line)
        name, buggy, fixed = f"{bug['repo']}#{bug['bug']}", bug["buggy_commit"], bug["fixed_commit"]
        cases += [DiffCase(f"{name}-bug", "bug", fixed, buggy), DiffCase(f"{name}-fix", "fix", buggy, fixed)]
    return cases


def check_out(root: Path, commit: str) -> None:
    """Have the work tree at a commit, as it is while its author commits it. Throws away what is there."""
    subprocess.run(["git", "-C", str(root), "checkout", "--quiet", "--force", commit], check=True)


def changes_of(root: Path, case: DiffCase) -> Changes:
    """What the diff changes in source files: tests would tell which of the two directions it is."""
    changes = between(root, case.base, case.tip)
    return replace(changes, files=tuple(file for file in changes.files if _is_source(file)))


def _is_source(file: ChangedFile) -> bool:
    return file.path.endswith(".py") and not is_test_path(file.path)


def patched_lines(files: Iterable[ChangedFile]) -> Iterator[tuple[str, int]]:
    """Path and line of all that the diff touches, in the new text; where lines were taken out, those around."""
    for file in files:
        for hunk in file.hunks:
            last = hunk.new_start + len(hunk.new_lines) - 1
            yield from ((file.path, number) for number in range(hunk.new_start, last + 1))
            if not hunk.new_lines:
                yield from ((file.path, hunk.new_start - 1), (file.path, hunk.new_start))


def is_near(path: str, start_line: int, end_line: int, patched: Iterable[tuple[str, int]]) -> bool:
    """Whether lines are within `NEAR_LINES` of a patched one."""
    return any(path == other and start_line - NEAR_LINES <= line <= end_line + NEAR_LINES for other, line in patched)
