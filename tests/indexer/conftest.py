from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from indexer.index import CodeIndex

GIT = ["git", "-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"]


def write_tree(root: Path, files: dict[str, str | bytes]) -> Path:
    """Writes the files of a repository."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def run_git(root: Path, *arguments: str) -> None:
    subprocess.run([*GIT, *arguments], cwd=root, check=True, capture_output=True, timeout=60)


@pytest.fixture
def git() -> Callable[..., None]:
    return run_git


@pytest.fixture
def write() -> Callable[[Path, dict[str, Any]], Path]:
    return write_tree


@pytest.fixture
def repository(tmp_path: Path) -> Callable[[dict[str, Any]], Path]:
    """Makes a git repository in which these files are committed."""

    def make(files: dict[str, Any]) -> Path:
        root = write_tree(tmp_path / "repository", files)
        root.mkdir(exist_ok=True)
        run_git(root, "init", "-q")
        run_git(root, "add", "-A")
        run_git(root, "commit", "-q", "--allow-empty", "-m", "first")
        return root

    return make


@pytest.fixture
def open_index(tmp_path: Path) -> Iterator[Callable[..., CodeIndex]]:
    """Opens indexes and closes them after the test; without `directory` all share one folder."""
    opened: list[CodeIndex] = []

    def open_one(root: Path, **options: Any) -> CodeIndex:
        options = {"directory": tmp_path / "index", "embedder": None, **options}
        opened.append(CodeIndex.open(root, **options))
        return opened[-1]

    yield open_one
    for index in opened:
        index.close()
