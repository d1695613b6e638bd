"""Bandit on the lines of a change, and what the project has told it."""

from __future__ import annotations

import logging
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest

from codeassist.findings.types import Finding
from codeassist.review.changes import ChangedFile
from codeassist.review.vulnerabilities import bandit
from codeassist.review.vulnerabilities.bandit_settings import BanditSettings, read_settings

SHELL = "import subprocess\n\n\ndef f(x):\n    subprocess.call(x, shell=True)\n"


def looked(path: str, text: str, before: str | None = None, settings: BanditSettings | None = None) -> list[Finding]:
    file = ChangedFile(path, "added" if before is None else "modified", old_text=before, new_text=text)
    findings, note = bandit.find([file], settings or BanditSettings(), lambda: False)
    assert note == ""
    return findings


def checks(findings: list[Finding]) -> list[str]:
    return [finding.message.rpartition("bandit ")[2].rstrip(").") for finding in findings if finding.confidence >= 0.5]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SHELL, ["B602"]),
        ("import yaml\nyaml.load(x)\n", ["B506"]),
        ("import requests\nrequests.get(u, verify=False, timeout=1)\n", ["B501"]),
        ("import pickle\npickle.loads(x)\n", ["B301"]),
        ("import hashlib\nhashlib.md5(x)\n", ["B324"]),
        ("exec(x)\n", ["B102"]),
        ("import tempfile\ntempfile.mktemp()\n", ["B306"]),
        ("import tarfile\ntarfile.open(x).extractall(y)\n", ["B202"]),
        ("import tarfile\ntarfile.open(x).extractall(y, members=safe)\n", []),
        ("assert x\n", []),
        ("import subprocess\nsubprocess.run(['ls'])\n", []),
        ("import random\nrandom.random()\n", []),
        ("try:\n    f()\nexcept Exception:\n    pass\n", []),
        ("password = 'hunter22'\n", []),
        ("x = 1\n", []),
        ("", []),
    ],
)
def test_what_is_worth_a_word(text: str, expected: list[str]) -> None:
    assert checks(looked("a.py", text)) == expected


def test_a_finding_has_its_lines_its_weight_and_its_kind_of_weakness() -> None:
    (finding,) = (one for one in looked("shop/a.py", SHELL) if one.severity == "error")
    assert (finding.start_line, finding.end_line, finding.confidence) == (5, 5, 0.9)
    assert finding.message == "subprocess call with shell=True identified, security issue (CWE-78, bandit B602)"
    assert (finding.category, finding.evidence) == ("vulnerability", "shop/a.py:5")


def test_what_bandit_calls_low_stays_below_what_is_shown() -> None:
    low = looked("a.py", "assert x\nimport pickle\n")
    assert low
    assert {finding.severity for finding in low} == {"note"}
    assert all(finding.confidence < 0.5 for finding in low)


def test_a_password_is_not_repeated() -> None:
    messages = [finding.message for finding in looked("a.py", "password = 'hunter22'\nf(password='hunter33')\n")]
    assert len(messages) == 2
    assert not any("hunter" in message for message in messages)


@pytest.mark.parametrize(
    "path", ["tests/test_a.py", "docs/a.py", "examples/a.py", "conftest.py", "vendor/a.py", "a.js"]
)
def test_where_nothing_is_looked_for(path: str) -> None:
    assert looked(path, SHELL) == []


def test_lines_that_did_not_change_are_not_told() -> None:
    assert looked("a.py", f"{SHELL}x = 1\n", before=SHELL) == []
    after = SHELL.replace("call(x", "call(\n        x")
    assert checks(looked("a.py", after, before=SHELL)) == ["B602"]


@pytest.mark.parametrize("comment", ["# nosec", "# nosec B602", "# nosec: B602", "# nosec B602, B404"])
def test_nosec_is_honoured(comment: str) -> None:
    assert checks(looked("a.py", SHELL.replace("shell=True)", f"shell=True)  {comment}"))) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SHELL.replace("shell=True)", "shell=True)  # noqa: S602 - x is ours"), []),
        (SHELL.replace("shell=True)", "shell=True)  # noqa:E501,S602"), []),
        (SHELL.replace("shell=True)", "shell=True)  # noqa"), []),
        (SHELL.replace("x, shell=True)", "\n        x,\n        shell=True,  # NOQA: S602\n    )"), []),
        (SHELL.replace("shell=True)", "shell=True)  # noqa: E501"), ["B602"]),
        (SHELL.replace("shell=True)", "shell=True)  # noqa: S60"), ["B602"]),
        (f"# ruff: noqa: S602\n{SHELL}", []),
        (f"# ruff: noqa: D100, S602\n{SHELL}", []),
        (f"# flake8: noqa\n{SHELL}", []),
        (f"# ruff: noqa: S101\n{SHELL}", ["B602"]),
        ("from django.utils.safestring import mark_safe\nmark_safe(x)  # noqa: S308\n", []),
        ("from django.utils.safestring import mark_safe\nmark_safe(x)\n", ["B308", "B703"]),
    ],
)
def test_what_ruff_is_told_of_the_same_check_holds_here(text: str, expected: list[str]) -> None:
    assert checks(looked("a.py", text)) == expected


