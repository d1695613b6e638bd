from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from indexer.errors import WorkspaceError
from indexer.files import blob_id
from indexer.gittree import Tree, is_ignored_by_git, is_left_out, read_tree
from indexer.rules import NameRules, read_rules

Make = Callable[[dict[str, Any]], Path]


def tree_of(root: Path) -> Tree:
    rules = read_rules(root, 1024, ())
    return read_tree(root, rules, NameRules(rules).reason)


def reasons(tree: Tree) -> dict[str, str]:
    return {item.path: item.reason for item in tree.skipped}


def test_committed_changed_and_new_files_are_there_with_their_blob_ids(repository: Make) -> None:
    root = repository({"a.py": "a = 1\n", "sub/b.py": "b = 1\n", "gone.py": "", ".gitignore": "*.log\nout/\n"})
    (root / "a.py").write_text("a = 2\n")
    (root / "gone.py").unlink()
    (root / "new.py").write_text("n = 1\n")
    (root / "x.log").write_text("noise")
    (root / "out").mkdir()
    (root / "out/y.py").write_text("y = 1\n")

    tree = tree_of(root)

    assert tree.blobs == {
        ".gitignore": blob_id(b"*.log\nout/\n"),
        "a.py": blob_id(b"a = 2\n"),
        "new.py": blob_id(b"n = 1\n"),
        "sub/b.py": blob_id(b"b = 1\n"),
    }
    assert tree.warnings == ()


def test_staged_files_count_as_they_are_on_disk(repository: Make, git: Callable[..., None]) -> None:
    root = repository({"a.py": "a = 1\n"})
    (root / "a.py").write_text("a = 2\n")
    git(root, "add", "a.py")
    (root / "a.py").write_text("a = 3\n")
    assert tree_of(root).blobs["a.py"] == blob_id(b"a = 3\n")


def test_a_folder_inside_a_repository_is_a_workspace_of_its_own(repository: Make) -> None:
    root = repository({"a.py": "", "sub/b.py": "b = 1\n", "sub/.codeassistignore": "c.py\n", "sub/c.py": ""})
    assert set(tree_of(root / "sub").blobs) == {"b.py", ".codeassistignore"}


def test_a_folder_that_the_enclosing_repository_ignores_is_walked(repository: Make) -> None:
    root = repository({".gitignore": "env/\n"})
    (root / "env/lib").mkdir(parents=True)
    (root / "env/lib/a.py").write_text("a = 1\n")
    tree = tree_of(root / "env")
    assert set(tree.blobs) == {"lib/a.py"}
    assert tree.warnings == ()


def test_a_repository_without_commits_and_one_without_files_work(repository: Make, tmp_path: Path) -> None:
    root = repository({})
    assert tree_of(root).blobs == {}
    (root / "a.py").write_text("")
    assert set(tree_of(root).blobs) == {"a.py"}
    (tmp_path / "empty").mkdir()
    assert tree_of(tmp_path / "empty") == Tree({})


@pytest.mark.parametrize("damage", ["file", "folder", "index"])
def test_a_broken_git_folder_falls_back_to_walking_with_a_warning(
    repository: Make, tmp_path: Path, damage: str
) -> None:
    root = repository({"a.py": "a = 1\n", "b.log": "", ".gitignore": "*.log\n"})
    (root / ".git").rename(tmp_path / "git-aside")
    if damage == "file":
        (root / ".git").write_text("gitdir: /nowhere\n")
    elif damage == "folder":
        (root / ".git").mkdir()
        (root / ".git/HEAD").write_text("nonsense")
    else:
        (tmp_path / "git-aside").rename(root / ".git")
        (root / ".git/index").write_bytes(b"DIRC damaged")
    tree = tree_of(root)
    assert set(tree.blobs) == {".gitignore", "a.py"}
    assert len(tree.warnings) == 1
    assert "walked instead" in tree.warnings[0]


def test_without_git_every_gitignore_on_the_way_is_honoured(tmp_path: Path, write: Callable[..., Path]) -> None:
    root = write(
        tmp_path / "plain",
        {
            ".gitignore": "*.log\n/out/\n!keep.log\n", "a.py": "", "a.log": "", "keep.log": "", "out/b.py": "",
            "sub/.gitignore": "secret.py\n!b.log\n", "sub/secret.py": "", "sub/b.log": "", "sub/out/c.py": "",
            "node_modules/d.js": "", "venv/pyvenv.cfg": "", "venv/lib/e.py": "",
        },
    )  # fmt: skip
    found = set(tree_of(root).blobs) | {item.path for item in tree_of(root).skipped}
    assert found == {".gitignore", "a.py", "keep.log", "sub/.gitignore", "sub/b.log", "sub/out/c.py"}


