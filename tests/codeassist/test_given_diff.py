"""A diff as the change that it describes, whether it was applied to the work tree or not."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from review_world import World, made

from codeassist.review.changes import ChangedFile
from codeassist.review.given_diff import given
from codeassist.review.tree import ReviewedTree

OLD = "".join(f"line {number}\n" for number in range(30))
NEW = OLD.replace("line 3\n", "line three\n").replace("line 20\n", "").replace("line 25\n", "line 25\nline 25b\n")


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = made(tmp_path / "repo")
    world.write(a_py=OLD)
    world.commit("first")
    return world


def only(world: World, diff: str | bytes) -> ChangedFile:
    (file,) = given(world.root, diff if isinstance(diff, bytes) else diff.encode("utf-8", "surrogateescape"), "x").files
    return file


@pytest.mark.parametrize("context", ["-U0", "-U3", "-U99"])
@pytest.mark.parametrize("is_applied", [True, False])
def test_applied_or_not(world: World, context: str, is_applied: bool) -> None:
    world.write(a_py=NEW)
    diff = world.git("diff", context)
    if not is_applied:
        world.git("checkout", "-q", "a.py")
    file = only(world, diff)
    assert (file.old_text, file.new_text, file.set_aside) == (OLD, NEW, "")
    assert file.changed_lines == {4, 26}


def test_random_changes_are_read_as_git_made_them(world: World) -> None:
    chance = random.Random(7)
    for round_ in range(25):
        old = [
            chance.choice(["", "a", "b", "x = 1", "}"]) + str(chance.randrange(6)) for _ in range(chance.randrange(40))
        ]
        new = list(old)
        for _ in range(chance.randrange(1, 6)):
            at = chance.randrange(len(new) + 1)
            new[at : at + chance.randrange(3)] = [f"new {chance.randrange(9)}" for _ in range(chance.randrange(3))]
        texts = ["".join(f"{line}\n" for line in lines) for lines in (old, new)]
        world.write(a_py=texts[0])
        world.git("add", "-A")
        world.write(a_py=texts[1])
        diff = world.git("diff", f"-U{chance.randrange(4)}")
        if not diff:
            continue
        if round_ % 2:
            world.write(a_py=texts[0])
        file = only(world, diff)
        assert (file.old_text, file.new_text) == (texts[0], texts[1])


def test_lines_that_have_moved_are_found(world: World) -> None:
    world.write(a_py=NEW)
    diff = world.git("diff")
    world.write(a_py="# two lines\n# more\n" + OLD)
    file = only(world, diff)
    assert file.new_text == "# two lines\n# more\n" + NEW


def test_of_another_state_the_diffs_lines_are_all_that_is_known(world: World) -> None:
    world.write(a_py=NEW)
    diff = world.git("diff", "-U1")
    world.write(a_py="something else\n")
    changes = given(world.root, diff.encode(), "x")
    (file,) = changes.files
    assert file.changed_lines == {4, 26}
    assert file.new_lines[3] == "line three"
    assert file.set_aside
    assert ReviewedTree(world.root, changes).text("a.py") is None
    assert ReviewedTree(world.root, changes).changed_texts == {}
    assert "neither before nor after" in changes.notes[0]


def test_added_deleted_and_renamed(world: World) -> None:
    world.write(new_py="n = 1\n", gone_py="g = 1\n", moved_py=OLD + "end\n")
    world.commit()
    (world.root / "gone.py").unlink()
    world.git("mv", "moved.py", "to.py")
    world.write(added_py="added = 1\n", to_py=OLD)
    world.git("add", "-A")
    diff = world.git("diff", "--cached", "-M")
    world.git("reset", "-q", "--hard")
    files = {file.path: file for file in given(world.root, diff.encode(), "x").files}
    assert {path: file.status for path, file in files.items()} == {
        "added.py": "added", "gone.py": "deleted", "to.py": "renamed",
    }  # fmt: skip
    assert (files["to.py"].former, files["to.py"].old_text, files["to.py"].new_text) == ("moved.py", OLD + "end\n", OLD)
    assert (files["added.py"].new_text, files["gone.py"].old_text) == ("added = 1\n", "g = 1\n")


def test_windows_line_ends_and_other_encodings(world: World) -> None:
    world.git("config", "core.autocrlf", "false")
    world.put("crlf.py", b"a = 1\r\nb = 2\r\n")
    world.put("latin.py", "a = 1  # gr\xfc\xdfe\n".encode("latin-1"))
    world.git("add", "-A")
    world.put("crlf.py", b"a = 1\r\nb = 3\r\n")
    world.put("latin.py", "a = 2  # gr\xfc\xdfe\n".encode("latin-1"))
    files = {
        file.path: file for file in given(world.root, world.git("diff").encode("utf-8", "surrogateescape"), "x").files
    }
    assert files["crlf.py"].old_text == "a = 1\nb = 2\n"
    assert files["latin.py"].new_text == "a = 2  # gr\xfc\xdfe\n"


@pytest.mark.parametrize("path", ["../out.py", "/etc/passwd", "a/../../out.py"])
def test_nothing_outside_of_the_workspace_is_read(world: World, path: str) -> None:
    (world.root.parent / "out.py").write_text("secret\n")
    changes = given(world.root, f"--- {path}\n+++ {path}\n@@ -1 +1 @@\n-secret\n+x\n".encode(), "x")
    assert not changes.files
    assert "outside of the workspace" in changes.notes[0]


def test_a_former_path_outside_of_the_workspace_is_not_read(world: World) -> None:
    (world.root.parent / "out.py").write_text("secret\n")
    diff = "diff --git a/x b/in.py\nrename from ../out.py\nrename to in.py\n"
    file = only(world, diff + "--- ../out.py\n+++ in.py\n@@ -1 +1 @@\n-secret\n+x\n")
    assert file.old_text is None


def test_a_link_is_not_followed(world: World) -> None:
    (world.root.parent / "out.py").write_text("secret\n")
    (world.root / "link.py").symlink_to("../out.py")
    file = only(world, "--- a/link.py\n+++ b/link.py\n@@ -1 +1 @@\n-secret\n+x\n")
    assert (file.old_text, file.new_text, file.skipped) == (None, None, "symbolic link")


def test_binary_lines_and_huge_files_have_no_text(world: World) -> None:
    assert only(world, b"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+\0\1\n").skipped == "binary"
    large = b"".join(b"+" + b"x" * 1000 + b"\n" for _ in range(1100))
    assert only(world, b"--- /dev/null\n+++ b/x\n@@ -0,0 +1,1100 @@\n" + large).skipped == "larger than 1024 KB"
    assert only(world, b"--- a/a.py\n+++ b/a.py\n@@ -999999999 +999999999 @@\n-q\n+r\n").new_text is None


def test_of_files_that_a_diff_invents_only_so_many_are_held(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("codeassist.review.given_diff.MAX_BYTES", 1_000_000)
    diff = "".join(f"--- a/{n}.py\n+++ b/{n}.py\n@@ -999999,1 +999999,1 @@\n-a\n+b\n" for n in range(20))
    files = given(world.root, diff.encode(), "x").files
    assert len(files) == 20
    assert sum(len(file.new_text or "") for file in files) < 3_000_000
    assert files[-1].skipped.startswith("the change has more than")
