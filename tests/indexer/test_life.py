"""What happens to a repository while it is worked in: submodules, worktrees, branches, conflicts, ignore files."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from indexer.gittree import Tree, is_ignored_by_git, is_left_out, read_tree
from indexer.rules import NameRules, read_rules
from indexer.types import Query

Make = Callable[[dict[str, Any]], Path]
Open = Callable[..., Any]
Git = Callable[..., None]
Write = Callable[..., Path]

IGNORED = "ignored by .codeassistignore"
NOT_THERE = "git submodule that is not checked out"


def tree_of(root: Path) -> Tree:
    rules = read_rules(root, 1024, ())
    return read_tree(root, rules, NameRules(rules).reason)


def reasons(tree: Tree) -> dict[str, str]:
    return {item.path: item.reason for item in tree.skipped}


def add_submodule(git: Git, root: Path, source: Path, path: str) -> None:
    git(root, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(source), path)
    git(root, "commit", "-qm", f"add {path}")


def committed(git: Git, write: Write, root: Path, files: dict[str, Any]) -> Path:
    write(root, files)
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "first")
    return root


@pytest.fixture
def with_submodule(tmp_path: Path, repository: Make, git: Git, write: Write) -> Path:
    """A repository with a submodule `lib`, in which there is one more, `lib/deep`."""
    deep = committed(git, write, tmp_path / "deep-source", {"deep.py": "def deep(): pass\n"})
    source = committed(
        git, write, tmp_path / "lib-source", {"lib.py": "def lib(): pass\n", "gone.py": "", ".gitignore": "*.log\n"}
    )
    add_submodule(git, source, deep, "deep")
    root = repository({"a.py": "def a(): pass\n"})
    add_submodule(git, root, source, "lib")
    git(root, "-c", "protocol.file.allow=always", "submodule", "update", "-q", "--init", "--recursive")
    return root


def test_the_files_of_submodules_belong_to_the_index(with_submodule: Path, open_index: Open) -> None:
    tree = tree_of(with_submodule)
    assert set(tree.blobs) == {
        ".gitmodules", "a.py", "lib/.gitignore", "lib/.gitmodules", "lib/deep/deep.py", "lib/gone.py", "lib/lib.py",
    }  # fmt: skip
    assert (tree.skipped, tree.warnings) == ((), ())
    index = open_index(with_submodule)
    index.refresh()
    assert [symbol.path for symbol in index.symbols("deep")] == ["lib/deep/deep.py"]
    assert index.refresh().changed == 0


def test_a_submodule_is_as_it_is_on_disk(with_submodule: Path, open_index: Open, git: Git) -> None:
    index = open_index(with_submodule)
    index.refresh()
    (with_submodule / "lib/lib.py").write_text("def changed(): pass\n")
    (with_submodule / "lib/new.py").write_text("def new(): pass\n")
    (with_submodule / "lib/new.log").write_text("noise\n")
    (with_submodule / "lib/gone.py").unlink()
    assert (index.refresh().changed, len(index.symbols("changed"))) == (2, 1)
    assert "lib/new.log" not in tree_of(with_submodule).blobs
    git(with_submodule / "lib", "add", "-A")
    git(with_submodule / "lib", "commit", "-qm", "elsewhere")  # Now git calls the submodule itself modified.
    report = index.refresh()
    assert (report.changed, report.removed, report.skipped) == (0, 0, ())


def test_one_saved_file_of_a_submodule_comes_in_by_itself(with_submodule: Path, open_index: Open) -> None:
    index = open_index(with_submodule)
    index.refresh()
    for path in ("lib/new.py", "lib/deep/new.py"):
        assert not is_left_out(with_submodule, path)
        name = path.replace("/", "_")[:-3]
        index.refresh_file(path, f"def {name}(): pass\n")
        assert index.symbols(name)
    assert is_left_out(with_submodule, "lib/new.log")
    assert is_ignored_by_git(with_submodule, "lib/new.log")
    assert index.withheld("lib/lib.py", "") is None


def test_a_submodule_that_is_not_checked_out_is_no_error(with_submodule: Path, open_index: Open, git: Git) -> None:
    index = open_index(with_submodule)
    index.refresh()
    git(with_submodule, "submodule", "deinit", "-q", "-f", "lib")
    tree = tree_of(with_submodule)
    assert set(tree.blobs) == {".gitmodules", "a.py"}
    assert (reasons(tree), tree.warnings) == ({"lib": NOT_THERE}, ())
    report = index.refresh()
    assert (report.files, report.warnings) == (2, ())
    git(with_submodule, "-c", "protocol.file.allow=always", "submodule", "update", "-q", "--init", "--recursive")
    assert index.refresh().skipped == ()
    assert index.symbols("deep")


def test_a_submodule_whose_folder_is_gone_is_no_error(with_submodule: Path) -> None:
    shutil.rmtree(with_submodule / "lib")
    assert set(tree_of(with_submodule).blobs) == {".gitmodules", "a.py"}
    (with_submodule / "lib").write_text("a file\n")
    assert set(tree_of(with_submodule).blobs) == {".gitmodules", "a.py", "lib"}


def test_a_submodule_whose_git_is_broken_is_walked_with_a_warning(with_submodule: Path) -> None:
    (with_submodule / "lib/.git").write_text("gitdir: /nowhere\n")
    (with_submodule / "lib/noise.log").write_text("")
    tree = tree_of(with_submodule)
    assert {"lib/lib.py", "lib/deep/deep.py"} < set(tree.blobs)
    assert "lib/noise.log" not in tree.blobs
    assert len(tree.warnings) == 1
    assert "lib" in tree.warnings[0]
    assert not is_left_out(with_submodule, "lib/new.py")
    assert is_left_out(with_submodule, "lib/new.log")


def test_a_link_in_the_place_of_a_submodule_is_not_followed(with_submodule: Path, tmp_path: Path) -> None:
    (with_submodule / "lib").rename(tmp_path / "elsewhere")
    (with_submodule / "lib").symlink_to(tmp_path / "elsewhere")
    tree = tree_of(with_submodule)
    assert set(tree.blobs) == {".gitmodules", "a.py"}
    assert reasons(tree) == {"lib": "symbolic link"}


def test_nothing_is_read_of_a_submodule_below_a_link(repository: Make, git: Git, write: Write, tmp_path: Path) -> None:
    source = committed(git, write, tmp_path / "source", {"a.py": ""})
    root = repository({})
    add_submodule(git, root, source, "libs/one")
    (root / "libs").rename(tmp_path / "elsewhere")
    (root / "libs").symlink_to(tmp_path / "elsewhere")
    assert set(tree_of(root).blobs) == {".gitmodules"}
    assert is_left_out(root, "libs/one/a.py")


def test_another_branch_may_have_another_commit_of_a_submodule_or_none(
    with_submodule: Path, open_index: Open, git: Git
) -> None:
    index = open_index(with_submodule)
    index.refresh()
    git(with_submodule, "checkout", "-q", "-b", "other")
    (with_submodule / "lib/lib.py").write_text("def other_lib(): pass\n")
    git(with_submodule / "lib", "commit", "-qam", "other")
    git(with_submodule, "commit", "-qam", "other")
    index.refresh()
    assert index.symbols("other_lib")
    git(with_submodule, "checkout", "-q", "main")
    git(with_submodule, "submodule", "update", "-q")
    index.refresh()
    assert (len(index.symbols("lib")), index.symbols("other_lib")) == (1, [])
    git(with_submodule, "checkout", "-q", "HEAD~1")  # Git leaves the folder where it is.
    assert set(tree_of(with_submodule).blobs) == {"a.py"}
    assert reasons(tree_of(with_submodule)) == {"lib/": "a git repository of its own"}


def test_a_workspace_inside_of_a_submodule_is_a_workspace(with_submodule: Path) -> None:
    assert {"deep/deep.py", "lib.py"} < set(tree_of(with_submodule / "lib").blobs)


def test_each_linked_worktree_has_the_files_of_its_branch(
    repository: Make, git: Git, tmp_path: Path, open_index: Open
) -> None:
    root = repository({"a.py": "def a(): pass\n"})
    other = tmp_path / "tree"
    git(root, "worktree", "add", "-q", "-b", "other", str(other))
    (other / "a.py").write_text("def a_elsewhere(): pass\n")
    git(other, "commit", "-qam", "elsewhere")
    (other / "untracked.py").write_text("def untracked(): pass\n")
    here = open_index(root, directory=tmp_path / "index-here")
    there = open_index(other, directory=tmp_path / "index-there")
    assert (here.refresh().files, there.refresh().files) == (1, 2)
    assert (here.symbols("a_elsewhere"), len(there.symbols("a_elsewhere"))) == ([], 1)
    git(other, "checkout", "-q", "--detach", "main")
    assert there.refresh().changed == 1
    assert there.symbols("a")


def test_a_worktree_inside_of_its_repository_is_not_indexed_twice(repository: Make, git: Git, open_index: Open) -> None:
    root = repository({"a.py": "def a(): pass\n"})
    git(root, "worktree", "add", "-q", "trees/other")
    index = open_index(root)
    report = index.refresh()
    assert (report.files, [item.path for item in report.skipped]) == (1, ["trees/other/"])
    index.refresh_file("trees/other/a.py")
    assert [symbol.path for symbol in index.symbols("a")] == ["a.py"]


def test_a_switch_of_branches_brings_adds_and_removes_files(repository: Make, git: Git, open_index: Open) -> None:
    root = repository({"a.py": "def a(): pass\n", "only_main.py": "def only_main(): pass\n"})
    index = open_index(root)
    index.refresh()
    git(root, "checkout", "-q", "-b", "other")
    git(root, "rm", "-q", "only_main.py")
    (root / "only_other.py").write_text("def only_other(): pass\n")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "other")
    report = index.refresh()
    assert (report.changed, report.removed) == (1, 1)
    assert (len(index.symbols("only_other")), index.symbols("only_main")) == (1, [])
    git(root, "checkout", "-q", "main")
    report = index.refresh()
    assert (report.changed, report.removed) == (1, 1)
    assert (index.symbols("only_other"), len(index.symbols("only_main"))) == ([], 1)


def test_a_branch_that_is_switched_to_and_back_during_a_refresh_leaves_nothing(
    repository: Make, git: Git, open_index: Open
) -> None:
    root = repository({"a.py": "def a(): pass\n", "b.py": "def b(): pass\n"})
    git(root, "checkout", "-q", "-b", "other")
    (root / "b.py").write_text("def of_the_other_branch(): pass\n")
    git(root, "commit", "-qam", "other")
    git(root, "checkout", "-q", "main")
    index = open_index(root)

    def switch(progress: Any) -> None:
        if progress.phase == "scan":
            git(root, "checkout", "-q", "other")

    index.refresh(switch)
    git(root, "checkout", "-q", "main")
    index.refresh()
    assert (index.symbols("of_the_other_branch"), len(index.symbols("b"))) == ([], 1)
    assert index.refresh().changed == 0


@pytest.mark.parametrize("command", ["rebase", "merge", "cherry-pick"])
def test_files_in_conflict_are_as_they_are_on_disk(repository: Make, git: Git, open_index: Open, command: str) -> None:
    root = repository({"a.py": "def a(): pass\n", "kept.py": "x = 1\n", "dropped.py": "x = 1\n", "same.py": "x = 1\n"})
    index = open_index(root)
    index.refresh()
    git(root, "checkout", "-q", "-b", "other")
    (root / "a.py").write_text("def theirs(): pass\n")
    (root / "dropped.py").write_text("def changed_there(): pass\n")
    git(root, "rm", "-q", "kept.py")
    git(root, "commit", "-qam", "theirs")
    git(root, "checkout", "-q", "main")
    (root / "a.py").write_text("def ours(): pass\n")
    (root / "kept.py").write_text("def changed_here(): pass\n")
    git(root, "rm", "-q", "dropped.py")
    git(root, "commit", "-qam", "ours")
    with pytest.raises(subprocess.CalledProcessError):
        git(root, command, "other")

    report = index.refresh()

    assert report.warnings == report.skipped == ()
    on_disk = {file.name for file in root.glob("*.py")}
    assert {chunk.path for chunk in index.chunks()} == on_disk >= {"a.py", "same.py"}
    for path in on_disk:
        assert "\n".join(chunk.text for chunk in index.chunks() if chunk.path == path) in (root / path).read_text()
    assert "<<<<<<<" in (root / "a.py").read_text()
    assert index.search(Query("theirs"), 1)[0].path == "a.py"
    assert index.refresh().changed == 0

    git(root, command, "--abort")
    index.refresh()
    assert index.symbols("ours")
    assert index.symbols("theirs") == []
    assert {chunk.path for chunk in index.chunks()} == {file.name for file in root.glob("*.py")}


def test_a_repository_without_commits_has_an_index(tmp_path: Path, git: Git, write: Write, open_index: Open) -> None:
    root = write(tmp_path / "new", {"staged.py": "def staged(): pass\n", "x.log": "", ".gitignore": "*.log\n"})
    git(root, "init", "-q")
    index = open_index(root)
    assert index.refresh().files == 2
    git(root, "add", "staged.py")
    (root / "untracked.py").write_text("def untracked(): pass\n")
    report = index.refresh()
    assert (report.files, report.changed, report.warnings) == (3, 1, ())
    git(root, "commit", "-qm", "first")
    assert index.refresh().changed == 0


@pytest.mark.parametrize("has_git", [True, False])
def test_an_ignore_file_in_a_subfolder_counts_for_that_folder(
    repository: Make, tmp_path: Path, open_index: Open, has_git: bool
) -> None:
    root = repository(
        {
            ".codeassistignore": "*.gen.py\n", "sub/.codeassistignore": "private/\n/local.py\n!kept.gen.py\n",
            "sub/private/a.py": "def hidden(): pass\n", "sub/local.py": "def hidden(): pass\n",
            "sub/deep/local.py": "def shown(): pass\n", "sub/kept.gen.py": "def shown(): pass\n",
            "sub/other.gen.py": "def hidden(): pass\n", "local.py": "def shown(): pass\n",
            "private/a.py": "def shown(): pass\n",
        }
    )  # fmt: skip
    if not has_git:
        (root / ".git").rename(tmp_path / "aside")
    index = open_index(root)
    report = index.refresh()
    hidden = {"sub/private/a.py", "sub/local.py", "sub/other.gen.py"}
    assert {item.path: item.reason for item in report.skipped} == dict.fromkeys(hidden, IGNORED)
    assert index.symbols("hidden") == []
    assert len(index.symbols("shown")) == 4
    for path in ("sub/local.py", "sub/private/new.py"):
        assert index.withheld(path, "") == IGNORED
        index.refresh_file(path, "def hidden(): pass\n")
    assert index.symbols("hidden") == []
    assert index.withheld("sub/deep/local.py", "") is None

    (root / "sub/.codeassistignore").unlink()
    index.refresh()
    assert len(index.symbols("hidden")) == 2
    assert index.withheld("sub/local.py", "") is None


def test_nothing_in_an_ignored_folder_lets_itself_in(repository: Make) -> None:
    root = repository(
        {".codeassistignore": "private/\n", "private/.codeassistignore": "!a.py\n", "private/a.py": "", "b.py": ""}
    )
    assert "private/a.py" not in tree_of(root).blobs


def test_the_ignore_file_of_a_submodule_counts_there(with_submodule: Path) -> None:
    (with_submodule / "lib/.codeassistignore").write_text("/lib.py\n")
    (with_submodule / "lib.py").write_text("x = 1\n")
    assert reasons(tree_of(with_submodule)) == {"lib/lib.py": IGNORED}


@pytest.mark.parametrize("has_git", [True, False])
def test_what_others_wrote_or_programs_made_stays_out(
    repository: Make, tmp_path: Path, open_index: Open, has_git: bool
) -> None:
    others = {
        "node_modules/a/index.js": "third-party code", "web/vendor/jquery.js": "third-party code",
        "web/dist/app.js": "generated", "web/app.min.js": "generated", "web/package-lock.json": "generated",
        "Cargo.lock": "generated", "api/user_pb2.py": "generated", "web/packed.js": "minified",
        "api/client.go": "generated",
    }  # fmt: skip
    texts = {"web/packed.js": "var a=1;" * 2000, "api/client.go": "// Code generated by x. DO NOT EDIT.\npackage a\n"}
    ours = {"src/dist/plan.py": "def plan(): pass\n", "build/rules.py": "def rule(): pass\n", "web/app.js": "f()\n"}
    root = repository({path: texts.get(path, "var a = 1\n") for path in others} | ours)
    if not has_git:
        (root / ".git").rename(tmp_path / "aside")
    index = open_index(root)
    report = index.refresh()
    told = {item.path: item.reason for item in report.skipped}
    walked = {path: reason for path, reason in others.items() if has_git or reason != "third-party code"}
    assert told == walked  # A walk does not even enter the folders of others.
    assert set(index.versions([*others, *ours])) == set(ours)
