"""Which lines a diff patches, what is near them, and how recall and false alarms are counted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench.review.bugs import figures, ranked
from bench.review.diffs import is_near, patched_lines, read_cases
from bench.review.linters import ruff
from codeassist.review.changes import ChangedFile


def test_each_bug_is_two_diffs(tmp_path: Path) -> None:
    file = tmp_path / "bugs.jsonl"
    file.write_text(json.dumps({"repo": "a/b", "bug": "7", "buggy_commit": "bad", "fixed_commit": "good"}) + "\n")
    cases = read_cases(file)
    assert [(case.key, case.kind, case.base, case.tip) for case in cases] == [
        ("a/b#7-bug", "bug", "good", "bad"),
        ("a/b#7-fix", "fix", "bad", "good"),
    ]


def test_lines_that_went_are_patched_where_they_stood() -> None:
    changed = ChangedFile("a.py", "modified", old_text="a\nb\nc\nd\n", new_text="a\nx\nd\n")
    gone = ChangedFile("b.py", "modified", old_text="a\nb\nc\n", new_text="a\nc\n")
    assert list(patched_lines([changed])) == [("a.py", 2)]
    assert list(patched_lines([gone])) == [("b.py", 1), ("b.py", 2)]


@pytest.mark.parametrize(("start", "end", "near"), [(13, 13, True), (14, 14, False), (2, 7, True), (2, 6, False)])
def test_three_lines_are_near(start: int, end: int, near: bool) -> None:
    assert is_near("a.py", start, end, [("a.py", 10)]) == near
    assert not is_near("b.py", start, end, [("a.py", 10)])


def finding(identity: str, line: int, *, hit: bool, confidence: float = 0.9) -> dict[str, Any]:
    return {
        "id": identity, "path": "a.py", "start_line": line, "end_line": line, "severity": "warning",
        "category": "stale-call", "message": "m", "evidence": "a.py:1", "confidence": confidence,
        "found_by": "static", "places": [], "replacement": None, "hit": hit,
    }  # fmt: skip


def row(key: str, kind: str, findings: list[dict[str, Any]], surprise: float = 0.0) -> dict[str, Any]:
    told = {"ms": 1.0, "note": "", "findings": findings}
    return {"key": key, "kind": kind, "passes": {"static": told}, "linters": {"ruff": []}, "surprise": surprise}


def test_a_hit_counts_among_the_first_three_alone() -> None:
    beside = [finding(str(n), 10 * n, hit=False) for n in range(1, 4)]
    rows = [
        row("1-bug", "bug", [*beside, finding("late", 99, hit=True, confidence=0.6)]),
        row("2-bug", "bug", [finding("hit", 5, hit=True)]),
        row("3-bug", "bug", [finding("unsure", 5, hit=True, confidence=0.2)]),
        row("1-fix", "fix", [*beside, finding("more", 50, hit=False, confidence=0.6)]),
        row("2-fix", "fix", []),
    ]
    found = figures(rows, ["static"], 0.5)["static"]
    assert found["recall"]["mean"] == pytest.approx(1 / 3, abs=1e-3)
    assert found["false_alarms_per_fix"]["mean"] == 1.5
    assert found["fixes_with_a_false_alarm"]["mean"] == 0.5


def test_a_bug_is_ranked_beside_every_fix() -> None:
    rows = [
        row("1-bug", "bug", [], 0.9), row("1-fix", "fix", [], 0.1),
        row("2-bug", "bug", [], 0.1), row("2-fix", "fix", [], 0.1),
    ]  # fmt: skip
    assert ranked(rows)["mean"] == 0.75


def test_ruff_is_asked_about_changed_lines_alone() -> None:
    file = ChangedFile("a.py", "modified", old_text="import os\n", new_text="import os\nimport sys\n")
    assert [(one.line, one.code) for one in ruff([file])] == [(2, "F401")]
