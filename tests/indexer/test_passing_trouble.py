"""What the disk withholds for a moment comes back, and what a full refresh leaves out no single file brings in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from indexer.types import SkippedFile

Make = Callable[[dict[str, Any]], Path]
Open = Callable[..., Any]


def test_a_file_that_vanished_for_a_moment_is_read_when_it_is_back(repository: Make, open_index: Open) -> None:
    root = repository({"a.py": "def a(): pass\n", "b.py": "def b(): pass\n"})
    index = open_index(root)

    def move_away(progress: Any) -> None:
        if progress.phase == "scan" and (root / "b.py").exists():
            (root / "b.py").rename(root.parent / "aside.py")

    assert index.refresh(move_away).skipped == (SkippedFile("b.py", "gone"),)
    (root.parent / "aside.py").rename(root / "b.py")
    report = index.refresh()
    assert report.skipped == ()
    assert index.symbols("b")


def test_a_file_of_a_nested_repository_does_not_come_in_by_itself(
    repository: Make, open_index: Open, git: Callable[..., None]
) -> None:
    root = repository({"a.py": "def a(): pass\n"})
    (root / "inner").mkdir()
    git(root / "inner", "init", "-q")
    (root / "inner/b.py").write_text("def b(): pass\n")
    index = open_index(root)
    index.refresh()
    index.refresh_file("inner/b.py")
    index.refresh_file("inner/c.py", "def c(): pass\n")
    assert not index.symbols("b")
    assert not index.symbols("c")
