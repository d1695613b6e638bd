"""Worker processes can be abandoned: a parser that hangs or dies costs one file its syntax."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from indexer import workers
from indexer.analysis import FileFacts
from indexer.rules import Rules
from indexer.types import SkippedFile
from indexer.workers import Facts, WorkerPool, analyse_paths

RULES = Rules(max_file_kb=1024)

# A worker whose parser hangs on one file and takes its process down on another.
UNRELIABLE = """
import os, sys, time
sys.path[:0] = {paths!r}
import indexer.worker as worker
def analyse(root, path, rules, sound=worker.analyse_path):
    if path == "hangs.py":
        time.sleep(600)
    if path == "crashes.py":
        os._exit(11)
    return sound(root, path, rules)
worker.analyse_path = analyse
worker.main()
"""


def make_files(root: Path, n_files: int) -> list[str]:
    paths = [f"m{n}.py" for n in range(n_files)] + ["hangs.py", "crashes.py"]
    for path in paths:
        (root / path).write_text(f"def in_{path[:-3]}(): pass\n")
    return sorted(paths)


def by_path(facts: list[Facts]) -> dict[str, Facts]:
    assert len({item.path for item in facts}) == len(facts)
    return {item.path: item for item in facts}


def test_a_hanging_and_a_crashing_parser_cost_one_file_each(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    paths = make_files(tmp_path, 30)
    pool = WorkerPool(tmp_path, RULES, 2, file_seconds=3.0, program=UNRELIABLE)
    found = by_path(list(pool.analyse(paths)))
    assert sorted(found) == paths
    without_symbols = {
        path for path, facts in found.items() if isinstance(facts, FileFacts) and not facts.symbols.symbols
    }
    assert without_symbols == {"hangs.py", "crashes.py"}
    assert all(facts.chunks for facts in found.values() if isinstance(facts, FileFacts))
    assert "hangs.py took too long" in caplog.text
    assert "crashes.py crashed the parser" in caplog.text


def test_workers_and_inline_parsing_agree(tmp_path: Path) -> None:
    paths = [*make_files(tmp_path, 20), "gone.py"]
    apart = by_path(list(analyse_paths(tmp_path, paths, RULES, n_workers=2)))
    inline = by_path(list(analyse_paths(tmp_path, paths, RULES, n_workers=0)))
    assert apart == inline
    assert apart["gone.py"] == SkippedFile("gone.py", "gone")


def test_a_large_file_is_parsed_apart_even_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "MAX_INLINE_BYTES", 10)
    paths = make_files(tmp_path, 1)
    (tmp_path / "empty.py").write_text("")
    found = by_path(list(analyse_paths(tmp_path, [*paths, "empty.py"], RULES)))
    assert set(found) == {*paths, "empty.py"}


def test_leaving_early_leaves_no_process(tmp_path: Path) -> None:
    paths = make_files(tmp_path, 40)
    pool = WorkerPool(tmp_path, RULES, 2, file_seconds=60.0)
    facts = pool.analyse(paths)
    next(facts)
    processes = [worker.process for worker in pool.running]
    assert processes
    facts.close()
    assert all(process.poll() is not None for process in processes)


def test_without_any_worker_files_still_get_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", str(tmp_path / "no-python"))
    paths = make_files(tmp_path, 3)
    found = by_path(list(analyse_paths(tmp_path, paths, RULES, n_workers=2)))
    assert sorted(found) == paths


def test_a_signal_to_our_process_group_does_not_reach_the_workers(tmp_path: Path) -> None:
    pool = WorkerPool(tmp_path, RULES, 1, file_seconds=30.0)
    facts = pool.analyse(make_files(tmp_path, 20))
    next(facts)
    groups = {os.getpgid(worker.process.pid) for worker in pool.running}
    facts.close()  # type: ignore[attr-defined]
    assert groups
    assert os.getpgrp() not in groups
    assert pool.running == ()
