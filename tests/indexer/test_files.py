from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from indexer.files import SourceFile, blob_id, decode, read_source
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


@pytest.mark.parametrize("content", [b"a\0b", bytes(range(256)), b"\xff\xfe\x00\xd8\x01", os.urandom(64) + b"\x01\xff"])
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
    assert isinstance(read(tmp_path), SkippedFile)


def test_blob_ids_are_those_of_git(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"hello\n")
    said = subprocess.run(
        ["git", "hash-object", tmp_path / "a"], capture_output=True, text=True, check=True, timeout=30
    )
    assert blob_id(b"hello\n") == said.stdout.strip()
