"""Whom git is trusted with: opening a folder runs no command that somebody else wrote."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from indexer.gitcommand import GitLate, ending_at, output_of
from indexer.gittree import Tree, is_ignored_by_git, is_left_out, read_tree
from indexer.rules import NameRules, read_rules

Make = Callable[[dict[str, Any]], Path]


def tree_of(root: Path) -> Tree:
    rules = read_rules(root, 1024, ())
    return read_tree(root, rules, NameRules(rules).reason)


def test_the_variables_of_a_git_hook_do_not_mislead(repository: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    root = repository({"a.py": "a = 1\n"})
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_INDEX_FILE", "/nowhere/index")
    assert set(tree_of(root).blobs) == {"a.py"}


def test_no_hook_of_a_strange_repository_is_run(repository: Make, git: Callable[..., None], tmp_path: Path) -> None:
    root = repository({"a.py": "a = 1\n"})
    hook = tmp_path / "hook"
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    hook.chmod(0o755)
    git(root, "config", "core.fsmonitor", str(hook))
    (root / "a.py").write_text("a = 2\n")
    tree_of(root)
    assert not (tmp_path / "ran").exists()


def test_a_filter_of_another_users_repository_is_not_run(
    repository: Make, git: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = repository({"a.py": "a = 1\n", ".gitattributes": "*.py filter=evil\n", "sub/b.py": ""})
    git(root, "config", "filter.evil.clean", f"touch {tmp_path}/ran; cat")
    (root / "a.py").write_text("a = 2\n")
    (root / "sub/b.py").write_text("b = 1\n")
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")  # Git's own switch: nobody's repository is ours.

    for folder in (root, root / "sub"):
        tree = tree_of(folder)
        assert tree.blobs
        assert len(tree.warnings) == 1
        assert "belongs to another user" in tree.warnings[0]
        assert not is_ignored_by_git(folder, "a.py")
    assert not (tmp_path / "ran").exists()


def test_without_trust_in_git_one_path_is_judged_as_in_a_walk(
    repository: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = repository({".gitignore": "*.log\n"})
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    assert is_ignored_by_git(root, "a.log")
    assert not is_ignored_by_git(root, "a.py")


def test_a_clone_cannot_bring_a_repository_along(repository: Make, git: Callable[..., None], tmp_path: Path) -> None:
    root = repository({"a.py": ""})
    bare = root / "bare"
    git(root, "init", "-q", "--bare", "bare")
    git(bare, "config", "core.bare", "false")
    git(bare, "config", "core.worktree", "..")
    git(bare, "config", "core.fsmonitor", f"touch {tmp_path}/ran")
    (bare / "b.py").write_text("b = 1\n")
    tree = tree_of(bare)
    assert "b.py" in tree.blobs
    assert "bare repository" in tree.warnings[0]
    assert not (tmp_path / "ran").exists()


def test_a_refresh_costs_two_runs_of_git_and_a_question_one(
    repository: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = repository({"a.py": ""})
    runs = tmp_path / "runs"
    shim = tmp_path / "bin/git"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\necho run >>{runs}\nexec {shutil.which("git")} "$@"\n')
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", f"{shim.parent}:{os.environ['PATH']}")
    assert set(tree_of(root).blobs) == {"a.py"}
    assert len(runs.read_text().split()) == 2
    assert not is_left_out(root, "new.py")
    assert len(runs.read_text().split()) == 3


def test_git_is_ended_when_its_time_is_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shim = tmp_path / "bin" / "git"
    shim.parent.mkdir()
    shim.write_text("#!/bin/sh\nexec sleep 300\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", f"{shim.parent}:{os.environ['PATH']}")
    with ending_at(time.monotonic() + 0.2), pytest.raises(GitLate):
        output_of(tmp_path, "status")
    with ending_at(time.monotonic()), pytest.raises(GitLate):
        output_of(tmp_path, "status")
