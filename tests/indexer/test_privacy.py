"""Documents that no model may see."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.index import CodeIndex


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    (root / "private").mkdir(parents=True)
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    (root / ".gitignore").write_text("local_*.py\n", encoding="utf-8")
    (root / ".codeassistignore").write_text("private/\n", encoding="utf-8")
    for name in ("app.py", "local_settings.py", "private/plan.py"):
        (root / name).write_text("x = 1\n", encoding="utf-8")
    return root


@pytest.fixture
def index(root: Path, tmp_path: Path) -> Iterator[CodeIndex]:
    index = CodeIndex.open(root, directory=tmp_path / "index", embedder=None)
    index.refresh()
    yield index
    index.close()


@pytest.mark.parametrize(
    ("path", "text", "reason"),
    [
        ("app.py", "x = 1\n", None),
        ("new.py", "x = 1\n", None),
        (".env", "KEY=1\n", "looks like a secret"),
        ("app.py", "key = 'AKIAABCDEFGHIJKLMNOP'\n", "looks like a secret"),
        ("private/plan.py", "x = 1\n", "ignored by .codeassistignore"),
        ("local_settings.py", "x = 1\n", "ignored by git"),
    ],
)
def test_secrets_and_ignored_documents_are_withheld(index: CodeIndex, path: str, text: str, reason: str | None) -> None:
    assert index.withheld(path, text) == reason


def test_a_refresh_looks_at_the_ignore_files_again(index: CodeIndex, root: Path) -> None:
    assert index.withheld("app.py", "x = 1\n") is None
    (root / ".codeassistignore").write_text("app.py\n", encoding="utf-8")
    index.refresh()
    assert index.withheld("app.py", "x = 1\n") == "ignored by .codeassistignore"
    assert index.withheld("private/plan.py", "x = 1\n") is None


def test_an_answer_from_the_middle_of_a_refresh_does_not_outlive_it(index: CodeIndex, root: Path) -> None:
    (root / ".gitignore").write_text("app.py\n", encoding="utf-8")
    index.refresh(lambda _: index.withheld("app.py", "x = 1\n"))
    assert index.withheld("app.py", "x = 1\n") == "ignored by git"


def test_versions_change_with_a_file_and_end_with_it(index: CodeIndex, root: Path) -> None:
    before = index.versions(["app.py", "private/plan.py", "nowhere.py"])
    assert list(before) == ["app.py"]
    (root / "app.py").write_text("x = 2\n", encoding="utf-8")
    index.refresh()
    assert index.versions(["app.py"])["app.py"] != before["app.py"]
    (root / ".codeassistignore").write_text("app.py\n", encoding="utf-8")
    index.refresh()
    assert index.versions(["app.py"]) == {}


def test_a_workspace_that_an_enclosing_repository_ignores_is_not_withheld(root: Path, tmp_path: Path) -> None:
    installed = root / "local_packages.py"
    installed.mkdir()
    (installed / "code.py").write_text("x = 1\n", encoding="utf-8")
    index = CodeIndex.open(installed, directory=tmp_path / "other", embedder=None)
    index.refresh()
    assert index.withheld("code.py", "x = 1\n") is None
    index.close()
