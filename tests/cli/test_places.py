from __future__ import annotations

from pathlib import Path

import pytest
import typer

from codeassist.commands.places import (
    Position,
    find_file,
    git_root,
    given_workspace,
    parse_position,
    workspace_of,
)
from codeassist.types import Cursor


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("a.py:1:1", Position("a.py", 1, 1)),
        ("src/a.py:12:5", Position("src/a.py", 12, 5)),
        ("odd:name:1.py:3:4", Position("odd:name:1.py", 3, 4)),
        ("a b.py:1:20", Position("a b.py", 1, 20)),
        ("1:2:3", Position("1", 2, 3)),
    ],
)
def test_a_position_is_read_from_the_right(text: str, position: Position) -> None:
    assert parse_position(text) == position


@pytest.mark.parametrize("text", ["", "a.py", "a.py:3", "a.py:x:1", ":1:1", "a.py:1:", "a.py:-1:1", "a.py:1:1 "])
def test_what_is_no_position_is_told_with_an_example(text: str) -> None:
    with pytest.raises(typer.BadParameter, match=r"write it like src/app\.py:12:5"):
        parse_position(text)


@pytest.mark.parametrize("text", ["a.py:0:1", "a.py:1:0"])
def test_lines_and_columns_count_from_one(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="count from 1"):
        parse_position(text)


def test_absurd_numbers_are_refused() -> None:
    with pytest.raises(typer.BadParameter, match="no file has that many"):
        parse_position("a.py:" + "9" * 5000 + ":1")


def test_the_cursor_counts_from_zero() -> None:
    assert Position("a.py", 3, 1).cursor == Cursor(2, 0)


def test_the_workspace_of_a_file_is_its_git_root(tmp_path: Path) -> None:
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    (tmp_path / "repo" / "src").mkdir()
    assert workspace_of(tmp_path / "repo" / "src" / "a.py") == tmp_path / "repo"
    assert given_workspace(None, tmp_path / "repo" / "src") == tmp_path / "repo"


def test_a_worktree_whose_git_is_a_file_is_a_root_too(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: elsewhere")
    assert git_root(tmp_path) == tmp_path


def test_without_git_the_workspace_is_the_folder(tmp_path: Path) -> None:
    assert workspace_of(tmp_path / "a.py") == tmp_path


def test_a_named_workspace_must_be_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(typer.BadParameter, match="does not exist"):
        given_workspace(Path("gone"), tmp_path)
    with pytest.raises(typer.BadParameter, match="is a file"):
        given_workspace(Path("file"), tmp_path)


def test_a_file_is_looked_for_here_and_then_in_the_workspace(tmp_path: Path) -> None:
    (tmp_path / "repo").mkdir()
    (tmp_path / "repo" / "a.py").write_text("")
    assert find_file("a.py", tmp_path, tmp_path / "repo") == tmp_path / "repo" / "a.py"
    (tmp_path / "a.py").write_text("")
    assert find_file("a.py", tmp_path, tmp_path / "repo") == tmp_path / "a.py"
