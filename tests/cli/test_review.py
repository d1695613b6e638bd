"""`codeassist review` as users meet it: what is looked at, how it is told, and what the command ends with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from codeassist.assistant import CodeIndex
from codeassist.commands import review_opening
from codeassist.findings.types import Finding, Replacement
from codeassist.review import registry
from codeassist.review.passes.types import PASS_NAMES, Found, Review
from codeassist.setting_values import _ENTRIES
from indexer.errors import IndexDamaged
from tests.cli.conftest import Outcome, Shell

GIT = ["git", "-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"]
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
WRONG = "from shapes import Cricle\n\nCricle(1).area()\n"


@pytest.fixture
def git(shell: Shell) -> Callable[..., str]:
    def run(*arguments: str, **environment: str) -> str:
        done = subprocess.run([*GIT, *arguments], cwd=shell.cwd, env=CLEAN | environment, capture_output=True,
                              text=True, timeout=120, check=False)  # fmt: skip
        assert not done.returncode, done.stderr
        return done.stdout + done.stderr

    (shell.cwd / "main.py").write_text("from shapes import Circle\n\nCircle(1).area()\n")
    run("init", "-q")
    run("add", "-A")
    run("commit", "-q", "-m", "first")
    return run


@pytest.fixture
def staged(shell: Shell, git: Callable[..., str]) -> Shell:
    """A repository in which an import of a name that does not exist is staged."""
    (shell.cwd / "main.py").write_text(WRONG)
    git("add", "-A")
    return shell


def review(shell: Shell, *arguments: str, stdin: bytes = b"") -> Outcome:
    return shell.run("review", "--passes", "static", *arguments, stdin=stdin)


def ids(outcome: Outcome) -> list[str]:
    return [finding["id"] for finding in outcome.json["findings"]]


def test_a_finding_is_shown_with_its_line_and_its_evidence(staged: Shell) -> None:
    outcome = review(staged)
    assert outcome.code == 0
    lines = outcome.out.split("\n")
    assert lines[0].startswith("main.py:1  warning  missing-name  ")
    assert "did you mean `Circle`?" in lines[1]
    assert lines[2:5] == ["     1  │ from shapes import Cricle", "        │                    ^^^^^^",
                          '  see shapes.py:6  class Circle:']  # fmt: skip
    assert lines[-2].startswith("1 warning in 1 file, 2 changed lines: staged changes; ")
    assert "\x1b" not in outcome.out


@pytest.mark.parametrize(("fail_on", "code"), [("error", 0), ("warning", 1), ("note", 1), ("never", 0), (None, 0)])
def test_exit_codes(staged: Shell, fail_on: str | None, code: int) -> None:
    arguments = ["--fail-on", fail_on] if fail_on else []
    assert review(staged, *arguments).code == code
    assert review(staged, *arguments, "--format", "sarif").code == code
    if fail_on:
        assert review(staged, "-o", f"review.fail_on={fail_on}").code == code


def test_a_fault_of_ours_stops_no_commit_and_keeps_its_trace(
    staged: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def explode(*arguments: Any) -> Found:
        raise ZeroDivisionError("oops")

    log = tmp_path / "state" / "codeassist" / "faults.log"
    monkeypatch.setattr("codeassist.commands.review_run.review_change", explode)
    outcome = review(staged, "--fail-on", "note")
    assert (outcome.code, outcome.err) == (0, "")
    assert f"not reviewed: internal error: ZeroDivisionError: oops ({log} shows where)" in outcome.out
    assert log.read_text().count("in explode") == 1


def test_a_pass_that_breaks_says_where_its_trace_is(
    staged: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def explode(_: Review) -> Found:
        raise ZeroDivisionError

    log = tmp_path / "state" / "codeassist" / "faults.log"
    monkeypatch.setitem(registry.PASSES, "static", explode)
    outcome = review(staged)
    assert (outcome.code, outcome.err) == (0, "")
    assert f"static: failed; {log} says why" in outcome.out
    assert "in explode" in log.read_text()


def test_a_disk_that_takes_no_trace_costs_nothing_else(
    staged: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def explode(_: Review) -> Found:
        raise ZeroDivisionError

    (tmp_path / "state").write_text("no folder")
    monkeypatch.setitem(registry.PASSES, "static", explode)
    outcome = review(staged)
    assert (outcome.code, outcome.err) == (0, "")
    assert "static: failed; the log says why" in outcome.out


def test_nothing_staged_says_what_to_do(shell: Shell, git: Callable[..., str]) -> None:
    outcome = review(shell)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith("nothing is staged; `git add` what is to be committed")
    assert review(shell, "--json").json["findings"] == []


def test_what_can_be_reviewed(staged: Shell, git: Callable[..., str], tmp_path: Path) -> None:
    (expected,) = ids(review(staged, "--staged", "--json"))
    diff = git("diff", "--cached")
    (tmp_path / "x.diff").write_text(diff)
    git("commit", "-q", "-m", "wrong")
    for arguments in (["--range", "HEAD~1..HEAD"], ["--range", "HEAD~1.."], ["--range", "HEAD~1...HEAD"],
                      ["--diff", str(tmp_path / "x.diff")], ["--all-files"]):  # fmt: skip
        assert ids(review(staged, *arguments, "--json")) == [expected], arguments
    assert ids(review(staged, "--diff", "-", "--json", stdin=diff.encode())) == [expected]
    assert ids(review(staged, "--json")) == []
    (staged.cwd / "more.py").write_text("from shapes import Cube\n")
    assert [one["path"] for one in review(staged, "--worktree", "--json").json["findings"]] == ["more.py"]


def test_what_others_have_that_is_not_staged_does_not_count(shell: Shell, git: Callable[..., str]) -> None:
    (shell.cwd / "shapes.py").write_text("class Square: ...\n")
    (shell.cwd / "main.py").write_text("from shapes import Square\n")
    git("add", "main.py")
    assert ["Square" in one["message"] for one in review(shell, "--json").json["findings"]] == [True]
    assert ids(review(shell, "--worktree", "--json")) == []


def test_a_diff_needs_no_repository(shell: Shell) -> None:
    (shell.cwd / "main.py").write_text(WRONG)
    diff = b"--- a/main.py\n+++ b/main.py\n@@ -1 +1 @@\n-from shapes import Circle\n+from shapes import Cricle\n"
    assert len(ids(review(shell, "--diff", "-", "--json", stdin=diff))) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--staged", "--worktree"], "two things to review"),
        (["--range", "main"], "write it as A..B"),
        (["--range", ".."], "write it as A..B"),
        (["--range", "a..b..c"], "write it as A..B"),
        (["--range", "nowhere..HEAD"], "'nowhere' names no commit here"),
        (["--range", "--help..HEAD"], "names no commit here"),
        (["--diff", "gone.diff"], "No such file"),
        (["--diff", "."], "Is a directory"),
        (["--diff", "shapes.py"], "no unified diff"),
        (["--diff", "nul\0"], "null"),
        (["--staged", "--all-files"], "two things to review"),
        (["--passes", "static,statc"], "there is no pass 'statc'"),
        (["--passes", ""], "there is no pass ''"),
        (["--passes", "static", "--no-pass", "static"], "no pass is left"),
        (["--no-pass", "x"], "there is no pass 'x'"),
        (["--format", "xml"], "xml"),
        (["--fail-on", "info"], "info"),
        (["--max-seconds", "0"], "0"),
        (["--patch", "--format", "json"], "--patch prints a patch"),
        (["--dismiss", "zz"], "no finding of this change has such an id"),
        (["--output", "gone/x.json"], "cannot be written"),
        (["-o", "review.passes=statc"], "may hold static, vulnerabilities, surprise, model"),
        (["-o", "review.fail_on=info"], "must be one of error, warning, note, never"),
        (["-o", "review.min_confidence=2"], "must be from 0 to 1"),
        (["nowhere"], "does not exist"),
    ],
)
def test_what_was_asked_wrongly_is_told_and_ends_with_2(staged: Shell, arguments: list[str], message: str) -> None:
    outcome = staged.run("review", *arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert message in outcome.err
    assert outcome.err.count("\n") == 1


def test_the_passes_of_the_settings_are_those_that_there_are() -> None:
    assert _ENTRIES["review.passes"] == PASS_NAMES


# Whatever breaks: the commit goes on.


def test_no_repository_is_told_and_ends_with_0(shell: Shell) -> None:
    for output_format in ("text", "json", "sarif", "github", "gitlab"):
        outcome = review(shell, "--format", output_format)
        assert outcome.code == 0
        told = outcome.out if output_format == "text" else outcome.err
        assert "not reviewed" in told
        assert "is no git repository; review a diff with --diff FILE" in told
    assert review(shell, "--json").json["is_complete"] is False


@pytest.mark.parametrize(
    "error", [IndexDamaged("the index is damaged; delete it"), OSError(28, "No space left"), RuntimeError("x")]
)
def test_whatever_breaks_ends_with_0(staged: Shell, error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(CodeIndex, "open", broken)
    outcome = review(staged, "--fail-on", "note", "--json")
    assert outcome.code == 0
    assert "not reviewed" in outcome.json["notes"][0]
    assert str(error.args[-1]) in outcome.err


def test_without_git_it_ends_with_0(staged: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    outcome = review(staged)
    assert outcome.code == 0
    assert "not reviewed: git does not run" in outcome.out


def test_nothing_in_the_work_tree_changes(staged: Shell, tmp_path: Path) -> None:
    def state() -> dict[str, bytes]:
        return {str(file): file.read_bytes() for file in staged.cwd.rglob("*") if file.is_file()}

    before = state()
    for arguments in ([], ["--worktree"], ["--all-files"], ["--patch"], ["--format", "sarif"],
                      ["--output", str(tmp_path / "x.txt")], ["--range", "HEAD..HEAD"]):  # fmt: skip
        review(staged, *arguments)
    assert state() == before


# Forms


def test_json_is_one_document(staged: Shell) -> None:
    report = review(staged, "--format", "json").json
    assert report["version"] == 1
    assert report == review(staged, "--json").json | {"ms": report["ms"], "passes": report["passes"]}


def test_a_program_gets_a_file_and_a_person_the_text(staged: Shell, tmp_path: Path) -> None:
    outcome = review(staged, "--format", "sarif", "--output", str(tmp_path / "x.sarif"))
    assert "did you mean" in outcome.out
    results = json.loads((tmp_path / "x.sarif").read_text())["runs"][0]["results"]
    assert [result["ruleId"] for result in results] == ["missing-name"]
    outcome = review(staged, "--output", str(tmp_path / "x.txt"))
    assert outcome.out == ""
    assert "did you mean" in (tmp_path / "x.txt").read_text()


@pytest.mark.parametrize("output_format", ["sarif", "github", "gitlab"])
def test_paths_for_programs_begin_at_the_root_of_the_repository(
    shell: Shell, git: Callable[..., str], output_format: str
) -> None:
    (shell.cwd / "sub").mkdir()
    (shell.cwd / "sub/shapes.py").write_text("a = 1\n")
    (shell.cwd / "sub/main.py").write_text("from shapes import b\n")
    git("add", "-A")
    out = review(shell, "sub", "--format", output_format).out
    assert "sub/main.py" in out


def fake(*findings: Finding) -> Callable[[Review], Any]:
    async def run(_: Review) -> Found:
        return Found(findings)

    return run


def finding(**others: Any) -> Finding:
    fields = {"id": "feed" + "0" * 12, "path": "main.py", "start_line": 1, "end_line": 1, "severity": "warning",
              "category": "bug", "message": "m", "evidence": "main.py:1"}  # fmt: skip
    return Finding(**(fields | others))


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes a pass find just this."""

    def put(*findings: Finding) -> None:
        monkeypatch.setattr(registry, "PASSES", {"static": fake(*findings)})
        monkeypatch.setattr("codeassist.review.reviewing.PASSES", {"static": fake(*findings)})

    return put


