"""`codeassist index --status`: what there is, and how far it is behind; nothing is made or mended."""

from __future__ import annotations

import os
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from indexer.analysis import CRASHED
from indexer.presence import refreshing
from indexer.schema import FORMAT
from indexer.types import SkippedFile
from tests.cli.conftest import Shell


def status(shell: Shell) -> dict[str, Any]:
    answer: dict[str, Any] = shell.run("index", "--status", "--json").json
    return answer


def test_without_an_index_it_says_so_and_makes_none(shell: Shell) -> None:
    outcome = shell.run("index", "--status")
    assert outcome.code == 0
    assert "no index yet" in outcome.out
    assert not Path(status(shell)["directory"]).exists()


def test_it_counts_what_the_index_holds(shell: Shell) -> None:
    report = shell.run("index", "--json").json
    told = status(shell)
    assert {name: told[name] for name in ("files", "chunks", "symbols")} == {
        name: report[name] for name in ("files", "chunks", "symbols")
    }
    assert told["is_current"]
    assert told["source_bytes"] == sum(file.stat().st_size for file in shell.cwd.glob("*.py"))
    assert told["bytes_on_disk"] > 0
    assert told["bytes_per_source_byte"] == round(told["bytes_on_disk"] / told["source_bytes"], 2)
    assert told["format"] == FORMAT
    refreshed_at = datetime.fromisoformat(told["refreshed_at"])
    assert timedelta(0) <= datetime.now(UTC) - refreshed_at < timedelta(minutes=5)


def test_it_tells_how_far_the_index_is_behind(shell: Shell) -> None:
    shell.run("index")
    (shell.cwd / "shapes.py").write_text("x = 1\n")
    (shell.cwd / "main.py").unlink()
    (shell.cwd / "fresh.py").write_text("y = 2\n")
    told = status(shell)
    assert (told["changed"], told["new"], told["gone"], told["is_current"]) == (1, 1, 1, False)
    assert "1 changed, 1 new, 1 gone" in shell.run("index", "--status").out
    again = status(shell)
    assert (again["changed"], again["new"], again["gone"]) == (1, 1, 1)  # asking does not bring it up to date


def test_it_counts_what_is_left_out_by_reason(shell: Shell) -> None:
    (shell.cwd / "blob.bin").write_bytes(b"\0\1\2")
    (shell.cwd / "other.bin").write_bytes(b"\0\1\2")
    shell.run("index")
    assert status(shell)["skipped"] == {"binary": 2}
    assert "2 binary" in shell.run("index", "--status").out


