"""Worker processes can be abandoned: a parser that hangs or dies costs one file its syntax."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from indexer import workers
from indexer.analysis import CRASHED, NO_PROCESS, TOO_SLOW
from indexer.files import SourceFile
from indexer.rows import Facts, FileRows, rows_at
from indexer.rules import Rules
from indexer.types import Query, SkippedFile
from indexer.workers import WorkerPool, analyse_apart, divide

RULES = Rules(max_file_kb=1024)

# A worker whose parser turns in circles over one file, waits for ever over another, and takes its process down on a
# third. It notes every file that it is given.
UNRELIABLE = """
import os, sys, time
sys.path[:0] = {paths!r}
import indexer.worker as worker
def analyse(root, item, rules, sound=worker.analyse_item):
    path = item if isinstance(item, str) else item.path
    with open(root / "seen.log", "a") as log:
        log.write(path + chr(10))
    while path.startswith("hangs"):
        pass
    if path.startswith("waits"):
        time.sleep(600)
    if path.startswith("crashes"):
        os._exit(11)
    return sound(root, item, rules)
worker.analyse_item = analyse
worker.main()
"""
MODEST = """
import sys
sys.path[:0] = {paths!r}
import indexer.worker as worker
worker.MAX_BYTES = 300 * 2**20
worker.main()
"""
NOT_STARTING = "import sys; sys.path[:0] = {paths!r}; sys.exit(1)"
PATHS = [str(Path(workers.__file__).parents[1])]


def make_pool(root: Path, n_workers: int, **options: Any) -> WorkerPool:
    sound = {"file_seconds": 60.0, "stalled_seconds": 60.0, "program": workers.PROGRAM}
    return WorkerPool(root, RULES, n_workers, **(sound | options))


def make_files(root: Path, n_files: int, *odd: str) -> list[str]:
    paths = [f"m{n}.py" for n in range(n_files)] + list(odd)
    for path in paths:
        (root / path).write_text(f"def in_{path[:-3]}(): pass\n")
    return sorted(paths)


def by_path(facts: Iterator[Facts]) -> dict[str, Facts]:
    listed = list(facts)
    found = {item.path: item for item in listed}
    assert len(found) == len(listed)
    return found


def unparsed(found: dict[str, Facts]) -> dict[str, str]:
    return {path: item.unparsed for path, item in found.items() if isinstance(item, FileRows) and item.unparsed}


def test_parsers_that_hang_and_crash_cost_one_file_each(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    paths = make_files(tmp_path, 30, "hangs.py", "crashes1.py", "crashes2.py")
    pool = make_pool(tmp_path, 2, file_seconds=0.3, program=UNRELIABLE)
    found = by_path(pool.analyse(paths))
    assert sorted(found) == paths
    assert unparsed(found) == {"hangs.py": TOO_SLOW, "crashes1.py": CRASHED, "crashes2.py": CRASHED}
    for path, facts in found.items():
        assert isinstance(facts, FileRows)
        assert facts.chunks
        assert bool(facts.symbols) == path.startswith("m")
    assert f"hangs.py is indexed without its syntax: {TOO_SLOW}" in caplog.text
    assert f"crashes1.py is indexed without its syntax: {CRASHED}" in caplog.text


def test_a_parser_that_waits_for_ever_is_given_up(tmp_path: Path) -> None:
    pool = make_pool(tmp_path, 1, stalled_seconds=0.1, program=UNRELIABLE)
    found = by_path(pool.analyse(make_files(tmp_path, 0, "waits.py")))
    assert unparsed(found) == {"waits.py": TOO_SLOW}


def test_a_real_parser_that_is_lost_in_a_file_is_given_up(tmp_path: Path) -> None:
    endless = SourceFile("endless.cs", "x<\n" * 20_000, 60_000)
    started = time.monotonic()
    pool = make_pool(tmp_path, 1, file_seconds=0.3)
    (facts,) = pool.analyse([endless])
    assert isinstance(facts, FileRows)
    assert facts.unparsed == TOO_SLOW
    assert facts.chunks
    assert time.monotonic() - started < 60


def test_a_parser_that_takes_all_memory_is_given_up(tmp_path: Path) -> None:
    pool = make_pool(tmp_path, 1, program=MODEST)
    (facts,) = pool.analyse([SourceFile("greedy.c", "x=>\n" * 12_000, 48_000)])
    assert isinstance(facts, FileRows)
    assert facts.unparsed == CRASHED
    assert facts.chunks


def test_processes_that_do_not_start_are_no_files_fault(tmp_path: Path) -> None:
    paths = make_files(tmp_path, 40)
    pool = make_pool(tmp_path, 2, program=NOT_STARTING)
    found = by_path(pool.analyse(paths))
    assert unparsed(found) == dict.fromkeys(paths, NO_PROCESS)


ORPHANING = """
import sys, time
sys.path[:0] = {paths!r}
from pathlib import Path
from indexer.rules import Rules
from indexer.workers import WorkerPool
pool = WorkerPool(Path({root!r}), Rules(1024), 1, file_seconds=0.3, stalled_seconds=60.0, program={program!r})
facts = pool.analyse(["m0.py", "hangs.py"])
next(facts)
print(pool.running[0].process.pid, flush=True)
time.sleep(60)
"""


def test_a_parser_that_hangs_ends_although_its_user_was_killed(tmp_path: Path) -> None:
    make_files(tmp_path, 1, "hangs.py")
    program = ORPHANING.format(paths=PATHS, root=str(tmp_path), program=UNRELIABLE)
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        worker = int(process.stdout.readline())
        process.kill()
    deadline = time.monotonic() + 60
    while is_running(worker):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_processes_and_this_one_agree(tmp_path: Path) -> None:
    paths = [*make_files(tmp_path, 20), "gone.py"]
    apart = by_path(analyse_apart(tmp_path, paths, RULES))
    assert apart == {path: rows_at(tmp_path, path, RULES) for path in paths}
    assert apart["gone.py"] == SkippedFile("gone.py", "gone")


def test_many_files_large_ones_and_doubtful_ones_are_parsed_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "MAX_INLINE_BYTES", 25)
    few = make_files(tmp_path, 3, "much_longer.py")
    assert divide(tmp_path, few, {"m1.py"}) == (["m0.py", "m2.py"], ["m1.py", "much_longer.py"])
    assert divide(tmp_path, ["gone.py"], set()) == (["gone.py"], [])
    many = make_files(tmp_path, workers.MIN_FILES_FOR_WORKERS)
    assert divide(tmp_path, many, set()) == ((), many)


def test_files_of_a_grammar_that_can_take_long_are_parsed_apart_when_they_are_smaller(tmp_path: Path) -> None:
    paths = make_files(tmp_path, 1, "small.swift")
    assert divide(tmp_path, paths, set()) == (paths, [])
    (tmp_path / "small.swift").write_text("let a = 1\n" * 200)
    assert divide(tmp_path, paths, set()) == (["m0.py"], ["small.swift"])


def test_leaving_early_leaves_no_process(tmp_path: Path) -> None:
    paths = make_files(tmp_path, 40)
    pool = make_pool(tmp_path, 2)
    facts = pool.analyse(paths)
    next(facts)
    processes = [worker.process for worker in pool.running]
    assert processes
    facts.close()  # type: ignore[attr-defined]
    assert all(process.poll() is not None for process in processes)


def test_without_any_worker_files_still_get_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", str(tmp_path / "no-python"))
    paths = make_files(tmp_path, 3)
    found = by_path(analyse_apart(tmp_path, paths, RULES))
    assert unparsed(found) == dict.fromkeys(paths, NO_PROCESS)


def test_a_signal_to_our_process_group_does_not_reach_the_workers(tmp_path: Path) -> None:
    pool = make_pool(tmp_path, 1)
    facts = pool.analyse(make_files(tmp_path, 20))
    next(facts)
    groups = {os.getpgid(worker.process.pid) for worker in pool.running}
    facts.close()  # type: ignore[attr-defined]
    assert groups
    assert os.getpgrp() not in groups
    assert pool.running == ()


Open = Callable[..., Any]


@pytest.fixture
def unreliable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with parsers that hang and crash, all of whose files are parsed apart."""
    monkeypatch.setattr(workers, "PROGRAM", UNRELIABLE)
    monkeypatch.setattr(workers, "FILE_SECONDS", 0.3)
    monkeypatch.setattr(workers, "MIN_FILES_FOR_WORKERS", 1)
    root = tmp_path / "plain"
    root.mkdir()
    make_files(root, 10, "hangs.py", "crashes.py")
    (root / "hangs.py").write_text("def remarkable_words(): pass\n")
    return root