def test_a_remedy_is_shown_as_a_small_diff_and_git_applies_it(
    staged: Shell, git: Callable[..., str], found: Any
) -> None:
    found(finding(replacement=Replacement(1, 1, "from shapes import Circle")))
    assert [line for line in review(staged).out.split("\n") if line[7:9] in ("-│", "+│")] == [
        "     1 -│ from shapes import Cricle", "     1 +│ from shapes import Circle",
    ]  # fmt: skip
    outcome = review(staged, "--patch")
    assert outcome.err == ""
    subprocess.run(["git", "apply", "-"], cwd=staged.cwd, env=CLEAN, input=outcome.out.encode(), check=True, timeout=60)
    assert (staged.cwd / "main.py").read_text().startswith("from shapes import Circle\n")


def test_a_patch_of_nothing_says_so(staged: Shell) -> None:
    outcome = review(staged, "--patch")
    assert (outcome.out, outcome.err) == ("", "codeassist: warning: no finding has a remedy\n")


def test_no_secret_is_shown(staged: Shell, git: Callable[..., str], found: Any) -> None:
    secret = "AKIA" + "QWERTYUIOPASDFGH"
    (staged.cwd / "main.py").write_text(f"key = '{secret}'\npassword = 'hunter2xyz'\n")
    git("add", "-A")
    found(
        finding(replacement=Replacement(1, 1, f"KEY = '{secret}'")),
        finding(id="2", start_line=2, end_line=2, category="secret", start_column=12, end_column=22,
                places=("main.py:1",), replacement=Replacement(2, 2, "password = 'hunter2xyz' + ''")),
    )  # fmt: skip
    for arguments in ([], ["--patch"], ["--format", "sarif"], ["--format", "github"], ["--format", "gitlab"]):
        outcome = review(staged, *arguments)
        assert secret not in outcome.out + outcome.err
        assert "hunter2xyz' +" not in outcome.out or arguments == ["--format", "sarif"]
    assert "hunter2xyz" not in review(staged).out
    assert review(staged).out.count("(not shown: it holds a secret)") == 3