def test_a_nosec_for_another_check_is_not_enough(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        assert checks(looked("a.py", SHELL.replace("shell=True)", "shell=True)  # nosec B101"))) == ["B602"]
    assert not [record for record in caplog.records if record.name.startswith(("bandit", "stevedore"))]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, ["B602"]),
        ({"pyproject.toml": '[tool.bandit]\nskips = ["B602"]\n'}, []),
        ({"pyproject.toml": '[tool.bandit]\nskips = ["subprocess_popen_with_shell_equals_true"]\n'}, []),
        ({"pyproject.toml": '[tool.bandit]\ntests = ["B101"]\n'}, []),
        ({"pyproject.toml": '[tool.bandit]\ntests = ["B602"]\n'}, ["B602"]),
        ({"pyproject.toml": '[tool.bandit]\nexclude_dirs = ["shop"]\n'}, []),
        ({"pyproject.toml": '[tool.bandit]\nexclude_dirs = ["*/a.py"]\n'}, []),
        ({"pyproject.toml": '[tool.bandit]\nexclude_dirs = ["other"]\n'}, ["B602"]),
        ({"pyproject.toml": "[tool.ruff]\n# bandit\n", ".bandit": "[bandit]\nskips = B602\n"}, []),
        ({".bandit": "[bandit]\nskips: B101,B602\n"}, []),
        ({".bandit": "[bandit]\nexclude = shop,other\n"}, []),
        ({".bandit": "[other]\nskips = B602\n"}, ["B602"]),
    ],
)
def test_the_project_may_switch_checks_off(files: dict[str, str], expected: list[str]) -> None:
    settings = read_settings(files.get)
    assert settings.problem == ""
    assert checks(looked("shop/a.py", SHELL, settings=settings)) == expected


def test_options_of_single_checks_are_the_projects() -> None:
    text = '[tool.bandit.hardcoded_tmp_directory]\ntmp_dirs = ["/scratch"]\n'
    settings = read_settings({"pyproject.toml": text}.get)
    path = "x = '/scratch/a'\n"
    assert checks(looked("a.py", path, settings=settings)) == ["B108"]
    assert checks(looked("a.py", path)) == []


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({"pyproject.toml": "[tool.bandit\n"}, "pyproject.toml is not used"),
        ({"pyproject.toml": "[tool.bandit]\nskips = 3\n"}, "`skips` must be a list of texts"),
        ({"pyproject.toml": "tool = 3 # bandit\n"}, "pyproject.toml is not used"),
        ({".bandit": "skips = B602\n"}, ".bandit is not used: File contains no section headers."),
    ],
)
def test_a_broken_file_of_the_project_is_told_and_not_used(files: dict[str, str], problem: str) -> None:
    settings = read_settings(files.get)
    assert problem in settings.problem
    assert checks(looked("a.py", SHELL, settings=settings)) == ["B602"]


@pytest.mark.parametrize(
    "text",
    [
        "def f(:\n",
        "x = 1\0\n",
        "(" * 5000,
        "x = " + "-" * 50_000 + "1\n",
        "a" + ".b" * 20_000 + "\n",
        "if 1:\n x\n\ty\n",
    ],
)
def test_what_does_not_parse_is_named_and_costs_no_other_file(text: str) -> None:
    files = [ChangedFile("bad.py", "added", new_text=text), ChangedFile("a.py", "added", new_text=SHELL)]
    findings, note = bandit.find(files, BanditSettings(), lambda: False)
    assert checks(findings) == ["B602"]
    assert note == "bandit cannot read bad.py"


@pytest.mark.parametrize("text", ["x = '" + "a" * 399_000 + "'\n", "x = '\ud800'\n", "x = 'é'\r\n", "\ufeffx = 1\n"])
def test_odd_texts_are_read(text: str) -> None:
    assert looked("a.py", text) == []


def test_what_is_too_large_is_left_out() -> None:
    assert looked("a.py", "exec(x)\n" * 60_000) == []


def test_nothing_is_said_on_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    form = warnings.formatwarning
    assert looked("a.py", "x = '\\d'\n") == []
    assert warnings.formatwarning is form
    assert capfd.readouterr() == ("", "")


def test_an_analyser_that_fails_over_a_file_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    config, manager, checks_ = bandit._library()

    class Failing(manager.BanditManager):  # type: ignore[misc, name-defined]
        def _execute_ast_visitor(self, *_: object) -> None:
            raise KeyError("inside")

    class Module:
        BanditManager = Failing

    monkeypatch.setattr(bandit, "_library", lambda: (config, Module, checks_))
    findings, note = bandit.find([ChangedFile("a.py", "added", new_text=SHELL)], BanditSettings(), lambda: False)
    assert (findings, note) == ([], "bandit cannot read a.py")


def test_without_bandit_there_is_an_error_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    bandit._library.cache_clear()
    monkeypatch.setitem(sys.modules, "bandit.core.config", None)
    with pytest.raises(bandit.BanditMissing):
        bandit.find([ChangedFile("a.py", "added", new_text=SHELL)], BanditSettings(), lambda: False)


def test_when_time_is_up_it_ends() -> None:
    files = [ChangedFile("a.py", "added", new_text=SHELL)]
    assert bandit.find(files, BanditSettings(), lambda: True) == ([], "time was up before bandit had seen every file")


def test_reviews_in_threads_do_not_disturb_one_another() -> None:
    skipping = BanditSettings(skips=("B602",))

    def one(number: int) -> list[str]:
        return checks(looked("a.py", SHELL, settings=skipping if number % 2 else None))

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(one, range(16))) == [["B602"], []] * 8