def test_links_and_loops_are_skipped(repository: Make, tmp_path: Path) -> None:
    root = repository({"a.py": "a = 1\n"})
    (root / "loop").symlink_to(".")
    (root / "self").symlink_to("self")
    (root / "outside.py").symlink_to("/etc/hostname")
    assert reasons(tree_of(root)) == dict.fromkeys(("loop", "self", "outside.py"), "symbolic link")

    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / "loop").symlink_to(plain)
    (plain / "a.py").write_text("")
    assert set(tree_of(plain).blobs) == {"a.py"}
    assert reasons(tree_of(plain)) == {"loop": "symbolic link"}


def test_tracked_links_are_skipped(repository: Make, git: Callable[..., None]) -> None:
    root = repository({"a.py": ""})
    (root / "link.py").symlink_to("a.py")
    git(root, "add", "-A")
    assert reasons(tree_of(root)) == {"link.py": "symbolic link"}


def test_a_repository_inside_a_repository_is_left_alone(repository: Make, git: Callable[..., None]) -> None:
    root = repository({"a.py": ""})
    (root / "inner").mkdir()
    git(root / "inner", "init", "-q")
    (root / "inner/b.py").write_text("")
    assert reasons(tree_of(root)) == {"inner/": "a git repository of its own"}


def test_odd_names_survive(repository: Make) -> None:
    root = repository({"with space.py": "", "naïve.py": "", 'quo"te.py': "", "new\nline.py": "", "-dash.py": ""})
    assert set(tree_of(root).blobs) == {"with space.py", "naïve.py", 'quo"te.py', "new\nline.py", "-dash.py"}


def test_a_name_that_is_not_utf8_is_skipped(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    Path(os.fsdecode(bytes(tmp_path / "plain") + b"/\xff.py")).write_text("")
    assert list(reasons(tree_of(tmp_path / "plain")).values()) == ["name is not UTF-8"]


def test_nothing_is_read_below_a_tracked_folder_that_became_a_link(repository: Make, tmp_path: Path) -> None:
    for text in ("a = 1\n", "other = 1\n"):
        (tmp_path / "outside/d").mkdir(parents=True, exist_ok=True)
        (tmp_path / "outside/d/f.py").write_text(text)
        if not (tmp_path / "repository").exists():
            root = repository({"d/f.py": "a = 1\n"})
            shutil.rmtree(root / "d")
            (root / "d").symlink_to(tmp_path / "outside/d")
        tree = tree_of(root)
        assert tree.blobs == {}
        assert reasons(tree) == {"d": "symbolic link", "d/f.py": "below a symbolic link"}
        assert is_left_out(root, "d/f.py")


def test_an_untracked_folder_of_a_repository_keeps_the_ignore_rules_above_it(repository: Make) -> None:
    root = repository({".gitignore": "*.log\n/new/out/\n"})
    (root / ".git/info/exclude").write_text("excluded.py\n")
    (root / "new/out").mkdir(parents=True)
    for name in ("a.py", "a.log", "out/b.py", "excluded.py"):
        (root / "new" / name).write_text("")
    tree = tree_of(root / "new")
    assert set(tree.blobs) == {"a.py"}
    assert tree.skipped == ()


def test_local_edits_that_git_was_told_to_overlook_are_seen(repository: Make, git: Callable[..., None]) -> None:
    root = repository({"skip.py": "s = 1\n", "assume.py": "a = 1\n", "sparse.py": "x = 1\n", "gone.py": "g = 1\n"})
    git(root, "update-index", "--skip-worktree", "skip.py", "sparse.py")
    git(root, "update-index", "--assume-unchanged", "assume.py", "gone.py")
    (root / "skip.py").write_text("s = 2\n")
    (root / "assume.py").write_text("a = 2\n")
    (root / "sparse.py").unlink()
    (root / "gone.py").unlink()
    tree = tree_of(root)
    assert tree.blobs == {"skip.py": blob_id(b"s = 2\n"), "assume.py": blob_id(b"a = 2\n")}
    assert tree.skipped == ()


def test_the_report_can_be_written_as_utf8_whatever_the_names(repository: Make, git: Callable[..., None]) -> None:
    root = repository({"a.py": ""})
    for name in (b"link\xff", b"nested\xff", b"tracked\xff"):
        path = Path(os.fsdecode(bytes(root) + b"/" + name))
        if name.startswith(b"nested"):
            path.mkdir()
            git(path, "init", "-q")
        else:
            path.symlink_to("a.py")
    git(root, "add", os.fsdecode(b"tracked\xff"))
    assert reasons(tree_of(root)) == {
        "link\\xff": "name is not UTF-8",
        "nested\\xff/": "a git repository of its own",
        "tracked\\xff": "symbolic link",
    }


def test_what_a_full_refresh_leaves_out_one_path_is_left_out_too(
    repository: Make, git: Callable[..., None], tmp_path: Path
) -> None:
    other = repository({"a.py": ""})
    (other / "inner/deep").mkdir(parents=True)
    git(other / "inner", "init", "-q")
    (other / "inner/.gitignore").write_text("*.log\n")
    (other / "link").symlink_to("inner")
    (other / "empty/.git").mkdir(parents=True)
    for path in ("inner/b.py", "inner/deep/b.py", "link/b.py", "link"):
        assert is_left_out(other, path), path
    for path in ("new.py", "deep/new.py", "empty/new.py", ":odd.py", "*.py", "-dash.py"):
        assert not is_left_out(other, path), path
    assert not is_ignored_by_git(other, "inner/b.py"), "a nested repository is left out, but it is not ignored"
    assert is_ignored_by_git(other, "inner/x.log")


def test_in_an_ignored_folder_one_path_is_judged_as_in_the_walk(repository: Make) -> None:
    root = repository({".gitignore": "env/\n"})
    (root / "env").mkdir()
    (root / "env/.gitignore").write_text("*.log\n")
    assert not is_left_out(root / "env", "new.py")
    assert is_left_out(root / "env", "new.log")
    assert is_left_out(root, "env/new.py")


@pytest.mark.parametrize("name", [".gitignore", "sub/.gitignore"])
def test_a_byte_order_mark_is_no_part_of_the_first_pattern(
    tmp_path: Path, write: Callable[..., Path], name: str
) -> None:
    root = write(tmp_path / "plain", {name: b"\xef\xbb\xbf*.py\n", "sub/a.py": ""})
    assert set(tree_of(root).blobs) == {name}


def test_an_inner_gitignore_says_nothing_of_its_own_folder(tmp_path: Path, write: Callable[..., Path]) -> None:
    root = write(tmp_path / "plain", {"sub/.gitignore": "*\n!keep.py\n", "sub/keep.py": ""})
    assert not is_ignored_by_git(root, "sub/keep.py")
    assert is_ignored_by_git(root, "sub/a.py")


def test_a_missing_folder_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="nowhere is no folder"):
        tree_of(tmp_path / "nowhere")