def test_names_and_messages_cannot_move_the_cursor(staged: Shell, found: Any) -> None:
    found(finding(message="\x1b[2J\x07 gone", path="x\x1b]0;t.py", evidence="y\x1b[1m.py:3"))
    out = review(staged).out
    assert "\x1b" not in out
    assert "\x07" not in out


# What stays unsaid


def test_a_dismissed_finding_stays_unsaid(staged: Shell) -> None:
    (one,) = ids(review(staged, "--json"))
    outcome = review(staged, "--dismiss", one[:4])
    assert outcome.out.startswith("1 finding added to ")
    assert ids(review(staged, "--json")) == []
    assert "1 dismissed before" in review(staged).out
    entries = json.loads((staged.cwd / ".codeassist/review-baseline.json").read_text())["dismissed"]
    assert [(entry["id"], entry["path"], entry["category"]) for entry in entries] == [(one, "main.py", "missing-name")]


def test_a_baseline_of_all_that_there_is_today(staged: Shell, git: Callable[..., str], tmp_path: Path) -> None:
    for number in range(70):
        (staged.cwd / f"m{number}.py").write_text("from shapes import Cube\nfrom shapes import Cone\n" * 4)
    git("add", "-A")
    file = str(tmp_path / "accepted.json")
    outcome = review(staged, "--all-files", "--write-baseline", "--baseline", file)
    assert outcome.out.startswith("561 findings added to ")
    assert ids(review(staged, "--all-files", "--json", "--baseline", file)) == []
    assert review(staged, "--all-files", "--json").json["n_dismissed"] == 0
    (staged.cwd / "new.py").write_text("from shapes import Cylinder\n")
    git("add", "-A")
    assert len(ids(review(staged, "--json", "--baseline", file))) == 1


