"""The index on disk survives what happens to files: killed writers, damaged bytes, old formats, company."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from indexer import records
from indexer.errors import IndexClosed, IndexDamaged, IndexUnavailable
from indexer.schema import FORMAT
from indexer.store import FILE_NAME, Store
from indexer.types import Query

ROOT = Path(__file__).parents[2]

# Writes files for ever inside one transaction and says when it has begun.
WRITER = """
import sys
sys.path[:0] = {paths!r}
from pathlib import Path
from indexer import records
from indexer.files import SourceFile
from indexer.rows import rows_of_text
from indexer.store import Store
store = Store(Path({directory!r}))
with store.writing() as connection:
    for n in range(10**9):
        text = f"def f{{n}}(): return {{n}}\\n" * 50
        records.replace_file(connection, rows_of_text(SourceFile(f"m{{n}}.py", text, len(text))), str(n))
        if n == 40:
            print("writing", flush=True)
"""


def test_a_writer_killed_in_the_middle_leaves_an_index_that_opens(tmp_path: Path, open_index: Callable) -> None:
    root = tmp_path / "plain"
    root.mkdir()
    (root / "kept.py").write_text("def kept(): pass\n")
    open_index(root).refresh()
    code = WRITER.format(paths=[str(ROOT)], directory=str(tmp_path / "index"))
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"writing\n"
        os.kill(process.pid, signal.SIGKILL)

    again = open_index(root)

    assert [symbol.name for symbol in again.symbols("kept")] == ["kept"]
    assert again.symbols("f0") == []
    report = again.refresh()
    assert (report.files, report.changed, report.warnings) == (1, 0, ())


def test_an_index_of_an_older_format_is_set_aside_and_built_anew(tmp_path: Path, open_index: Callable) -> None:
    root = tmp_path / "plain"
    root.mkdir()
    (root / "a.py").write_text("def kept(): pass\n")
    index = open_index(root)
    index.refresh()
    index.close()
    with sqlite3.connect(tmp_path / "index" / FILE_NAME) as connection:
        connection.execute(f"PRAGMA user_version = {FORMAT + 7}")
    connection.close()

    index = open_index(root)
    asides = list((tmp_path / "index").glob("*.aside*"))
    report = index.refresh()

    assert report.files == report.changed == 1
    assert report.warnings == (f"the index was of format {FORMAT + 7}, this version reads {FORMAT}; it is built anew",)
    assert tmp_path / "index" / f"{FILE_NAME}.aside" in asides
    assert not list((tmp_path / "index").glob("*.aside*"))


@pytest.mark.parametrize("damage", ["no database", "empty", "cut", "middle", "pages"])
def test_damaged_bytes_cost_a_rebuild_and_no_error(tmp_path: Path, open_index: Callable, damage: str) -> None:
    root = tmp_path / "plain"
    root.mkdir()
    for n in range(40):
        (root / f"m{n}.py").write_text(f"def f{n}(): pass\n" * 30)
    index = open_index(root)
    index.refresh()
    index.close()
    file = tmp_path / "index" / FILE_NAME
    content = bytearray(file.read_bytes())
    if damage == "no database":
        content = bytearray(b"this is no database at all" * 200)
    elif damage == "empty":
        content = bytearray()
    elif damage == "cut":
        content = content[: len(content) // 2]
    elif damage == "middle":
        content[4096 * 3 : len(content) - 4096] = b"\xa5" * (len(content) - 4096 * 4)
    else:
        content[4096:] = b"\0" * (len(content) - 4096)
    file.write_bytes(content)

    again = open_index(root)
    again.search(Query("f1"), 5)
    again.symbols("f1")
    report = again.refresh()

    assert report.files == 40
    assert {symbol.path for symbol in again.symbols("f7")} == {"m7.py"}
    assert again.search(Query("f1"), 5)


def test_damage_that_shows_while_the_index_is_open_heals_at_the_next_refresh(
    tmp_path: Path, open_index: Callable
) -> None:
    root = tmp_path / "plain"
    root.mkdir()
    for n in range(40):
        (root / f"m{n}.py").write_text(f"def f{n}(): pass\n" * 30)
    index = open_index(root)
    index.refresh()
    file = tmp_path / "index" / FILE_NAME
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    size = file.stat().st_size
    with file.open("r+b") as stream:
        stream.seek(4096)
        stream.write(b"\xa5" * (size - 4096))
    (root / "new.py").write_text("def fresh(): pass\n")

    first, second = index.refresh(), index.refresh()

    assert second.files == 41
    assert any("damaged" in warning for warning in (*first.warnings, *second.warnings))
    assert index.symbols("fresh")


def test_a_folder_that_cannot_be_made_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(IndexDamaged, match="file/index"):
        Store(tmp_path / "file" / "index")


def test_a_folder_in_the_place_of_the_index_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(IndexDamaged, match="cannot be opened"):
        Store(tmp_path)


def test_a_failed_transaction_leaves_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path)

    def fail() -> None:
        with store.writing() as connection:
            records.write_meta(connection, "key", "value")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with store.reading() as connection:
        assert records.read_meta(connection, "key") == ""
    store.close()


def test_a_reader_sees_one_state_while_another_thread_writes(tmp_path: Path) -> None:
    store = Store(tmp_path)

    def write() -> None:
        with store.writing() as connection:
            records.write_meta(connection, "key", "new")

    with store.reading() as connection:
        assert records.read_meta(connection, "key") == ""
        writer = threading.Thread(target=write)
        writer.start()
        writer.join()
        assert records.read_meta(connection, "key") == ""
    with store.reading() as connection:
        assert records.read_meta(connection, "key") == "new"
    store.close()


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.close()
    store.close()
    with pytest.raises(IndexClosed), store.reading():
        pass
    with pytest.raises(IndexClosed), store.writing():
        pass


def test_closing_waits_for_who_reads(tmp_path: Path) -> None:
    store = Store(tmp_path)
    closing = threading.Thread(target=store.close)
    with store.reading() as connection:
        closing.start()
        closing.join(0.2)
        assert connection.execute("SELECT 1").fetchone() == (1,)
    closing.join(10)
    assert not closing.is_alive()
    with pytest.raises(IndexClosed), store.reading():
        pass


def test_who_reads_for_long_does_not_keep_others_from_closing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexer.store.CLOSE_SECONDS", 0.05)
    store = Store(tmp_path)
    closing = threading.Thread(target=store.close)
    with store.reading() as connection:
        closing.start()
        closing.join(10)
        assert not closing.is_alive()
        assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.parametrize("turn", range(8))
def test_two_stores_made_at_once_share_one_index(tmp_path: Path, turn: int) -> None:
    stores: list[Store] = []
    threads = [threading.Thread(target=lambda: stores.append(Store(tmp_path))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [store.warnings for store in stores] == [[]] * 6
    for store in stores:
        store.close()


def test_an_index_that_another_process_holds_too_long_is_an_error_that_names_it(
    tmp_path: Path, open_index: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.store.BUSY_SECONDS", 0.05)
    root = tmp_path / "plain"
    root.mkdir()
    (root / "a.py").write_text("def a(): pass\n")
    index = open_index(root)
    index.refresh()
    (root / "a.py").write_text("def changed(): pass\n")
    other = sqlite3.connect(tmp_path / "index" / FILE_NAME, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(IndexUnavailable, match="locked"):
        index.refresh()
    assert index.symbols("a")
    other.execute("ROLLBACK")
    other.close()
    index.refresh()
    assert index.symbols("changed")


REFRESHER = """
import sys
sys.path[:0] = {paths!r}
from pathlib import Path
from indexer.index import CodeIndex
index = CodeIndex.open(Path({root!r}), directory=Path({directory!r}), embedder=None)
report = index.refresh()
print(report.files, report.symbols, *report.warnings)
"""


def test_two_processes_may_build_one_index(tmp_path: Path, open_index: Callable) -> None:
    root = tmp_path / "plain"
    root.mkdir()
    for n in range(30):
        (root / f"m{n}.py").write_text(f"def f{n}(): pass\n")
    code = REFRESHER.format(paths=[str(ROOT)], root=str(root), directory=str(tmp_path / "index"))
    processes = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    outputs = [process.communicate(timeout=60)[0] for process in processes]
    assert outputs == ["30 30\n"] * 2
    assert open_index(root).refresh().changed == 0


def test_one_process_sees_what_another_wrote(tmp_path: Path, open_index: Callable) -> None:
    root = tmp_path / "plain"
    root.mkdir()
    (root / "lib.py").write_text("def old(): pass\n")
    first, second = open_index(root), open_index(root)
    first.refresh()
    query = Query("", path="asks.py", source="from lib import fresh\nfresh()\n", line=2)
    assert first.search(query, 5) == []
    second.refresh_file("lib.py", "def fresh(): pass\n")
    assert [hit.symbol for hit in first.search(query, 1)] == ["fresh"]
