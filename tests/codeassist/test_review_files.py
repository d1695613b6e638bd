"""Added files that do not belong in a repository, and parts of merge conflicts."""

from __future__ import annotations

from pathlib import Path

import pytest

from codeassist.findings.conflicts import merge_conflicts
from codeassist.review import gathering
from codeassist.review.changes import ChangedFile, FileStatus
from codeassist.review.hygiene.files import find_files
from codeassist.review.hygiene.markers import find_markers
from indexer.gitcommand import output_of

KB = 1024


def told(path: str, text: str | None = None, n_bytes: int = 0, status: FileStatus = "added", skipped: str = "") -> str:
    size = n_bytes or len(text or "")
    findings = find_files([ChangedFile(path, status, new_text=text, skipped=skipped, n_bytes=size)], 100)
    assert len(findings) <= 1
    return f"{findings[0].category} {findings[0].severity}: {findings[0].message}" if findings else ""


@pytest.mark.parametrize(
    ("path", "text", "n_bytes", "skipped", "expected"),
    [
        (
            "model.bin",
            None,
            2000 * KB,
            "larger than 1024 KB",
            "huge-file warning: `model.bin` has 2.0 MiB: keep it in Git",
        ),
        ("a.png", None, 200 * KB, "binary", "huge-file warning: `a.png` has 0.2 MiB: keep it in Git LFS"),
        ("a.min.js", "x" * 200 * KB, 0, "", "looks made by a tool"),
        ("src/a.js", "x=1;" * 50 * KB, 0, "", "looks made by a tool"),
        ("a_pb2.py", "x = 1\n" * 50 * KB, 0, "", "looks made by a tool"),
        ("vendor/a/a.go", "x = 1\n" * 50 * KB, 0, "", "declare it as a dependency"),
        ("poetry.lock", "x = 1\n" * 50 * KB, 0, "", "huge-file note: `poetry.lock` has 0.3 MiB"),
        ("pkg/__pycache__/a.pyc", None, 10, "binary", "files of `pkg/__pycache__` are added"),
        ("node_modules/a/b/index.js", "x", 0, "", "files of `node_modules` are added"),
        (".DS_Store", None, 10, "binary", "`.DS_Store` is made by a tool"),
        ("src/a.py.orig", "x", 0, "", "is made by a tool"),
        (".env", "KEY=abcdef\n", 0, "", "secret warning: `.env` is a file that holds secrets"),
        ("deploy/id_rsa", "x", 0, "", "secret warning: `id_rsa`"),
        ("a.p12", None, 10, "binary", "secret warning: `a.p12`"),
        ("a.png", None, 90 * KB, "binary", ""),
        ("a.py", "x = 1\n", 0, "", ""),
        (".env", "KEY=\nOTHER=${HOME}\n", 0, "", ""),
        (".env.example", "KEY=abcdef\n", 0, "", ""),
        ("tests/fixtures/.env", "KEY=abcdef\n", 0, "", ""),
        ("tests/data/__pycache__/a.py", "x", 0, "", ""),
        ("big.bin", None, 2000 * KB, "LFS pointer", ""),
        ("sub", None, 2000 * KB, "submodule", ""),
    ],
)
def test_added_files(path: str, text: str | None, n_bytes: int, skipped: str, expected: str) -> None:
    message = told(path, text, n_bytes, skipped=skipped)
    assert expected in message if expected else message == ""


@pytest.mark.parametrize("status", ["modified", "renamed", "deleted", "copied"])
def test_what_was_there_before_may_be_large(status: FileStatus) -> None:
    assert told("a.bin", None, 2000 * KB, status) == ""


def test_a_folder_is_told_once() -> None:
    files = [ChangedFile(f"node_modules/a/{n}.js", "added", new_text="x", n_bytes=1) for n in range(50)]
    assert len(find_files(files, 100)) == 1


def git(root: Path, *arguments: str) -> None:
    output_of(root, "-c", "user.name=a", "-c", "user.email=a@b", *arguments)


def test_the_size_is_known_of_what_is_too_large_to_be_read(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "big.bin").write_bytes(b"\0" * 3_000_000)
    (tmp_path / "small.py").write_text("x = 1\n", encoding="utf-8")
    git(tmp_path, "add", ".")
    files = {file.path: file for file in gathering.staged(tmp_path).files}
    assert files["big.bin"].skipped == "larger than 1024 KB"
    assert {path: file.n_bytes for path, file in files.items()} == {"big.bin": 3_000_000, "small.py": 6}


CONFLICT = "<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> topic\n"


@pytest.mark.parametrize("path", ["a.yaml", "a.py", "Makefile", "a.unknown", "a.json", "a.sql", "a.css", "Dockerfile"])
def test_a_whole_conflict_is_found_in_any_kind_of_file(path: str) -> None:
    assert [one.start_line for one in merge_conflicts(path, f"x\n{CONFLICT}")] == [2]


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("a.py", "x = 1\n>>>>>>> topic\n", [2]),
        ("a.py", "<<<<<<< HEAD\nx = 1\n", [1]),
        ("a.yaml", "a: 1\n>>>>>>> 1a2b3c4d5e (Change it)\n", [2]),
        ("a.c", "int a;\n||||||| 1a2b3c4\nint b;\n", [2]),
        ("a.py", 'TEXT = """\n>>>>>>> topic\n"""\n', []),
        ("a.md", ">>>>>>> topic\n", []),
        ("a.patch", ">>>>>>> topic\n", []),
        ("a.txt", "=======\n", []),
        ("a.rst", "Title\n=======\n", []),
        ("a.yaml", CONFLICT, []),
        ("a.yaml", ">>>>>>> a b c: what is this\n", []),
    ],
)
def test_a_part_of_a_conflict_is_found_where_it_breaks_the_file(path: str, text: str, expected: list[int]) -> None:
    findings = find_markers(ChangedFile(path, "added", new_text=text))
    assert [finding.start_line for finding in findings] == expected


def test_a_marker_that_was_there_before_is_not_told() -> None:
    before = "x = 1\n>>>>>>> topic\n"
    assert find_markers(ChangedFile("a.py", "modified", old_text=before, new_text=f"y = 2\n{before}")) == []