def seen(root: Path) -> list[str]:
    """What the workers were given since the last look."""
    log = root / "seen.log"
    paths = sorted(set(log.read_text().splitlines())) if log.exists() else []
    log.unlink(missing_ok=True)
    return paths


def test_a_file_without_its_syntax_is_found_by_its_words_and_not_tried_again(
    unreliable: Path, open_index: Open
) -> None:
    index = open_index(unreliable)
    report = index.refresh()
    assert (report.files, report.symbols) == (12, 10)
    assert report.warnings == (
        f"crashes.py is indexed without its syntax: {CRASHED}",
        f"hangs.py is indexed without its syntax: {TOO_SLOW}",
    )
    assert [hit.path for hit in index.search(Query("remarkable words"), 1)] == ["hangs.py"]
    assert index.symbols("remarkable_words") == []
    assert len(seen(unreliable)) == 12

    (unreliable / "m1.py").write_text("def fresh(): pass\n")
    report = index.refresh()
    assert (report.changed, report.warnings) == (1, ())
    assert seen(unreliable) == ["m1.py"]
    again = open_index(unreliable)
    assert again.refresh().changed == 0
    assert seen(unreliable) == []


def test_a_file_that_a_parser_died_of_is_never_parsed_here(
    unreliable: Path, open_index: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = open_index(unreliable)
    index.refresh()
    monkeypatch.undo()
    monkeypatch.setattr(workers, "PROGRAM", UNRELIABLE)
    seen(unreliable)
    (unreliable / "crashes.py").write_text("def changed_words(): pass\n")
    assert index.refresh().changed == 1
    assert seen(unreliable) == ["crashes.py"]
    index.refresh_file("crashes.py", "def unsaved_words(): pass\n")
    assert seen(unreliable) == ["crashes.py"]
    assert [hit.path for hit in index.search(Query("unsaved words"), 1)] == ["crashes.py"]
    index.refresh_file("m1.py", "def unsaved(): pass\n")
    assert seen(unreliable) == []
    assert index.symbols("unsaved")


def test_a_large_text_of_an_editor_is_parsed_apart(
    unreliable: Path, open_index: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = open_index(unreliable)
    index.refresh()
    seen(unreliable)
    monkeypatch.setattr(workers, "MAX_INLINE_BYTES", 20)
    index.refresh_file("m1.py", "def unsaved_and_large(): pass\n")
    assert seen(unreliable) == ["m1.py"]
    assert index.symbols("unsaved_and_large")


DIES_OF_ITS_PARSER = """
import os, sys
sys.path[:0] = {paths!r}
from pathlib import Path
import indexer.refresh
from indexer.index import CodeIndex
indexer.refresh.rows_at = lambda *arguments: os._exit(11)
CodeIndex.open(Path({root!r}), directory=Path({directory!r}), embedder=None).refresh()
"""


def test_what_was_parsed_when_a_process_died_is_parsed_apart_by_the_next(
    tmp_path: Path, open_index: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "plain"
    root.mkdir()
    make_files(root, 3)
    program = DIES_OF_ITS_PARSER.format(paths=PATHS, root=str(root), directory=str(tmp_path / "index"))
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 11

    monkeypatch.setattr(workers, "PROGRAM", UNRELIABLE)
    index = open_index(root)
    assert index.refresh().symbols == 3
    assert seen(root) == ["m0.py", "m1.py", "m2.py"]
    (root / "m1.py").write_text("def fresh(): pass\n")
    index.refresh()
    assert seen(root) == []


def test_what_no_process_could_parse_is_tried_again(
    tmp_path: Path, open_index: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "plain"
    root.mkdir()
    make_files(root, 5)
    monkeypatch.setattr(workers, "MIN_FILES_FOR_WORKERS", 1)
    monkeypatch.setattr(workers, "PROGRAM", NOT_STARTING)
    index = open_index(root)
    report = index.refresh()
    assert (report.files, report.symbols) == (5, 0)
    assert report.warnings[-1] == "2 more files are indexed without their syntax"
    monkeypatch.undo()
    assert index.refresh().symbols == 5
    assert index.refresh().changed == 0
