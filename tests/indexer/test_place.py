"""The folder of the index may be read-only, or be deleted or replaced while the index is open."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from indexer.embedding import HashingEmbedder
from indexer.errors import IndexDamaged
from indexer.index import CodeIndex
from indexer.place import place_for
from indexer.store import FILE_NAME, Store
from indexer.types import Progress, Query

Open = Callable[..., CodeIndex]

AT_A_CURSOR = Query("", path="asks.py", source="from lib import kept\nkept()\n", line=2)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "plain"
    folder.mkdir()
    (folder / "lib.py").write_text("def kept(): pass\n")
    (folder / "other.py").write_text("def other(): pass\n")
    return folder


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "index"


@pytest.fixture
def read_only(monkeypatch: pytest.MonkeyPatch, directory: Path, tmp_path: Path) -> Callable[[], None]:
    """Makes what the index folder holds read-only: for root too, whom modes do not stop, and temporary files stay."""

    def lock() -> None:
        sound = os.access
        monkeypatch.setenv("TMPDIR", str(tmp_path))
        monkeypatch.setattr("tempfile.tempdir", None)
        monkeypatch.setattr(
            os,
            "access",
            lambda path, mode: not (mode & os.W_OK and directory in (path, path.parent)) and sound(path, mode),
        )
        for file in directory.iterdir():
            file.chmod(stat.S_IRUSR)
        directory.chmod(stat.S_IRUSR | stat.S_IXUSR)

    return lock


def temporary_folders(tmp_path: Path) -> list[Path]:
    return sorted(tmp_path.glob("codeassist-index-*"))


def test_a_read_only_index_is_copied_brought_up_to_date_and_left_as_it_was(
    root: Path, directory: Path, tmp_path: Path, open_index: Open, read_only: Callable[[], None]
) -> None:
    first = open_index(root)
    first.refresh()
    first.close()
    before = (directory / FILE_NAME).read_bytes()
    read_only()
    (root / "lib.py").write_text("def changed(): pass\n")

    index = open_index(root)
    report = index.refresh()

    assert (report.files, report.changed) == (2, 1)
    assert [w for w in report.warnings if str(directory) in w and "temporary" in w]
    assert index.symbols("changed")
    assert len(temporary_folders(tmp_path)) == 1
    index.close()
    assert temporary_folders(tmp_path) == []
    assert (directory / FILE_NAME).read_bytes() == before


def test_what_another_process_has_not_merged_yet_is_copied_too(
    root: Path, directory: Path, open_index: Open, read_only: Callable[[], None]
) -> None:
    open_index(root).refresh()
    assert (directory / f"{FILE_NAME}-wal").stat().st_size
    read_only()
    assert open_index(root).symbols("kept")


def test_a_damaged_read_only_index_is_built_anew_in_the_copy(
    root: Path, directory: Path, open_index: Open, read_only: Callable[[], None]
) -> None:
    directory.mkdir()
    (directory / FILE_NAME).write_bytes(b"no database" * 1000)
    read_only()
    index = open_index(root)
    assert index.refresh().files == 2
    assert index.symbols("kept")


def test_a_folder_that_may_not_be_made_is_replaced_by_a_temporary_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, **_: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    with monkeypatch.context() as patched:
        patched.setattr(Path, "mkdir", refuse)
        place = place_for(tmp_path / "index", FILE_NAME)
    assert place.directory.is_dir()
    assert str(tmp_path / "index") in place.warning
    place.remove()
    place.remove()
    assert not place.directory.exists()


def test_a_store_that_cannot_open_its_temporary_folder_leaves_none(
    directory: Path, tmp_path: Path, read_only: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    directory.mkdir()
    read_only()
    monkeypatch.setattr("sqlite3.connect", _no_connection)
    with pytest.raises(IndexDamaged):
        Store(directory)
    assert temporary_folders(tmp_path) == []


def _no_connection(*_: object, **__: object) -> None:
    import sqlite3

    error = sqlite3.OperationalError("unable to open database file")
    error.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
    raise error


def test_a_deleted_folder_is_made_again_at_the_next_refresh(root: Path, directory: Path, open_index: Open) -> None:
    index = open_index(root, embedder=HashingEmbedder())
    index.refresh()
    expected = index.search(AT_A_CURSOR, 1), index.search(Query("other"), 1)
    shutil.rmtree(directory)
    report = index.refresh()
    assert (report.files, report.changed) == (2, 2)
    assert (index.search(AT_A_CURSOR, 1), index.search(Query("other"), 1)) == expected
    assert open_index(root).symbols("kept")


def test_a_saved_file_brings_all_back_after_the_folder_was_deleted(
    root: Path, directory: Path, open_index: Open
) -> None:
    index = open_index(root)
    index.refresh()
    shutil.rmtree(directory)
    index.refresh_file("lib.py", "def kept(): return 2\n")
    assert index.symbols("other")
    assert [hit.symbol for hit in index.search(AT_A_CURSOR, 1)] == ["kept"]


def test_a_question_after_the_folder_was_deleted_finds_nothing_and_no_error(
    root: Path, directory: Path, open_index: Open
) -> None:
    index = open_index(root)
    index.refresh()
    shutil.rmtree(directory)
    assert index.search(AT_A_CURSOR, 1) == []
    index.refresh()
    assert index.search(AT_A_CURSOR, 1)


def test_an_index_that_another_process_put_in_its_place_is_read_at_once(
    root: Path, directory: Path, open_index: Open
) -> None:
    index = open_index(root, embedder=HashingEmbedder())
    index.refresh()
    index.search(AT_A_CURSOR, 1)
    (root / "a_first.py").write_text("def fresh(): pass\n")
    shutil.rmtree(directory)
    other = open_index(root, embedder=HashingEmbedder())
    other.refresh()
    assert index.symbols("fresh")
    assert [hit.path for hit in index.search(AT_A_CURSOR, 1)] == ["lib.py"]
    assert index.search(Query("fresh"), 1) == other.search(Query("fresh"), 1)
    assert index.refresh().changed == 0


def test_a_folder_that_is_deleted_during_a_refresh_is_filled_all_the_same(
    root: Path, directory: Path, open_index: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.refresh.FILES_PER_TRANSACTION", 1)
    index = open_index(root)
    deleted: list[Progress] = []

    def delete_once(progress: Progress) -> None:
        if progress.phase == "parse" and progress.done == 2 and not deleted:
            deleted.append(progress)
            shutil.rmtree(directory)

    assert index.refresh(delete_once).files == 2
    assert deleted
    assert open_index(root).symbols("kept")
