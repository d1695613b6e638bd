from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from indexer.ignore_files import read_patterns
from indexer.privacy import Privacy
from indexer.rules import NameRules, read_rules

Write = Callable[..., Path]

IGNORED = "ignored by .codeassistignore"


def rules_of(root: Path) -> NameRules:
    return NameRules(read_rules(root, 1024, ()))


def test_the_ignore_files_above_the_workspace_count_up_to_the_root_of_the_repository(
    tmp_path: Path, write: Write
) -> None:
    write(
        tmp_path,
        {
            ".codeassistignore": "beyond.py\n", "top/.git/HEAD": "",
            "top/.codeassistignore": "/pkg/app/gen/\n*.tmp.py\n",
            "top/pkg/.codeassistignore": "app/private.py\n/other.py\n", "top/pkg/app/a.py": "",
        },
    )  # fmt: skip
    rules = rules_of(tmp_path / "top/pkg/app")
    assert rules.reason("gen/a.py") == IGNORED
    assert rules.reason("sub/b.tmp.py") == IGNORED
    assert rules.reason("private.py") == IGNORED
    assert rules.reason("sub/gen/a.py") is None
    assert rules.reason("other.py") is None
    assert rules.reason("beyond.py") is None


def test_the_nearest_ignore_file_decides(tmp_path: Path, write: Write) -> None:
    write(tmp_path, {".git/HEAD": "", ".codeassistignore": "*.tmp.py\n", "app/.codeassistignore": "!keep.tmp.py\n"})
    rules = rules_of(tmp_path / "app")
    assert rules.reason("keep.tmp.py") is None
    assert rules.reason("lose.tmp.py") == IGNORED


def test_a_workspace_in_an_ignored_folder_is_ignored(tmp_path: Path, write: Write) -> None:
    write(tmp_path, {".git/HEAD": "", ".codeassistignore": "private/\n", "private/a.py": ""})
    assert rules_of(tmp_path / "private").reason("a.py") == IGNORED


def test_a_workspace_in_an_ignored_folder_does_not_let_itself_in(tmp_path: Path, write: Write) -> None:
    write(tmp_path, {".git/HEAD": "", ".codeassistignore": "private/\n", "private/app/.codeassistignore": "!a.py\n"})
    assert rules_of(tmp_path / "private/app").reason("a.py") == IGNORED


def test_without_a_repository_and_at_its_root_nothing_above_counts(tmp_path: Path, write: Write) -> None:
    write(tmp_path, {".codeassistignore": "*.py\n", "plain/a.py": "", "top/.git/HEAD": "", "top/a.py": ""})
    assert rules_of(tmp_path / "plain").reason("a.py") is None
    assert rules_of(tmp_path / "top").reason("a.py") is None


def test_a_document_that_an_ignore_file_above_names_is_withheld(tmp_path: Path, write: Write) -> None:
    write(tmp_path, {".git/HEAD": "", ".codeassistignore": "/app/private/\n", "app/a.py": ""})
    privacy = Privacy(lambda: read_rules(tmp_path / "app", 1024, ()), lambda _path: False)
    assert privacy.reason("private/a.py", "") == IGNORED
    assert privacy.reason("a.py", "") is None


def test_a_byte_order_mark_is_no_part_of_the_first_pattern(tmp_path: Path, write: Write) -> None:
    write(tmp_path, {".codeassistignore": b"\xef\xbb\xbfprivate/\n"})
    assert rules_of(tmp_path).reason("private/a.py") == IGNORED


def test_a_pipe_in_the_place_of_an_ignore_file_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".codeassistignore")
    assert read_patterns(tmp_path / ".codeassistignore") == ()
