"""What git's plumbing tells of two states: files, modes and bytes, and nothing for whoever asks in bad faith."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from indexer import revisions
from indexer.gitcommand import GitTrouble

Make = Callable[[dict[str, Any]], Path]
Git = Callable[..., None]


def test_staged_and_unstaged_entries(repository: Make, git: Git) -> None:
    root = repository({"a.py": "a = 1\n", "b.py": "b = 1\n"})
    (root / "a.py").write_text("a = 2\n")
    git(root, "add", "a.py")
    (root / "b.py").write_text("b = 2\n")
    (entry,) = revisions.staged_entries(root)
    assert (entry.status, entry.path, entry.former, entry.new_mode) == ("M", "a.py", "", "100644")
    assert revisions.contents(root, [entry.old_id, entry.new_id]) == {
        entry.old_id: b"a = 1\n",
        entry.new_id: b"a = 2\n",
    }
    assert [one.path for one in revisions.unstaged_entries(root)] == ["b.py"]
    assert [one.path for one in revisions.work_tree_entries(root, "HEAD")] == ["a.py", "b.py"]


def test_an_index_of_another_name(repository: Make, git: Git) -> None:
    root = repository({"a.py": "a = 1\n"})
    (root / "a.py").write_text("a = 2\n")
    git(root, "add", "a.py")
    other = root / ".git/next-index.lock"
    other.write_bytes((root / ".git/index").read_bytes())
    git(root, "reset", "-q")
    assert revisions.staged_entries(root) == []
    assert [entry.path for entry in revisions.staged_entries(root, str(other))] == ["a.py"]


def test_which_index_is_in_use(repository: Make, tmp_path: Path) -> None:
    root = repository({"a.py": "a = 1\n"})
    (tmp_path / "index").write_text("")
    (root / ".git/link").symlink_to(tmp_path / "index")
    assert revisions.index_in_use(root, root / ".git/index") == str(root.resolve() / ".git/index")
    for strange in (tmp_path / "index", root / ".git/link", root / ".git/gone", root / ".git", root / "a.py"):
        assert revisions.index_in_use(root, strange) == ""
    assert revisions.index_in_use(tmp_path, root / ".git/index") == ""


def test_sizes_and_contents_of_what_git_has(repository: Make) -> None:
    root = repository({"a.py": "a = 1\n", "b.bin": b"\0\n\0" * 9})
    (first, second) = revisions.entries_between(root, revisions.commit_of(root, "HEAD"), "HEAD") or (None, None)
    assert first is second is None
    ids = {path: entry for entry in revisions.staged_entries(root, base=_empty(root)) for path in [entry.path]}
    assert revisions.sizes(root, [ids["a.py"].new_id, "1" * 40]) == {ids["a.py"].new_id: 6}
    assert revisions.contents(root, [ids["b.bin"].new_id]) == {ids["b.bin"].new_id: b"\0\n\0" * 9}
    found = revisions.blobs(root, [ids["a.py"].new_id, ids["b.bin"].new_id, "1" * 40], max_bytes=10)
    assert found == {ids["a.py"].new_id: b"a = 1\n", ids["b.bin"].new_id: None, "1" * 40: None}
    assert revisions.sizes(root, []) == {}
    assert revisions.contents(root, []) == {}


def _empty(root: Path) -> str:
    """The tree without files, of SHA-1. Source: `git hash-object -t tree /dev/null`."""
    return "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


def test_before_the_first_commit_the_base_is_the_tree_without_files(tmp_path: Path, git: Git) -> None:
    git(tmp_path, "init", "-q")
    assert revisions.base_of(tmp_path) == _empty(tmp_path)
    assert revisions.commit_of(tmp_path, "HEAD") == ""


def test_tracked_and_untracked_files(repository: Make) -> None:
    root = repository({"a.py": "", "x/b.py": "", ".gitignore": "*.log\n"})
    (root / "new.py").write_text("")
    (root / "x.log").write_text("")
    assert revisions.tracked_files(root) == [("100644", ".gitignore"), ("100644", "a.py"), ("100644", "x/b.py")]
    assert revisions.untracked_files(root) == ["new.py"]
    assert revisions.tracked_files(root / "x") == [("100644", "b.py")]


def test_commits_being_merged(repository: Make, git: Git) -> None:
    root = repository({"a.py": "a = 1\n"})
    assert revisions.commits_being_merged(root) == []
    for branch in ("one", "two"):
        git(root, "checkout", "-q", "-b", branch, "main")
        (root / f"{branch}.py").write_text("x = 1\n")
        git(root, "add", "-A")
        git(root, "commit", "-q", "-m", branch)
    git(root, "checkout", "-q", "main")
    git(root, "merge", "-q", "--no-commit", "--no-ff", "one", "two")
    ids = [revisions.commit_of(root, branch) for branch in ("one", "two")]
    assert revisions.commits_being_merged(root) == ids
    (root / ".git/MERGE_HEAD").write_text("--output=x\nnonsense\n\xff\n", encoding="latin-1")
    assert revisions.commits_being_merged(root) == []


def test_no_textconv_filter_or_hook_is_run(repository: Make, git: Git, tmp_path: Path) -> None:
    root = repository({"a.py": "a = 1\n", ".gitattributes": "*.py diff=evil\n"})
    git(root, "config", "diff.evil.textconv", f"touch {tmp_path}/ran; cat")
    git(root, "config", "diff.evil.command", f"touch {tmp_path}/ran")
    git(root, "config", "diff.external", f"touch {tmp_path}/ran")
    (root / "a.py").write_text("a = 2\n")
    git(root, "add", "-A")
    assert revisions.staged_entries(root)
    assert revisions.work_tree_entries(root, "HEAD")
    revisions.messages_between(root, "HEAD", "HEAD", 3)
    assert not (tmp_path / "ran").exists()


def test_outside_of_any_repository(tmp_path: Path) -> None:
    for ask in (revisions.staged_entries, revisions.tracked_files, revisions.untracked_files, revisions.base_of,
                revisions.unstaged_entries, revisions.commits_being_merged):  # fmt: skip
        with pytest.raises(GitTrouble):
            ask(tmp_path)
    assert revisions.commit_of(tmp_path, "HEAD") == revisions.merge_base(tmp_path, "a", "b") == ""


def test_no_program_checks_signatures(repository: Make, git: Git) -> None:
    root = repository({"a.py": "a = 1\n"})
    program = root.parent / "gpg"
    program.write_text(f"#!/bin/sh\ntouch {root.parent}/ran\n")
    program.chmod(0o755)
    signed = revisions.output_of(root, "cat-file", "commit", "HEAD").replace(b"\n\n", b"\ngpgsig x\n\n", 1)
    commit = revisions.output_of(root, "hash-object", "--literally", "-t", "commit", "-w", "--stdin", stdin=signed)
    git(root, "update-ref", "HEAD", commit.decode().strip())
    git(root, "config", "log.showSignature", "true")
    git(root, "config", "gpg.program", str(program))
    assert revisions.subjects(root)
    assert not (root.parent / "ran").exists()
