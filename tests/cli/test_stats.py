"""`codeassist stats`: figures, picture, nothing yet, and what is wrong with the file."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from codeassist.statistics.record import Record
from codeassist.statistics.store import DAY_S, StatisticsStore
from tests.cli.conftest import Shell


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StatisticsStore:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return StatisticsStore(tmp_path / "state" / "codeassist" / "statistics.sqlite")


def fill(store: StatisticsStore, n_days: int = 3) -> None:
    """Each day three of Python, one of them accepted and kept, and one of Lua."""
    now = time.time()
    python = Record("p", now, "python", 20, 80.0)
    records = []
    for day in range(n_days):
        at = now - day * DAY_S
        whole = replace(python, taken=20, is_whole=True, accepted_at=at, changed_30=0.1, changed_300=0.9)
        kinds = (python, replace(python, typed=20), whole, replace(python, language="lua", latency_ms=700.0))
        records += [replace(one, key=f"{day}-{number}", shown_at=at) for number, one in enumerate(kinds)]
    store.write(records)


def test_a_person_gets_a_table_and_a_picture(shell: Shell, store: StatisticsStore) -> None:
    fill(store)
    outcome = shell.run("stats")
    assert outcome.code == 0
    assert "12 suggestions in 30 days, of which 25 % were accepted" in outcome.out
    table = [" ".join(line.split()) for line in outcome.out.splitlines()]
    assert "python 9 3 0 33 % 3 100 % 0 % 60" in table
    assert "lua 3 0 0 0 % 0 - - 0" in table
    assert outcome.out.count("25 %  1 of 4") == 3
    assert "half within 80 ms, 95 % within 700 ms" in outcome.out
    assert str(store.path) in outcome.out
    assert max(len(line) for line in outcome.out.splitlines() if "/" not in line) <= 80


def test_many_days_are_shown_by_the_week(shell: Shell, store: StatisticsStore) -> None:
    fill(store, 60)
    out = shell.run("stats", "--days", "100").out
    assert "by week" in out
    assert 8 <= out.count(" of ") - 1 <= 11


def test_a_program_gets_one_document(shell: Shell, store: StatisticsStore) -> None:
    fill(store)
    answer = shell.run("stats", "--json", "--language", "python", "--days", "2").json
    assert (answer["total"]["shown"], answer["total"]["accepted"]) == (6, 2)
    assert list(answer["languages"]) == ["python"]
    assert sum(answer["latencies"]) == 6
    assert (answer["days_back"], answer["language"], answer["is_counting"]) == (2, "python", True)


def test_where_nothing_was_counted_it_says_how_it_would_be(shell: Shell, store: StatisticsStore) -> None:
    assert "codeassist lsp" in shell.run("stats").out
    assert "statistics.enabled is false" in shell.run("stats", "-o", "statistics.enabled=false").out
    assert shell.run("stats", "--json").json["total"]["shown"] == 0
    assert not store.path.exists()


def test_a_language_without_suggestions_names_those_that_have_some(shell: Shell, store: StatisticsStore) -> None:
    fill(store)
    assert "no suggestion in go in 30 days; there are some in lua, python" in shell.run("stats", "--language", "go").out


def test_what_was_counted_can_be_forgotten(shell: Shell, store: StatisticsStore) -> None:
    fill(store)
    assert "forgot 12 suggestions" in shell.run("stats", "--forget").out
    assert not store.path.exists()
    assert shell.run("stats", "--forget", "--json").json["forgotten"] == 0


def test_a_damaged_file_is_one_line_with_its_remedy(shell: Shell, store: StatisticsStore) -> None:
    store.path.parent.mkdir(parents=True)
    store.path.write_bytes(b"no database" * 500)
    outcome = shell.run("stats")
    assert (outcome.code, outcome.out) == (1, "")
    assert "`codeassist stats --forget` deletes it" in outcome.err
    assert shell.run("stats", "--forget").code == 0
    assert shell.run("stats").code == 0


@pytest.mark.parametrize("days", ["0", "-1", "many", "401"])
def test_days_that_cannot_be_are_refused(shell: Shell, store: StatisticsStore, days: str) -> None:
    assert shell.run("stats", "--days", days).code == 2