def test_a_damaged_baseline_is_told_and_holds_nothing_back(staged: Shell, tmp_path: Path) -> None:
    (tmp_path / "b.json").write_text("{")
    outcome = review(staged, "--json", "--baseline", str(tmp_path / "b.json"))
    assert len(ids(outcome)) == 1
    assert "not valid JSON" in outcome.json["notes"][0]
    assert review(staged, "--write-baseline", "--baseline", str(tmp_path / "b.json")).code == 2
    assert (tmp_path / "b.json").read_text() == "{"


# Passes and engines


def test_no_engine_is_loaded_unless_told(staged: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(review_opening, "embedded_of", lambda engine: engine)
    outcome = staged.run("review", "--passes", "static,surprise", "--json")
    assert outcome.json["passes"][1]["note"].startswith("not run: no engine is running (`codeassist serve` keeps one;")
    assert [engine.status.state for engine in staged.engines] == ["stopped"]
    staged.run("review", "--passes", "static,surprise", "--start-engine", "--json")
    staged.run("review", "--passes", "static,surprise", "-o", "review.start_engine=true", "--json")
    assert len(staged.engines) == 3


def test_a_pass_without_its_model_says_why_and_loads_nothing(staged: Shell) -> None:
    outcome = staged.run("review", "--passes", "model,static", "--json")
    assert [(one["name"], one["note"]) for one in outcome.json["passes"]] == [
        ("static", ""), ("model", "not run: no chat model is configured (chat.url)"),
    ]  # fmt: skip
    assert staged.engines == []


def test_a_pass_can_be_left_out(staged: Shell) -> None:
    outcome = staged.run("review", "--no-pass", "static", "--no-pass", "surprise", "--json")
    assert [one["name"] for one in outcome.json["passes"]] == ["vulnerabilities", "model"]


def test_two_forms_are_one_too_many(staged: Shell) -> None:
    outcome = review(staged, "--json", "--format", "sarif")
    assert outcome.code == 2
    assert "--json and --format sarif are two forms; ask for one" in outcome.json["error"]["message"]


def test_a_project_may_leave_passes_out_and_want_surer_findings_and_no_more(staged: Shell) -> None:
    settings = "[review]\npasses = ['static', 'model']\nmin_confidence = 0.1\n"
    (staged.cwd / "codeassist.toml").write_text(settings)
    outcome = staged.run("review", "-o", "review.passes=static", "--json")
    assert [one["name"] for one in outcome.json["passes"]] == ["static"]
    shown = staged.run("config", "--json").json
    values = shown["settings"]
    assert values["review.passes"] == ["static", "model"]
    assert values["review.min_confidence"] == 0.5


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ("passes = []", "review.passes = []"),
        ("min_confidence = 1", "review.min_confidence = 1.0"),
        ("max_per_file = 1000", ""),
        ("passes = ['static', 'vulnerabilities', 'surprise', 'model']", ""),
    ],
)
def test_what_a_project_takes_from_reviews_is_told(staged: Shell, settings: str, told: str) -> None:
    (staged.cwd / "codeassist.toml").write_text(f"[review]\n{settings}\n")
    report = staged.run("review", "--json", "--no-pass", "model").json
    narrowed = [note for note in report["notes"] if "the repository's own settings narrow its reviews" in note]
    assert [note.endswith(told) for note in narrowed] == [True] * bool(told)
    assert report["is_complete"] is (told != "review.passes = []" and report["is_complete"])


