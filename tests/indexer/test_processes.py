"""A process that parsed a large file waits for the next one, and ends when none comes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from indexer import workers
from indexer.files import SourceFile
from indexer.processes import SpareWorker, Worker
from indexer.rows import FileRows
from indexer.rules import Rules
from indexer.workers import analyse_apart

RULES = Rules(max_file_kb=1024)
SOURCE = SourceFile("m.py", "def f(): pass\n", 14)

# A worker that notes its number for every file that it is given.
NOTING = """
import os, sys
sys.path[:0] = {paths!r}
import indexer.worker as worker
def analyse(root, item, rules, sound=worker.analyse_item):
    with open(root / "numbers.log", "a") as log:
        log.write(str(os.getpid()) + chr(10))
    return sound(root, item, rules)
worker.analyse_item = analyse
worker.main()
"""


@pytest.fixture
def spare() -> Iterator[SpareWorker]:
    made = SpareWorker(idle_seconds=600)
    yield made
    made.close()


def parse_with(spare: SpareWorker, root: Path, n_files: int = 1) -> None:
    facts = list(analyse_apart(root, [SOURCE] * n_files, RULES, spare))
    assert [isinstance(item, FileRows) and item.symbols[0][0] for item in facts] == ["f"] * n_files


def kept(spare: SpareWorker) -> Worker:
    worker = spare.take()
    assert worker is not None
    spare.keep(worker)
    return worker


def has_ended(worker: Worker) -> bool:
    deadline = time.monotonic() + 60
    while worker.process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    return worker.process.poll() is not None


def test_the_next_file_is_parsed_by_the_same_process(tmp_path: Path, spare: SpareWorker) -> None:
    parse_with(spare, tmp_path)
    first = kept(spare)
    parse_with(spare, tmp_path)
    assert kept(spare) is first


def test_of_many_processes_one_is_kept(tmp_path: Path, spare: SpareWorker) -> None:
    parse_with(spare, tmp_path, 3 * workers.BATCH)
    assert kept(spare).process.poll() is None


def test_who_takes_it_has_it_alone(tmp_path: Path, spare: SpareWorker) -> None:
    parse_with(spare, tmp_path)
    worker = spare.take()
    assert worker is not None
    assert spare.take() is None
    worker.stop()


def test_it_ends_when_nothing_comes(tmp_path: Path) -> None:
    spare = SpareWorker(idle_seconds=0.0)
    worker = Worker(workers.PROGRAM)
    spare.keep(worker)
    assert has_ended(worker)
    assert spare.take() is None


def test_one_that_has_died_is_not_used(tmp_path: Path, spare: SpareWorker) -> None:
    parse_with(spare, tmp_path)
    dead = kept(spare)
    dead.process.kill()
    assert has_ended(dead)
    parse_with(spare, tmp_path)
    assert kept(spare) is not dead


def test_once_closed_none_is_kept(tmp_path: Path) -> None:
    spare = SpareWorker(idle_seconds=600)
    parse_with(spare, tmp_path)
    worker = kept(spare)
    spare.close()
    assert has_ended(worker)
    late = Worker(workers.PROGRAM)
    spare.keep(late)
    assert has_ended(late)


def test_saving_a_large_file_again_starts_no_process_and_closing_leaves_none(
    tmp_path: Path, open_index: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "PROGRAM", NOTING)
    monkeypatch.setattr(workers, "MAX_INLINE_BYTES", 20)
    root = tmp_path / "plain"
    root.mkdir()
    (root / "m.py").write_text("def first_and_large(): pass\n")
    index = open_index(root)
    index.refresh()
    for number in range(3):
        index.refresh_file("m.py", f"def unsaved_and_large_{number}(): pass\n")
    assert index.symbols("unsaved_and_large_2")
    numbers = (root / "numbers.log").read_text().split()
    assert (len(numbers), len(set(numbers))) == (4, 1)
    index.close()
    with pytest.raises(ProcessLookupError):
        os.kill(int(numbers[0]), 0)
