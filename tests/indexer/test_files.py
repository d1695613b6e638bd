from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path

import pytest

from indexer.files import SourceFile, blob_id, decode, may_pass, read_source
from indexer.rules import Rules
from indexer.types import SkippedFile

RULES = Rules(max_file_kb=1024)


def read(root: Path, name: str = "a.py") -> SourceFile | SkippedFile:
    return read_source(root, name, RULES)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"a = 1\r\nb = 2\r\n", "a = 1\nb = 2\n"),
        (b"a\rb\n", "a\nb\n"),
        (b"\xef\xbb\xbfa = 1\n", "a = 1\n"),
        ("name = 'é'\n".encode("latin-1"), "name = 'é'\n"),
        ("a = 'ü€😀'\n".encode(), "a = 'ü€😀'\n"),
        ("a = 1\n".encode("utf-16"), "a = 1\n"),
        (b"a\x0cb\n", "a\x0cb\n"),
        (b"", ""),
    ],
)
def test_text_is_read_whatever_its_encoding_and_line_ends(tmp_path: Path, content: bytes, text: str) -> None:
    (tmp_path / "a.py").write_bytes(content)
    assert read(tmp_path) == SourceFile("a.py", text, len(content))


@pytest.mark.parametrize(
    "content", [b"a\0b", bytes(range(256)), b"\xff\xfe\x00\xd8\x01", random.Random(7).randbytes(64) + b"\x01\xff"]
)
def test_binary_content_is_no_text(content: bytes) -> None:
    assert decode(content) is None


def test_a_sparse_file_of_200_mb_is_skipped_unread(tmp_path: Path) -> None:
    with (tmp_path / "a.py").open("wb") as file:
        file.truncate(200 * 1024 * 1024)
    assert read(tmp_path) == SkippedFile("a.py", "larger than 1024 KB")


def test_a_vanished_file_is_skipped(tmp_path: Path) -> None:
    assert read(tmp_path) == SkippedFile("a.py", "gone")


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a.py").symlink_to("a.py")
    assert read(tmp_path) == SkippedFile("a.py", "symbolic link")


def test_a_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.py")
    assert read(tmp_path) == SkippedFile("a.py", "not a regular file")


def test_a_folder_in_the_place_of_a_file_is_skipped(tmp_path: Path) -> None:
    (tmp_path / "a.py").mkdir()
    assert read(tmp_path) == SkippedFile("a.py", "not a regular file")


def test_a_folder_in_the_place_of_a_file_costs_no_descriptor(tmp_path: Path) -> None:
    (tmp_path / "a.py").mkdir()
    before = len(list(Path("/proc/self/fd").iterdir()))
    read(tmp_path)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.parametrize("target", ["../outside", "inside"])
def test_nothing_below_a_linked_folder_is_read(tmp_path: Path, target: str) -> None:
    root = tmp_path / "root"
    for folder in (tmp_path / "outside/deep", root / "inside/deep"):
        folder.mkdir(parents=True)
        (folder / "f.py").write_text("secret = 1")
    (root / "d").symlink_to(target)
    assert read(root, "d/deep/f.py") == SkippedFile("d/deep/f.py", "below a symbolic link")


def test_a_workspace_may_itself_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "root/d").mkdir(parents=True)
    (tmp_path / "root/d/f.py").write_text("a = 1")
    (tmp_path / "link").symlink_to("root")
    assert isinstance(read(tmp_path / "link", "d/f.py"), SourceFile)


def test_a_file_in_the_place_of_a_folder_makes_what_was_in_it_gone(tmp_path: Path) -> None:
    (tmp_path / "d").write_text("")
    assert read(tmp_path, "d/f.py") == SkippedFile("d/f.py", "gone")


def test_only_what_the_disk_says_may_pass() -> None:
    of_the_disk = ["gone", "cannot be read: Permission denied", "symbolic link", "below a symbolic link"]
    assert all(may_pass(reason) for reason in [*of_the_disk, "not a regular file"])
    assert not any(may_pass(reason) for reason in ["binary", "larger than 1 KB", "looks like a secret", "minified"])


def test_blob_ids_are_those_of_git(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"hello\n")
    said = subprocess.run(
        ["git", "hash-object", tmp_path / "a"], capture_output=True, text=True, check=True, timeout=30
    )
    assert blob_id(b"hello\n") == said.stdout.strip()