@pytest.mark.parametrize("has_git", [True, False])
def test_one_path_can_be_asked_about(repository: Make, has_git: bool, tmp_path: Path) -> None:
    root = repository({".gitignore": "*.log\nout/\n", "a.py": ""})
    if not has_git:
        (root / ".git").rename(tmp_path / "aside")
    (root / "out").mkdir()
    for name in ("b.log", "out/c.py", "new.py"):
        (root / name).write_text("")
    assert is_ignored_by_git(root, "b.log")
    assert is_ignored_by_git(root, "out/c.py")
    assert not is_ignored_by_git(root, "new.py")
    assert not is_ignored_by_git(root, "a.py")


N_FOLDERS = 1200


@pytest.fixture
def make_deep() -> Iterator[Callable[[Path], str]]:
    """Makes a file below more folders than functions may nest, and tells its path."""
    made: list[Path] = []

    def make(root: Path) -> str:
        made.append(root / "d")
        folder = os.open(root, os.O_RDONLY)
        for _ in range(N_FOLDERS):
            os.mkdir("d", dir_fd=folder)
            inner = os.open("d", os.O_RDONLY, dir_fd=folder)
            os.close(folder)
            folder = inner
        file = os.open("deep.py", os.O_WRONLY | os.O_CREAT, dir_fd=folder)
        os.write(file, b"deep = 1\n")
        os.close(file)
        os.close(folder)
        return "d/" * N_FOLDERS + "deep.py"

    yield make
    for folder in made:  # Python's own rmtree nests, too.
        subprocess.run(["rm", "-rf", str(folder)], check=True)


def test_folders_nest_as_deep_as_they_may_without_git(tmp_path: Path, make_deep: Callable[[Path], str]) -> None:
    root = tmp_path / "plain"
    root.mkdir()
    (root / "z.py").write_text("z = 1\n")
    path = make_deep(root)
    assert list(tree_of(root).blobs.items()) == [(path, blob_id(b"deep = 1\n")), ("z.py", blob_id(b"z = 1\n"))]


def test_folders_nest_as_deep_as_they_may_in_a_repository(
    repository: Make, git: Callable[..., None], make_deep: Callable[[Path], str]
) -> None:
    root = repository({"z.py": "z = 1\n"})
    path = make_deep(root)
    git(root, "add", "-A")
    assert set(tree_of(root).blobs) == {path, "z.py"}
