"""Semgrep by the user's own rules: how it is called, what is made of its answer, and every way in which it fails."""

from __future__ import annotations

import json
import stat
import time
from pathlib import Path

import pytest

from codeassist.review.changes import ChangedFile
from codeassist.review.vulnerabilities import semgrep

FILE = ChangedFile("pkg/a.py", "modified", old_text="x = 1\n", new_text="x = 1\ny = eval(z)\n")
RESULT = {
    "check_id": "home.rules.no-eval",
    "path": "pkg/a.py",
    "start": {"line": 2, "col": 5},
    "end": {"line": 2, "col": 12},
    "extra": {
        "message": "Do not call eval. It runs\n what came in.",
        "severity": "ERROR",
        "metadata": {"cwe": ["CWE-95: Eval Injection"], "confidence": "HIGH"},
    },
}


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    file = tmp_path / "rules.yaml"
    file.write_text("rules: []\n", encoding="utf-8")
    return file


def program(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> None:
    """Semgrep's place is taken by a shell script."""
    file = folder / "semgrep"
    file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(semgrep, "_program", lambda: str(file))


def answers(monkeypatch: pytest.MonkeyPatch, folder: Path, answer: object) -> None:
    (folder / "answer").write_text(json.dumps(answer), encoding="utf-8")
    program(monkeypatch, folder, f"cat {folder}/answer")


def test_a_result_on_a_changed_line_is_a_finding(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, rules: Path) -> None:
    unchanged = {**RESULT, "start": {"line": 1}, "end": {"line": 1}}
    elsewhere = {**RESULT, "path": "other.py"}
    answers(monkeypatch, tmp_path, {"results": [RESULT, unchanged, elsewhere], "errors": []})
    (finding,), note = semgrep.find([FILE], rules, 20)
    assert (finding.start_line, finding.severity, finding.category, note) == (2, "error", "vulnerability", "")
    assert finding.message == "Do not call eval (CWE-95, semgrep no-eval)"
    assert finding.confidence == 0.9


def test_it_is_told_to_send_and_fetch_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, rules: Path) -> None:
    program(
        monkeypatch,
        tmp_path,
        f'echo "$@" > {tmp_path}/arguments; find . -type f > {tmp_path}/files; pwd > {tmp_path}/pwd',
    )
    semgrep.find([FILE, ChangedFile("../b.py", "added", new_text="x\n")], rules, 20)
    arguments = (tmp_path / "arguments").read_text(encoding="utf-8")
    assert "--metrics=off" in arguments
    assert "--disable-version-check" in arguments
    assert f"--config={rules}" in arguments
    assert (tmp_path / "files").read_text(encoding="utf-8") == "./pkg/a.py\n"
    assert not Path((tmp_path / "pwd").read_text(encoding="utf-8").strip()).exists()


@pytest.mark.parametrize(
    ("script", "note"),
    [
        ("echo 'rules.yaml is broken' >&2; exit 7", "semgrep failed: rules.yaml is broken"),
        ("exit 2", "semgrep failed: exit status 2"),
        ("echo no json", "semgrep's answer cannot be read"),
        ("echo '{\"results\": [{}]}'", "semgrep's answer cannot be read"),
        ("echo '[]'", "semgrep's answer cannot be read"),
        ('printf %s \'{"results": [], "errors": [{"message": "Invalid rule x\\nmore"}]}\'', "semgrep: Invalid rule x"),
    ],
)
def test_failures_are_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, rules: Path, script: str, note: str
) -> None:
    program(monkeypatch, tmp_path, script)
    findings, told = semgrep.find([FILE], rules, 20)
    assert findings == []
    assert told.startswith(note)


def test_it_ends_with_all_that_it_started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, rules: Path) -> None:
    program(monkeypatch, tmp_path, f"(sleep 5; touch {tmp_path}/survived) & sleep 60")
    begun = time.monotonic()
    assert semgrep.find([FILE], rules, 0.2) == ([], "time was up before semgrep was done")
    assert time.monotonic() - begun < 4


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, rules: Path) -> None:
    findings, note = semgrep.find([FILE], tmp_path / "none", 20)
    assert (findings, note) == (
        [],
        f"review.semgrep_rules: there is no {tmp_path}/none; name a file or folder of rules",
    )
    monkeypatch.setattr(semgrep, "_program", lambda: None)
    assert semgrep.find([FILE], rules, 20)[1].startswith("review.semgrep_rules is set and semgrep is not installed")


def test_without_changed_lines_nothing_is_run(tmp_path: Path) -> None:
    assert semgrep.find([ChangedFile("a.py", "deleted", old_text="x\n")], tmp_path / "none", 20) == ([], "")
