"""What is changed and not committed: which files, which lines, and what is never among them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from subprocess import CalledProcessError
from typing import Any

import pytest

from indexer import changes
from indexer.changes import (
    LAST_COMMIT,
    MAX_FILES,
    MAX_SPANS,
    SPAN_LINES,
    UNCOMMITTED,
    ChangedFile,
    read_changes,
    spans_of,
)
from indexer.index import CodeIndex

Make = Callable[[dict[str, Any]], Path]
Git = Callable[..., None]
Open = Callable[..., CodeIndex]
NUMBERS = "".join(f"line_{number} = {number}\n" for number in range(40))


def all_known(paths: Iterable[str]) -> dict[str, str]:
    return dict.fromkeys(paths, "blob")


def read(root: Path) -> dict[str, tuple[tuple[int, int], ...]]:
    return {file.path: file.spans for file in read_changes(root, all_known, 1024)}


def with_line(number: int, text: str) -> str:
    lines = NUMBERS.split("\n")
    lines[number] = text
    return "\n".join(lines)


# difference -> places
SPANS = {
    "one line": ("@@ -3 +3 @@ def f():\n-a\n+b\n", ((2, 3),)),
    "added lines": ("@@ -3,0 +4,2 @@\n+a\n+b\n", ((3, 5),)),
    "lines taken out are a place where they were": ("@@ -4,2 +3,0 @@\n-a\n-b\n", ((3, 4),)),
    "the first lines taken out": ("@@ -1,2 +0,0 @@\n-a\n-b\n", ((0, 1),)),
    "near ones are one": ("@@ -3 +3 @@\n+a\n@@ -9 +9 @@\n+b\n", ((2, 9),)),
    "far ones are two": ("@@ -3 +3 @@\n+a\n@@ -30 +30 @@\n+b\n", ((2, 3), (29, 30))),
    "a line of code that looks like a place is none": ("@@ -3 +3 @@\n+@@ -30 +30 @@\n", ((2, 3),)),
    "nothing": ("diff --git a/a b/a\nBinary files a/a and b/a differ\n", ()),
}


@pytest.mark.parametrize("case", SPANS)
def test_the_places_of_a_difference(case: str) -> None:
    difference, spans = SPANS[case]
    assert spans_of(difference) == spans


def test_a_long_place_is_cut_into_a_few_pieces() -> None:
    spans = spans_of("@@ -0,0 +1,1000 @@\n")
    assert len(spans) == MAX_SPANS
    assert spans[:2] == ((0, SPAN_LINES), (SPAN_LINES, 2 * SPAN_LINES))


@pytest.mark.parametrize("stage", [(), ("add", "-A")], ids=["unstaged", "staged"])
def test_changes_are_found_whether_they_are_staged_or_not(repository: Make, git: Git, stage: tuple[str, ...]) -> None:
    root = repository({"a.py": NUMBERS, "b.py": NUMBERS, "gone.py": NUMBERS})
    (root / "a.py").write_text(with_line(20, "changed = 1"), encoding="utf-8")
    (root / "new.py").write_text("new = 1\n", encoding="utf-8")
    (root / "gone.py").unlink()
    if stage:
        git(root, *stage)
    assert read(root) == {"a.py": ((20, 21),), "new.py": ((0, 1),)}
    assert {file.why for file in read_changes(root, all_known, 1024)} == {UNCOMMITTED}


def test_what_is_staged_and_changed_again_is_as_it_is_on_disk(repository: Make, git: Git) -> None:
    root = repository({"a.py": NUMBERS})
    (root / "a.py").write_text("staged = 1\n" + NUMBERS, encoding="utf-8")
    git(root, "add", "a.py")
    (root / "a.py").write_text("again = 2\n" + with_line(30, "unstaged = 1"), encoding="utf-8")
    (file,) = read_changes(root, all_known, 1024)
    assert file.spans == ((0, 1), (31, 32))
    assert file.text.split("\n")[31] == "unstaged = 1"


def test_the_files_written_last_come_first_and_only_a_few_of_them(repository: Make) -> None:
    root = repository({f"{number}.py": NUMBERS for number in range(MAX_FILES + 3)})
    for number in range(MAX_FILES + 3):
        (root / f"{number}.py").write_text(with_line(3, "changed = 1"), encoding="utf-8")
        os.utime(root / f"{number}.py", (1_700_000_000 + number,) * 2)
    assert list(read(root)) == [f"{number}.py" for number in range(MAX_FILES + 2, 2, -1)]


def test_a_file_that_was_only_renamed_is_no_change_and_one_that_was_edited_too_has_these_lines(
    repository: Make, git: Git
) -> None:
    root = repository({"a.py": NUMBERS, "b.py": NUMBERS.replace("line", "row")})
    git(root, "mv", "a.py", "new name é.py")
    git(root, "mv", "b.py", "c.py")
    (root / "c.py").write_text(with_line(7, "changed = 1").replace("line", "row"), encoding="utf-8")
    git(root, "add", "-A")
    assert read(root) == {"c.py": ((7, 8),)}


def test_a_file_whose_time_alone_has_changed_is_no_change(repository: Make) -> None:
    root = repository({"a.py": NUMBERS})
    os.utime(root / "a.py", (1_800_000_000,) * 2)
    assert read(root) == {}


NAMES = ("with space.py", "tab\t.py", 'quote".py', "-dash.py", "[a].py", ":(top)x.py", "é.py", "new\nline.py")


@pytest.mark.parametrize("name", NAMES)
def test_any_name_of_a_file_is_understood(repository: Make, name: str) -> None:
    root = repository({name: NUMBERS, "a.py": NUMBERS})
    (root / name).write_text(with_line(20, "changed = 1"), encoding="utf-8")
    assert read(root) == {name: ((20, 21),)}


def test_paths_are_those_of_the_folder_that_is_open(repository: Make) -> None:
    root = repository({"sub/a.py": NUMBERS, "b.py": NUMBERS})
    for name in ("sub/a.py", "b.py"):
        (root / name).write_text(with_line(20, "changed = 1"), encoding="utf-8")
    assert read(root / "sub") == {"a.py": ((20, 21),)}


def test_a_file_that_is_large_in_the_commit_is_left_alone(repository: Make) -> None:
    root = repository({"a.py": "x = 1\n" * 500_000, "b.py": NUMBERS})
    (root / "a.py").write_text("small = 1\n", encoding="utf-8")
    (root / "b.py").write_text(with_line(20, "changed = 1"), encoding="utf-8")
    assert read(root) == {"b.py": ((20, 21),)}


def test_large_and_binary_files_and_links_are_left_alone(repository: Make) -> None:
    root = repository({"a.py": NUMBERS, "binary.py": b"\0\1", "link.py": NUMBERS})
    (root / "a.py").write_text("x = 1\n" * 500_000, encoding="utf-8")
    (root / "binary.py").write_bytes(b"\0\2")
    (root / "link.py").unlink()
    (root / "link.py").symlink_to("a.py")
    assert read(root) == {}


def test_secrets_and_ignored_files_are_never_among_them(repository: Make, open_index: Open) -> None:
    files = {"a.py": "a = 1\n", ".env": "KEY=1\n", "ignored.py": "x = 1\n", "hidden.py": "x = 1\n", "key.py": "x = 1\n"}
    root = repository({".gitignore": "later.py\n", ".codeassistignore": "hidden.py\n", **files})
    for name in files:
        (root / name).write_text("b = 2\n", encoding="utf-8")
    (root / "key.py").write_text('token = "ghp_' + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF3hI6" + '"\n', encoding="utf-8")
    (root / "later.py").write_text("later = 1\n", encoding="utf-8")
    (root / ".gitignore").write_text("later.py\nignored.py\n", encoding="utf-8")
    index = open_index(root)
    index.refresh()
    names = {file.path for file in read_changes(root, index.versions, 1024)}
    assert "a.py" in names
    assert names.isdisjoint({".env", "key.py", "hidden.py", "later.py"})


@pytest.mark.parametrize("step", ["merge", "rebase"])
def test_in_a_conflict_and_in_a_merge_there_are_none(repository: Make, git: Git, step: str) -> None:
    root = repository({"a.py": "a = 1\n", "b.py": NUMBERS})
    git(root, "checkout", "-qb", "other")
    (root / "a.py").write_text("a = 2\n", encoding="utf-8")
    (root / "b.py").write_text(with_line(20, "theirs = 1"), encoding="utf-8")
    git(root, "commit", "-qam", "theirs")
    git(root, "checkout", "-q", "main")
    (root / "a.py").write_text("a = 3\n", encoding="utf-8")
    git(root, "commit", "-qam", "ours")
    with pytest.raises(CalledProcessError):
        git(root, step, "-q", "other")
    assert read(root) == {}
    (root / "a.py").write_text("a = 4\n", encoding="utf-8")
    if step == "merge":
        git(root, "add", "-A")
        assert read(root) == {}
        git(root, "commit", "-qm", "merged")
        (root / "b.py").write_text(NUMBERS, encoding="utf-8")
        assert read(root) == {"b.py": ((20, 21),)}


def test_without_a_commit_without_git_and_with_a_broken_one_there_are_none(tmp_path: Path, git: Git) -> None:
    (tmp_path / "a.py").write_text("a = 1\n", encoding="utf-8")
    assert read(tmp_path) == {}
    git(tmp_path, "init", "-q")
    assert read(tmp_path) == {}
    git(tmp_path, "add", "a.py")
    assert read(tmp_path) == {}
    shutil.rmtree(tmp_path / ".git")
    (tmp_path / ".git").write_text("gitdir: /nowhere\n", encoding="utf-8")
    assert read(tmp_path) == {}
    assert read(tmp_path / "nowhere") == {}


def test_git_that_takes_too_long_is_not_waited_for(repository: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    root = repository({"a.py": NUMBERS, "b.py": NUMBERS})
    for name in ("a.py", "b.py"):
        (root / name).write_text(with_line(20, "changed = 1"), encoding="utf-8")
    monkeypatch.setattr(changes, "WITHIN_S", -1.0)
    assert read(root) == {}


def test_each_worktree_has_its_own(repository: Make, git: Git, tmp_path: Path) -> None:
    root = repository({"a.py": NUMBERS})
    git(root, "worktree", "add", "-q", "-b", "other", str(tmp_path / "tree"))
    (tmp_path / "tree" / "a.py").write_text(with_line(5, "changed = 1"), encoding="utf-8")
    assert (read(root), read(tmp_path / "tree")) == ({}, {"a.py": ((5, 6),)})


def test_what_a_repository_wants_to_be_run_for_differences_is_not_run(
    repository: Make, git: Git, tmp_path: Path
) -> None:
    root = repository({"a.py": NUMBERS, ".gitattributes": "*.py diff=evil\n"})
    for name in ("diff.external", "diff.evil.command", "diff.evil.textconv"):
        git(root, "config", name, f"touch {tmp_path}/ran; cat")
    for name, value in (("diff.noprefix", "true"), ("color.ui", "always"), ("diff.context", "9")):
        git(root, "config", name, value)
    (root / "a.py").write_text(with_line(20, "changed = 1"), encoding="utf-8")
    assert read(root) == {"a.py": ((20, 21),)}
    assert not (tmp_path / "ran").exists()


def committed(root: Path, git: Git, name: str, text: str) -> None:
    (root / name).write_text(text, encoding="utf-8")
    git(root, "add", "-A")
    git(root, "commit", "-qm", name)


def last(root: Path) -> list[ChangedFile]:
    return [file for file in read_changes(root, all_known, 1024) if file.why == LAST_COMMIT]


def test_a_young_branch_also_has_the_places_of_its_last_commit(repository: Make, git: Git) -> None:
    root = repository({"a.py": NUMBERS, "b.py": NUMBERS, "c.py": NUMBERS})
    committed(root, git, "c.py", with_line(1, "on_main = 1"))
    assert last(root) == []
    git(root, "checkout", "-qb", "topic")
    assert last(root) == []
    committed(root, git, "c.py", with_line(2, "earlier = 1"))
    committed(root, git, "a.py", with_line(20, "changed = 1"))
    (root / "b.py").write_text(with_line(9, "now = 1"), encoding="utf-8")
    found = read_changes(root, all_known, 1024)
    assert [(file.path, file.spans, file.why) for file in found] == [
        ("b.py", ((9, 10),), UNCOMMITTED),
        ("a.py", ((20, 21),), LAST_COMMIT),
    ]


def test_the_lines_of_the_last_commit_are_those_on_disk(repository: Make, git: Git) -> None:
    root = repository({"a.py": NUMBERS})
    git(root, "checkout", "-qb", "topic")
    committed(root, git, "a.py", with_line(20, "changed = 1"))
    (root / "a.py").write_text("now = 1\n" + with_line(20, "changed = 1"), encoding="utf-8")
    (file,) = read_changes(root, all_known, 1024)
    assert (file.spans, file.why) == (((0, 1),), UNCOMMITTED)  # A file is told once.


def test_a_merge_and_an_old_branch_have_no_last_commit(repository: Make, git: Git) -> None:
    root = repository({"a.py": NUMBERS})
    git(root, "checkout", "-qb", "topic")
    for number in range(changes.BRANCH_COMMITS):
        committed(root, git, "a.py", with_line(number, "changed = 1"))
    assert [file.path for file in last(root)] == ["a.py"]
    committed(root, git, "a.py", with_line(30, "changed = 1"))
    assert last(root) == []
    git(root, "checkout", "-q", "main")
    committed(root, git, "b.py", NUMBERS)
    git(root, "checkout", "-q", "topic")
    git(root, "reset", "-q", "--hard", "topic~5")
    git(root, "merge", "-q", "--no-edit", "main")
    assert last(root) == []


def test_a_partial_clone_fetches_nothing(repository: Make, git: Git, tmp_path: Path) -> None:
    root = repository({"a.py": NUMBERS})
    git(root, "config", "uploadpack.allowFilter", "true")
    git(root, "checkout", "-qb", "topic")
    committed(root, git, "a.py", with_line(20, "changed = 1"))
    git(root, "checkout", "-q", "main")
    for name, options in (("whole", ()), ("partial", ("--filter=blob:none",))):
        git(tmp_path, "clone", "-q", *options, "-b", "topic", f"file://{root}", str(tmp_path / name))
    git(tmp_path / "partial", "config", "remote.origin.url", f"ext::touch {tmp_path}/ran")
    git(tmp_path / "partial", "config", "protocol.ext.allow", "always")
    assert ([file.path for file in last(tmp_path / "whole")], last(tmp_path / "partial")) == (["a.py"], [])
    assert not (tmp_path / "ran").exists()