# A real commit


@pytest.mark.parametrize("arguments", [["-a"], ["main.py"], ["-o", "main.py"], ["-i", "main.py"], []])
def test_the_hook_of_a_real_commit_sees_what_is_committed(
    shell: Shell, git: Callable[..., str], tmp_path: Path, arguments: list[str]
) -> None:
    hooked(shell, "pre-commit", tmp_path / "seen.json")
    (shell.cwd / "shapes.py").write_text((shell.cwd / "shapes.py").read_text() + "\n\nOTHER = 1\n")
    (shell.cwd / "main.py").write_text(WRONG)
    if not arguments:
        git("add", "main.py")
    elif arguments != ["-a"]:
        git("add", "shapes.py")
    git("commit", "-q", "-m", "second", *arguments, **shell.environ)
    seen = json.loads((tmp_path / "seen.json").read_text())
    assert [one["path"] for one in seen["findings"]] == ["main.py"]
    assert seen["n_files"] == len(git("diff-tree", "--name-only", "-r", "HEAD~1", "HEAD").split())


def hooked(shell: Shell, name: str, seen: Path) -> None:
    """A hook that reviews, and leaves its report in a file."""
    hook = shell.cwd / ".git/hooks" / name
    command = f"{sys.executable} -P -m codeassist review --passes static --json --output {seen}"
    hook.write_text(f"#!/bin/sh\nPYTHONPATH={Path(__file__).resolve().parents[2]} exec {command}\n")
    hook.chmod(0o755)


def test_a_merge_that_git_makes_by_itself_has_nothing_of_its_own(
    shell: Shell, git: Callable[..., str], tmp_path: Path
) -> None:
    git("checkout", "-q", "-b", "side")
    (shell.cwd / "main.py").write_text(WRONG)
    git("commit", "-q", "-a", "-m", "theirs")
    git("checkout", "-q", "-")
    (shell.cwd / "other.py").write_text("a = 1\n")
    git("add", "-A")
    git("commit", "-q", "-m", "ours")
    hooked(shell, "pre-merge-commit", tmp_path / "seen.json")
    git("merge", "-q", "side", "-m", "both", **shell.environ)
    seen = json.loads((tmp_path / "seen.json").read_text())
    assert (seen["findings"], seen["n_files"]) == ([], 0)
    assert "one side of the merge" in seen["notes"][0]


@pytest.mark.parametrize("name", ["config.py", ".env", "table.csv", "private/a.py"])
def test_a_secret_is_found_wherever_it_is_and_not_shown(shell: Shell, git: Callable[..., str], name: str) -> None:
    (shell.cwd / ".codeassistignore").write_text("private/\n")
    secret = "ghp_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0fR6xU2"
    (shell.cwd / name).parent.mkdir(exist_ok=True)
    (shell.cwd / name).write_text(f"TOKEN = '{secret}'\n")
    git("add", "-A")
    for output_format in ("text", "json", "sarif", "github", "gitlab"):
        outcome = review(shell, "--format", output_format)
        assert "secret" in outcome.out
        assert secret not in outcome.out + outcome.err
    (found,) = (one for one in review(shell, "--json").json["findings"] if one["category"] == "secret")
    assert found["path"] == name
