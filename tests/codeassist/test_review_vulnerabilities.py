"""The passes that these detectors belong to: what they say together, and what they say when something is missing."""

from __future__ import annotations

import json
import time
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from codeassist.review.changes import ChangedFile, Changes
from codeassist.review.hygiene import look
from codeassist.review.hygiene.kingfisher import Scan
from codeassist.review.passes.types import Deadline, Found, Review
from codeassist.review.passes.vulnerabilities import vulnerabilities_pass
from codeassist.review.tree import ReviewedTree
from codeassist.review.vulnerabilities import bandit
from codeassist.settings import PROJECT_SETTINGS, ReviewSettings

SHELL = ChangedFile("shop/a.py", "added", new_text="import os\n\nos.system(f'rm {x}')\nexec(x)\n")


@dataclass(frozen=True)
class Mentions:
    """An index that knows how many files have a name."""

    n_files: int = 0

    def mentioning(self, name: str) -> list[str]:
        return [f"{name}{n}" for n in range(self.n_files)]


@pytest.fixture(autouse=True)
def no_scanner(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiling Kingfisher's rules takes seconds, and its cache is the user's."""
    loaded: Future[Scan | None] = Future()
    loaded.set_result(None)
    monkeypatch.setattr(look, "load", lambda cache: loaded)


def review_of(
    root: Path, *files: ChangedFile, settings: ReviewSettings | None = None, seconds: float = 60, index: Any = None
) -> Review:
    changes = Changes("staged changes", files)
    deadline = Deadline(time.monotonic() + seconds)
    return Review(
        changes, ReviewedTree(root, changes), index or Mentions(), deadline, settings=settings or ReviewSettings()
    )


def shown(found: Found) -> list[str]:
    return [f"{one.category} {one.evidence}" for one in found.findings if one.confidence >= 0.5]


async def test_bandit_and_advisories_speak_in_one_pass(tmp_path: Path) -> None:
    advisories = tmp_path / "advisories.json"
    package = {"ecosystem": "PyPI", "name": "a"}
    advisories.write_text(json.dumps({"id": "X", "affected": [{"package": package, "versions": ["1.0"]}]}), "utf-8")
    settings = ReviewSettings(advisories=str(advisories))
    needs = ChangedFile("requirements.txt", "added", new_text="a==1.0\n")
    found = await vulnerabilities_pass(review_of(tmp_path, SHELL, needs, settings=settings))
    assert shown(found) == [
        "vulnerable-dependency requirements.txt:1", "vulnerability shop/a.py:3", "vulnerability shop/a.py:4",
    ]  # fmt: skip
    assert (found.note, found.is_complete) == ("", True)


async def test_what_is_missing_is_told_and_costs_nothing_else(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def missing(*_: object) -> None:
        raise bandit.BanditMissing

    monkeypatch.setattr(bandit, "find", missing)
    settings = ReviewSettings(advisories="none.zip", semgrep_rules="none.yaml")
    needs = ChangedFile("requirements.txt", "added", new_text="a==1.0\n")
    found = await vulnerabilities_pass(review_of(tmp_path, SHELL, needs, settings=settings))
    assert found.findings == ()
    assert found.note.startswith(f"review.advisories: {tmp_path}/none.zip cannot be read")
    assert "; bandit is not installed" in found.note
    assert f"; review.semgrep_rules: there is no {tmp_path}/none.yaml" in found.note


async def test_the_projects_own_settings_of_bandit_are_those_with_the_change(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\n", encoding="utf-8")
    changed = ChangedFile(
        "pyproject.toml", "modified", old_text="[project]\n", new_text='[tool.bandit]\nskips = ["B605", "B102"]\n'
    )
    assert shown(await vulnerabilities_pass(review_of(tmp_path, SHELL, changed))) == []
    broken = replace(changed, new_text="[tool.bandit\n")
    found = await vulnerabilities_pass(review_of(tmp_path, SHELL, broken))
    assert len(shown(found)) == 2
    assert "pyproject.toml is not used" in found.note


def test_a_project_may_not_say_what_is_read_or_run() -> None:
    assert not PROJECT_SETTINGS & {"review.advisories", "review.semgrep_rules"}
    assert "review.max_file_kb" in PROJECT_SETTINGS


TOKEN = "glpat-" + "Zq8Xw2Ke9Rv4Ty7Ub1Np"


def test_everything_of_any_file_is_looked_for(tmp_path: Path) -> None:
    files = (
        ChangedFile("shop/b.py", "added", new_text=f"breakpoint()\nx = '{TOKEN}'\n"),
        ChangedFile("a.cfg", "added", new_text="x = 1\n>>>>>>> topic\n"),
        ChangedFile("a.bin", "added", skipped="larger than 1024 KB", n_bytes=9_000_000),
        ChangedFile("gone.py", "deleted", old_text="x = 1\n"),
    )
    found = look.look(review_of(tmp_path, *files))
    assert sorted(shown(found)) == [
        "debug-leftover shop/b.py:1", "huge-file a.bin:1", "merge-conflict a.cfg:2", "secret shop/b.py:2",
    ]  # fmt: skip
    larger = ReviewSettings(max_file_kb=10_000)
    assert "huge-file a.bin:1" not in shown(look.look(review_of(tmp_path, *files, settings=larger)))


def test_the_repositorys_habit_is_asked_of_the_index(tmp_path: Path) -> None:
    file = ChangedFile("src/a.js", "added", new_text="console.log(value);\n")
    assert shown(look.look(review_of(tmp_path, file))) == ["debug-leftover src/a.js:1"]
    assert shown(look.look(review_of(tmp_path, file, index=Mentions(5)))) == []


def test_who_has_no_time_for_a_scanner_goes_without(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    never: Future[Scan | None] = Future()
    monkeypatch.setattr(look, "load", lambda cache: never)
    file = ChangedFile("shop/b.py", "added", new_text=f"x = '{TOKEN}'\n")
    found = look.look(review_of(tmp_path, file, seconds=0.5))
    assert shown(found) == ["secret shop/b.py:1"]
    assert "not compiled in time" in found.note


def test_when_time_is_up_what_there_is_is_given(tmp_path: Path) -> None:
    large = ChangedFile("a.bin", "added", skipped="larger than 1024 KB", n_bytes=9_000_000)
    file = ChangedFile("shop/b.py", "added", new_text="breakpoint()\n")
    found = look.look(review_of(tmp_path, large, file, seconds=0))
    assert (shown(found), found.is_complete) == (["huge-file a.bin:1"], False)