def test_what_cannot_be_read_is_changed_only_once_it_can(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    shell.run("index")
    with sqlite3.connect(Path(status(shell)["directory"]) / "index.sqlite") as connection:
        connection.execute("DELETE FROM files WHERE path = 'main.py'")
        connection.execute("INSERT INTO skipped VALUES ('main.py', '', 'cannot be read: Permission denied')")
    connection.close()
    assert (status(shell)["changed"], status(shell)["is_current"]) == (1, False)
    unreadable = SkippedFile("main.py", "cannot be read: Permission denied")
    monkeypatch.setattr("indexer.status.read_bytes", lambda *_: unreadable)
    assert (status(shell)["changed"], status(shell)["is_current"]) == (0, True)


def test_a_larger_size_limit_makes_files_new(shell: Shell) -> None:
    (shell.cwd / "large.py").write_text("x = 1\n" * 1000)
    shell.run("index", "-o", "index.max_file_kb=1")
    told = shell.run("index", "--status", "--json", "-o", "index.max_file_kb=1").json
    assert (told["is_current"], told["skipped"]) == (True, {"larger than 1 KB": 1})
    assert status(shell)["new"] == 1


def test_it_leaves_the_folder_as_it_is(shell: Shell) -> None:
    shell.run("index")
    directory = Path(status(shell)["directory"])

    def files() -> dict[str, bytes]:
        return {file.name: file.read_bytes() for file in directory.iterdir()}

    before = files()
    assert set(before) == {"index.sqlite", "refreshing.lock"}
    assert status(shell)["is_current"]
    assert files() == before


def test_what_a_killed_process_left_in_the_log_is_counted(shell: Shell) -> None:
    shell.run("index")
    file = Path(status(shell)["directory"]) / "index.sqlite"
    whole = file.read_bytes()
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("DELETE FROM files WHERE path = 'main.py'")
    log = Path(f"{file}-wal").read_bytes()
    connection.close()
    file.write_bytes(whole)
    Path(f"{file}-wal").write_bytes(log)
    told = status(shell)
    assert (told["files"], told["new"]) == (1, 1)
    assert file.read_bytes() == whole
    assert Path(f"{file}-wal").read_bytes() == log


def test_an_index_that_may_only_be_read_is_told_from_a_copy(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shell.run("index")
    directory = Path(status(shell)["directory"])
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    sound = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != directory and sound(path, mode))
    assert status(shell)["is_current"]
    assert list(tmp_path.glob("codeassist-index-*")) == []


def test_without_what_searches_vectors_none_are_missing(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    shell.run("index")
    monkeypatch.setattr("indexer.vectors.is_installed", lambda: False)
    told = shell.run("index", "--status", "--json", "-o", "index.vectors=true").json
    assert (told["embedder"], told["missing_vectors"], told["is_current"]) == ("", 0, True)


def test_an_index_that_was_only_begun_is_none_yet(shell: Shell) -> None:
    directory = Path(status(shell)["directory"])
    directory.mkdir(parents=True)
    (directory / "index.sqlite").write_bytes(b"")
    outcome = shell.run("index", "--status")
    assert (outcome.code, outcome.out.count("\n")) == (0, 1)
    assert "no index yet" in outcome.out
    assert (directory / "index.sqlite").read_bytes() == b""


def test_it_tells_that_a_process_is_at_it(shell: Shell) -> None:
    shell.run("index")
    directory = Path(status(shell)["directory"])
    assert status(shell)["refreshing"] is False
    with refreshing(directory), refreshing(directory):
        assert status(shell)["refreshing"] is True
        assert "a process is bringing it up to date" in shell.run("index", "--status").out
    assert status(shell)["refreshing"] is False


def test_with_vectors_it_names_the_embedder_and_counts_what_it_has_not_seen(shell: Shell) -> None:
    shell.run("index")
    told = shell.run("index", "--status", "--json", "-o", "index.vectors=true").json
    assert told["embedder"]
    assert (told["vectors"], told["missing_vectors"], told["is_current"]) == (0, told["chunks"], False)
    assert told["embedder"] in shell.run("index", "--status", "-o", "index.vectors=true").out
    without = status(shell)
    assert (without["embedder"], without["missing_vectors"], without["is_current"]) == ("", 0, True)


def test_files_whose_syntax_was_given_up_are_counted(shell: Shell) -> None:
    shell.run("index")
    connection = sqlite3.connect(Path(status(shell)["directory"]) / "index.sqlite")
    with connection:
        connection.execute("UPDATE files SET unparsed = ? WHERE id = (SELECT min(id) FROM files)", (CRASHED,))
    connection.close()
    assert status(shell)["unparsed"] == {CRASHED: 1}
    assert f"1 {CRASHED}" in shell.run("index", "--status").out


def test_another_format_is_told(shell: Shell) -> None:
    shell.run("index")
    file = Path(status(shell)["directory"]) / "index.sqlite"
    with sqlite3.connect(file) as connection:
        connection.execute(f"PRAGMA user_version = {FORMAT - 1}")
    connection.close()
    outcome = shell.run("index", "--status")
    assert (outcome.code, outcome.out.count("\n")) == (1, 1)
    assert f"is of format {FORMAT - 1}, this version reads {FORMAT}; `codeassist index" in outcome.out


@pytest.mark.parametrize("part", ["symbols_lower", "refs", "chunks_text_data", "vectors"])
def test_damage_that_no_count_meets_is_told_with_a_remedy_that_helps(shell: Shell, part: str) -> None:
    shell.run("index")
    file = Path(status(shell)["directory"]) / "index.sqlite"
    connection = sqlite3.connect(file)
    (page_size,) = connection.execute("PRAGMA page_size").fetchone()
    (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (part,)).fetchone()
    connection.close()
    with file.open("r+b") as stream:
        stream.seek((page - 1) * page_size)
        stream.write(b"\xa5" * page_size)
    outcome = shell.run("index", "--status")
    assert (outcome.code, outcome.out.count("\n")) == (1, 1)
    assert "is damaged" in outcome.out
    assert "delete that folder" in outcome.out
    told = shell.run("index", "--status", "--json")
    assert (told.code, told.json["is_current"], "damaged" in told.json["problem"]) == (1, False, True)


def test_a_damaged_index_is_told_and_not_mended(shell: Shell) -> None:
    shell.run("index")
    file = Path(status(shell)["directory"]) / "index.sqlite"
    file.write_bytes(b"no database at all" * 100)
    outcome = shell.run("index", "--status")
    assert outcome.code == 1
    assert "builds it anew" in outcome.out
    assert file.read_bytes() == b"no database at all" * 100
    assert shell.run("index", "--json").json["files"] == 2
    assert status(shell)["is_current"]
