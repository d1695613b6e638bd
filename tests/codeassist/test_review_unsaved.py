"""A change with the texts that an editor has not saved."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from codeassist.review.changes import Changes
from codeassist.review.gathering import uncommitted
from codeassist.review.tree import ReviewedTree
from codeassist.review.unsaved import with_open_texts

BEFORE = "a\nb\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """same.py and changed.py are committed, and the latter is changed; new.py is new; made.py is ignored by git."""
    for name in ("same.py", "changed.py"):
        (tmp_path / name).write_text(BEFORE)
    (tmp_path / ".gitignore").write_text("made.py\n")
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "begin"]):
        git = ["git", "-c", "user.name=a", "-c", "user.email=a@localhost", *arguments]
        subprocess.run(git, cwd=tmp_path, check=True, timeout=30)
    for name in ("changed.py", "new.py", "made.py"):
        (tmp_path / name).write_bytes(b"a\r\nc\r\n")
    return tmp_path


def hunks(changes: Changes) -> dict[str, list[tuple[str, ...]]]:
    """The new lines of each file's hunks."""
    return {file.path: [hunk.new_lines for hunk in file.hunks] for file in changes.files}


def test_what_is_open_and_saved_changes_nothing(root: Path) -> None:
    texts = {"same.py": BEFORE, "changed.py": "a\nc\n", "new.py": "a\nc\n", "made.py": "a\nc\n"}
    assert with_open_texts(root, uncommitted(root), texts) == uncommitted(root)


def test_a_text_that_is_not_saved_takes_the_place_of_the_one_on_the_disk(root: Path) -> None:
    texts = {"same.py": "a\nb\nx\n", "changed.py": "a\ny\n", "new.py": "z\n"}
    changes = with_open_texts(root, uncommitted(root), texts)
    assert hunks(changes) == {"changed.py": [("y",)], "new.py": [("z",)], "same.py": [("x",)]}
    assert changes.files[-1].status == "modified"
    assert {path: ReviewedTree(root, changes).text(path) for path in texts} == texts


def test_what_an_editor_has_taken_back_is_no_change(root: Path) -> None:
    changes = with_open_texts(root, uncommitted(root), {"changed.py": BEFORE})
    assert [file.path for file in changes.files] == ["new.py"]
    assert ReviewedTree(root, changes).text("changed.py") == BEFORE


def test_what_git_ignores_is_no_change_though_it_counts_for_others(root: Path) -> None:
    changes = with_open_texts(root, uncommitted(root), {"made.py": "x\n"})
    assert "made.py" not in hunks(changes)
    assert ReviewedTree(root, changes).text("made.py") == "x\n"


def test_a_file_that_is_on_no_disk_is_left_to_its_editor(root: Path) -> None:
    (root / "changed.py").unlink()
    changes = with_open_texts(root, uncommitted(root), {"nowhere.py": "x\n", "changed.py": BEFORE})
    assert [(file.path, file.status) for file in changes.files] == [("changed.py", "deleted"), ("new.py", "added")]
