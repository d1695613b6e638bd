from __future__ import annotations

from pathlib import Path

import pytest

from codeassist.documents import comment_leader, make_document, offset_of, read_document
from codeassist.errors import CursorError, DocumentError
from codeassist.types import Cursor


def test_line_ends_are_unified_and_remembered() -> None:
    document = make_document("a.py", "\ufeffa\r\nb\rc\n")
    assert (document.text, document.newline) == ("a\nb\nc\n", "\r\n")


@pytest.mark.parametrize(("line", "column", "expected"), [(0, 0, 0), (0, 2, 2), (1, 0, 3), (2, 0, 6)])
def test_offsets_count_code_points(line: int, column: int, expected: int) -> None:
    assert offset_of(make_document("a.py", "🎉b\ncd\n"), Cursor(line, column)) == expected


@pytest.mark.parametrize(("line", "column"), [(3, 0), (-1, 0), (0, 3), (0, -1), (10**9, 0)])
def test_cursor_outside_is_an_error_that_names_the_place(line: int, column: int) -> None:
    with pytest.raises(CursorError, match=r"a\.py"):
        offset_of(make_document("a.py", "🎉b\ncd\n"), Cursor(line, column))


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"\x7fELF\0\0", "binary"), (b"x" * (4 * 1024 * 1024 + 1), "MiB")],
)
def test_what_cannot_be_completed_in_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "f").write_bytes(content)
    with pytest.raises(DocumentError, match=message):
        read_document(tmp_path / "f", "f")


def test_a_200_megabyte_file_is_refused_without_reading_it(tmp_path: Path) -> None:
    with (tmp_path / "big.py").open("wb") as file:
        file.truncate(200 * 1024 * 1024)
    with pytest.raises(DocumentError, match="200 MiB"):
        read_document(tmp_path / "big.py", "big.py")


def test_missing_files_and_folders_are_document_errors(tmp_path: Path) -> None:
    for file in (tmp_path / "none.py", tmp_path):
        with pytest.raises(DocumentError):
            read_document(file, "x")


def test_text_that_is_not_utf8_keeps_its_columns(tmp_path: Path) -> None:
    (tmp_path / "latin.py").write_bytes("name = 'Müller'\n".encode("latin-1"))
    assert read_document(tmp_path / "latin.py", "latin.py").text == "name = 'Müller'\n"


@pytest.mark.parametrize(
    ("path", "leader"), [("a/b.py", "#"), ("x.ts", "//"), ("q.SQL", "--"), ("Makefile", "#"), ("none", "#")]
)
def test_comment_leader_follows_the_file_name(path: str, leader: str) -> None:
    assert comment_leader(path) == leader
