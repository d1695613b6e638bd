"""What a change is, asked of real git in all the states that a repository can be in."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from review_world import World, made

from codeassist.errors import ReviewImpossible, UnknownRevision
from codeassist.review import gathering
from codeassist.review.changes import ChangedFile, Changes
from codeassist.review.file_texts import in_time
from codeassist.review.tree import ReviewedTree
from indexer.gitcommand import GitLate, ending_at


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = made(tmp_path / "repo")
    world.write(a_py="a = 1\nb = 2\nc = 3\n", lib__b_py="def b():\n    return 1\n")
    world.commit("first")
    return world


def by_path(changes: Changes) -> dict[str, ChangedFile]:
    return {file.path: file for file in changes.files}


def test_partial_staging_is_reviewed_as_staged(world: World) -> None:
    world.write(a_py="a = 1\nb = 20\nc = 3\n")
    world.git("add", "a.py")
    world.write(a_py="a = 1\nb = 20\nc = 30\nd = 4\n", lib__b_py="changed and not staged\n")
    changes = gathering.staged(world.root)
    assert [(file.path, file.status, file.new_text) for file in changes.files] == [
        ("a.py", "modified", "a = 1\nb = 20\nc = 3\n")
    ]
    assert changes.files[0].changed_lines == {2}
    tree = ReviewedTree(world.root, changes)
    assert tree.text("lib/b.py") == "def b():\n    return 1\n"


def test_before_the_first_commit_everything_is_new(tmp_path: Path) -> None:
    world = made(tmp_path / "new")
    world.write(a_py="a = 1\n")
    world.git("add", "-A")
    (file,) = gathering.staged(world.root).files
    assert (file.status, file.old_text, file.changed_lines) == ("added", None, {1})


def test_renamed_copied_deleted_and_changed_in_kind(world: World) -> None:
    text = "".join(f"line {number}\n" for number in range(20))
    world.write(old_py=text, gone_py="x\n", kind_py="y\n")
    world.commit()
    world.git("mv", "old.py", "new.py")
    world.write(new_py=text.replace("line 3\n", "line three\n"))
    (world.root / "gone.py").unlink()
    (world.root / "kind.py").unlink()
    (world.root / "kind.py").symlink_to("a.py")
    world.git("add", "-A")
    files = by_path(gathering.staged(world.root))
    assert (files["new.py"].status, files["new.py"].former, files["new.py"].changed_lines) == ("renamed", "old.py", {4})
    assert (files["gone.py"].status, files["gone.py"].old_text, files["gone.py"].new_text) == ("deleted", "x\n", None)
    assert files["kind.py"].skipped == "symbolic link"


def test_what_has_no_text_says_why(world: World, tmp_path: Path) -> None:
    other = made(tmp_path / "other")
    other.commit()
    world.git("submodule", "add", "-q", str(other.root), "sub")
    world.put("picture.png", b"\x89PNG\0\0\1")
    world.put("pointer.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 3\n")
    world.put("large.txt", "x" * (gathering.MAX_FILE_BYTES + 1))
    world.put("nul.txt", b"a\0b\n")
    (world.root / "link").symlink_to("a.py")
    world.git("add", "-A")
    files = by_path(gathering.staged(world.root))
    reasons = {name: files[name].skipped for name in files if name != ".gitmodules"}
    assert reasons == {
        "picture.png": "binary", "pointer.bin": "LFS pointer", "large.txt": "larger than 1024 KB", "nul.txt": "binary",
        "link": "symbolic link",
    }  # fmt: skip
    assert files["large.txt"].n_bytes == gathering.MAX_FILE_BYTES + 1
    assert all(files[name].new_text is None for name in reasons)


def test_line_ends_encodings_and_names_of_any_kind(world: World) -> None:
    world.git("config", "core.autocrlf", "false")
    world.put("crlf.py", b"a = 1\r\nb = 2\r\n")
    world.put("latin.py", "# gr\xfc\xdfe\n".encode("latin-1"))
    world.put("bare.py", b"no newline at the end")
    world.put('tab\tand "quotes"/\u00e4 b.py', "a = 1\n")
    world.put(os.fsdecode(b"bad\xff.py"), "a = 1\n")
    world.git("add", "-A")
    files = by_path(gathering.staged(world.root))
    assert files["crlf.py"].new_text == "a = 1\nb = 2\n"
    assert files["latin.py"].new_text == "# gr\xfc\xdfe\n"
    assert files["bare.py"].new_lines == ("no newline at the end",)
    assert files['tab\tand "quotes"/\u00e4 b.py'].new_text == files[os.fsdecode(b"bad\xff.py")].new_text == "a = 1\n"


def test_a_workspace_below_the_root_has_its_own_part(world: World) -> None:
    world.write(a_py="a = 2\n", lib__b_py="def b():\n    return 2\n", lib__new_py="x = 1\n")
    world.git("add", "-A")
    assert set(by_path(gathering.staged(world.root / "lib"))) == {"b.py", "new.py"}
    assert set(by_path(gathering.uncommitted(world.root / "lib"))) == {"b.py", "new.py"}
    assert set(by_path(gathering.tracked(world.root / "lib"))) == {"b.py", "new.py"}


def test_a_second_work_tree_has_its_own_index(world: World, tmp_path: Path) -> None:
    world.git("worktree", "add", "-q", str(tmp_path / "second"), "-b", "second")
    second = World(tmp_path / "second")
    second.write(a_py="a = 5\n")
    second.git("add", "-A")
    assert set(by_path(gathering.staged(second.root))) == {"a.py"}
    assert not gathering.staged(world.root).files


def conflicting(world: World) -> None:
    """A merge that has stopped: `a.py` is changed on both sides, `theirs.py` on the other alone."""
    world.git("checkout", "-q", "-b", "side")
    world.write(a_py="a = 1\nb = 2\nc = 'theirs'\n", theirs_py="t = 1\n")
    world.commit("theirs")
    world.git("checkout", "-q", "main")
    world.write(a_py="a = 1\nb = 2\nc = 'ours'\n", ours_py="o = 1\n")
    world.commit("ours")
    world.git("merge", "-q", "side", fails=True)


def test_of_a_merge_only_what_is_like_neither_side_is_reviewed(world: World) -> None:
    conflicting(world)
    world.write(a_py="a = 1\nb = 2\nc = 'both'\n")
    world.git("add", "a.py")
    (file,) = gathering.staged(world.root).files
    assert (file.path, file.changed_lines) == ("a.py", {3})


def test_a_merge_that_takes_one_side_has_nothing_of_its_own(world: World) -> None:
    conflicting(world)
    world.git("checkout", "--theirs", "a.py")
    world.git("add", "a.py")
    changes = gathering.staged(world.root)
    assert not changes.files
    assert "one side of the merge" in changes.notes[0]


def test_of_lines_beside_theirs_only_ours_count(world: World) -> None:
    conflicting(world)
    world.write(a_py="a = 0\nb = 2\nc = 'theirs'\nd = 'ours too'\n")
    world.git("add", "a.py")
    (file,) = gathering.staged(world.root).files
    assert file.changed_lines == {1, 4}


def test_conflicts_that_are_not_resolved_are_told(world: World) -> None:
    conflicting(world)
    (file,) = (file for file in gathering.staged(world.root).files if file.path == "a.py")
    assert "conflicts" in file.skipped


def test_a_cherry_pick_is_reviewed_as_a_whole(world: World) -> None:
    world.git("checkout", "-q", "-b", "side")
    world.write(picked_py="p = 1\n")
    world.commit("picked")
    world.git("checkout", "-q", "main")
    world.git("cherry-pick", "--no-commit", "side")
    assert set(by_path(gathering.staged(world.root))) == {"picked.py"}


def test_ranges(world: World) -> None:
    world.git("checkout", "-q", "-b", "side")
    world.write(side_py="s = 1\n")
    world.commit("On a branch\n\nWith a reason")
    world.git("checkout", "-q", "main")
    world.write(main_py="m = 1\n")
    world.commit("Elsewhere")
    two = gathering.between(world.root, "main", "side")
    assert {file.path: file.status for file in two.files} == {"side.py": "added", "main.py": "deleted"}
    three = gathering.since_divided(world.root, "main", "side")
    assert {file.path: file.status for file in three.files} == {"side.py": "added"}
    assert three.message == "On a branch\n\nWith a reason"
    tree = ReviewedTree(world.root, three)
    assert tree.text("main.py") is None  # It is in the work tree, and not on that branch.


@pytest.mark.parametrize(
    "revision", ["nowhere", "--output=x", "-n1", "HEAD:a.py", "a.py", "", "HEAD~9", "@{u}", "\u00e9"]
)
def test_what_names_no_commit_is_refused(world: World, revision: str) -> None:
    with pytest.raises(UnknownRevision, match="names no commit here"):
        gathering.between(world.root, revision, "HEAD")
    assert not (world.root / "x").exists()


def test_branches_without_a_common_commit_are_told(world: World) -> None:
    world.git("checkout", "-q", "--orphan", "other")
    world.commit("another beginning")
    with pytest.raises(ReviewImpossible, match="no commit in common"):
        gathering.since_divided(world.root, "main", "other")


def test_the_work_tree_has_what_is_not_staged_and_new_files(world: World) -> None:
    world.put(".gitignore", "*.log\n")
    world.commit()
    world.write(a_py="a = 1\nb = 2\nc = 4\n", new_py="n = 1\n")
    world.put("x.log", "ignored\n")
    (world.root / "lib/b.py").unlink()
    files = by_path(gathering.uncommitted(world.root))
    assert {path: file.status for path, file in files.items()} == {
        "a.py": "modified", "lib/b.py": "deleted", "new.py": "added",
    }  # fmt: skip
    assert files["a.py"].changed_lines == {3}
    assert files["new.py"].new_text == "n = 1\n"


def test_all_files_count_with_all_their_lines(world: World) -> None:
    world.write(a_py="a = 1\nb = 2\n", untracked_py="u = 1\n")
    changes = gathering.tracked(world.root)
    files = by_path(changes)
    assert changes.is_whole
    assert set(files) == {"a.py", "lib/b.py"}
    assert files["a.py"].changed_lines == {1, 2}


def test_a_file_that_cannot_be_read_is_told_of(world: World) -> None:
    (world.root / "a.py").unlink()
    os.mkfifo(world.root / "a.py")
    files = by_path(gathering.tracked(world.root))
    assert files["a.py"].skipped == "not a regular file"


def test_no_repository(tmp_path: Path) -> None:
    for gather in (gathering.staged, gathering.uncommitted, gathering.tracked):
        with pytest.raises(ReviewImpossible, match="is no git repository; review a diff with --diff FILE"):
            gather(tmp_path)


def test_a_bare_repository(tmp_path: Path) -> None:
    world = made(tmp_path / "bare")
    world.git("init", "-q", "--bare", "inside.git")
    with pytest.raises(ReviewImpossible):
        gathering.staged(world.root / "inside.git")


def test_without_git(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ReviewImpossible, match="git does not run"):
        gathering.staged(world.root)


def test_a_broken_repository(world: World) -> None:
    (world.root / ".git/HEAD").unlink()
    with pytest.raises(ReviewImpossible, match="broken"):
        gathering.staged(world.root)


def test_an_index_outside_of_the_repository_is_not_read(world: World, tmp_path: Path) -> None:
    world.write(a_py="a = 2\n")
    world.git("add", "-A")
    other = tmp_path / "index"
    other.write_bytes((world.root / ".git/index").read_bytes())
    world.git("reset", "-q", "--hard")
    assert not gathering.staged(world.root, other).files
    inside = world.root / ".git/next-index-1.lock"
    inside.write_bytes(other.read_bytes())
    assert set(by_path(gathering.staged(world.root, inside))) == {"a.py"}


def test_gathering_changes_nothing(world: World) -> None:
    world.write(a_py="a = 2\n", new_py="n = 1\n")
    world.git("add", "a.py")
    before = {path: path.read_bytes() for path in world.root.rglob("*") if path.is_file()}
    for gather in (gathering.staged, gathering.uncommitted, gathering.tracked):
        gather(world.root)
    gathering.between(world.root, "HEAD", "HEAD")
    assert {path: path.read_bytes() for path in world.root.rglob("*") if path.is_file()} == before


def test_a_change_that_cannot_be_read_in_time_is_told(world: World) -> None:
    world.put("a.py", "a = 2\n")
    gathers = (gathering.staged, gathering.uncommitted, gathering.tracked)
    for gather in gathers:
        with ending_at(time.monotonic()), pytest.raises(ReviewImpossible, match=r"time was up before .* --max-seconds"):
            gather(world.root)
        assert gather(world.root) is not None, "the end is of that review alone"


def test_time_that_is_up_between_two_files_ends_their_reading() -> None:
    paths = in_time(["a.py", "b.py", "c.py"])
    assert next(paths) == "a.py"
    with ending_at(time.monotonic()), pytest.raises(GitLate):
        next(paths)
