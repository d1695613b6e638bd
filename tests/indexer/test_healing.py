"""Damage anywhere in the index costs a rebuild: at the next refresh, or before a person's question is answered."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from indexer.embedding import HashingEmbedder
from indexer.index import CodeIndex
from indexer.store import FILE_NAME
from indexer.types import Query

N_FILES = 12
PARTS = [
    "chunks", "chunks_hash", "chunks_text_data", "chunks_text_idx", "files", "imports", "meta", "symbols",
    "symbols_lower", "vectors", "sqlite_autoindex_vectors_1",
]  # fmt: skip
AT_A_CURSOR = Query("", path="asks.py", source="from m3 import f3\nf3()\n", line=2)

Open = Callable[..., CodeIndex]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "plain"
    folder.mkdir()
    for n in range(N_FILES):
        (folder / f"m{n}.py").write_text(f"import os\n\n\ndef f{n}():\n    return {n}\n")
    return folder


@pytest.fixture
def index(root: Path, open_index: Open) -> CodeIndex:
    opened = open_index(root, embedder=HashingEmbedder())
    opened.refresh()
    return opened


def damage(tmp_path: Path, part: str) -> None:
    """Overwrite the first page of a table or of an index."""
    file = tmp_path / "index" / FILE_NAME
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    (page_size,) = connection.execute("PRAGMA page_size").fetchone()
    (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (part,)).fetchone()
    connection.close()
    with file.open("r+b") as stream:
        stream.seek((page - 1) * page_size)
        stream.write(b"\xa5" * page_size)


def answers(index: CodeIndex) -> tuple[Any, ...]:
    return index.search(Query("f7"), 3), index.search(AT_A_CURSOR, 3), index.symbols("f5")


@pytest.mark.parametrize("part", PARTS)
def test_a_new_process_that_refreshes_and_searches_heals_damage_anywhere(
    tmp_path: Path, root: Path, index: CodeIndex, open_index: Open, part: str
) -> None:
    expected = answers(index)
    index.close()
    damage(tmp_path, part)
    again = open_index(root, embedder=HashingEmbedder())

    assert again.refresh().files == N_FILES
    assert again.search(Query("f7"), 3)
    assert answers(again) == expected
    assert again.refresh().files == N_FILES


def test_a_cursor_does_not_wait_and_the_next_refresh_rebuilds(tmp_path: Path, index: CodeIndex) -> None:
    expected = answers(index)
    damage(tmp_path, "chunks_text_data")
    question = Query("", path="asks.py", source="return_value = f7\n", line=1)
    assert index.search(question, 3) == []
    report = index.refresh()
    assert (report.files, report.changed) == (N_FILES, N_FILES)
    assert any("damaged" in warning for warning in report.warnings)
    assert answers(index) == expected


@pytest.mark.parametrize("part", ["vectors", "chunks_hash"])
def test_damage_that_shows_among_the_vectors_costs_no_files(tmp_path: Path, index: CodeIndex, part: str) -> None:
    expected = answers(index)
    damage(tmp_path, part)
    (tmp_path / "plain" / "new.py").write_text("def fresh(): pass\n")
    report = index.refresh()
    assert report.files == N_FILES + 1
    assert index.symbols("fresh")
    assert answers(index) == expected


@pytest.mark.parametrize("part", ["files", "chunks_text_data", "vectors"])
def test_a_saved_file_that_meets_damage_brings_all_others_back(tmp_path: Path, index: CodeIndex, part: str) -> None:
    index.search(Query("f1"), 1)
    damage(tmp_path, part)
    index.refresh_file("m3.py", "def unsaved():\n    return f7\n")
    assert index.symbols("unsaved")
    assert index.symbols("f7")
    assert index.refresh().files == N_FILES


def test_a_saved_file_rebuilds_what_a_cursor_found_damaged(tmp_path: Path, index: CodeIndex) -> None:
    damage(tmp_path, "symbols_name")
    assert index.symbols("f7") == []
    index.refresh_file("m3.py", "def unsaved(): pass\n")
    assert index.symbols("f7")
    assert index.symbols("unsaved")
