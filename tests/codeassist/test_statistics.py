"""What became of suggestions: kept, bounded, read by several, and never in anybody's way."""

from __future__ import annotations

import logging
import random
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from codeassist.errors import StatisticsUnavailable
from codeassist.statistics.distance import MAX_CHARACTERS, levenshtein, share_changed
from codeassist.statistics.record import Record
from codeassist.statistics.recorder import MAX_WAITING, Recorder
from codeassist.statistics.report import LATENCY_BOUNDS_MS, make_report
from codeassist.statistics.store import DAY_S, MAX_DAYS, StatisticsStore

NOW = 1_790_000_000.0


def record(key: str = "a", **values: object) -> Record:
    base = Record(key=key, shown_at=NOW, language="python", characters=20, latency_ms=42.5)
    return replace(base, **values)  # type: ignore[arg-type]


@pytest.fixture
def store(tmp_path: Path) -> StatisticsStore:
    return StatisticsStore(tmp_path / "state" / "statistics.sqlite", busy_seconds=0.05, clock=lambda: NOW)


def slow_distance(first: str, second: str) -> int:
    """The usual table, row by row."""
    row = list(range(len(second) + 1))
    for index, letter in enumerate(first, 1):
        diagonal, row[0] = row[0], index
        for column, other in enumerate(second, 1):
            diagonal, row[column] = (
                row[column],
                min(row[column] + 1, row[column - 1] + 1, diagonal + (letter != other)),
            )
    return row[-1]


@pytest.mark.parametrize(
    ("first", "second", "distance"),
    [
        ("", "", 0),
        ("abc", "", 3),
        ("", "abc", 3),
        ("kitten", "sitting", 3),
        ("return x", "return x", 0),
        ("é😀", "é", 1),
    ],
)
def test_the_distance_is_levenshteins(first: str, second: str, distance: int) -> None:
    assert levenshtein(first, second) == distance


def test_the_distance_is_that_of_the_usual_table() -> None:
    chance = random.Random(3)
    for _ in range(300):
        first, second = ("".join(chance.choices("ab \n", k=chance.randrange(90))) for _ in range(2))
        assert levenshtein(first, second) == slow_distance(first, second), (first, second)


def test_the_share_changed_goes_by_the_longer_text_and_takes_no_time_for_a_long_one() -> None:
    assert share_changed("abcd", "abcd") == 0.0
    assert share_changed("abcd", "") == 1.0
    assert share_changed("ab", "abcd") == 0.5
    assert share_changed("x" * 10_000_000, "x" * MAX_CHARACTERS + "y") == 0.0
    assert share_changed("", "") == 0.0


def test_what_is_written_is_read_and_written_again_under_its_key(store: StatisticsStore) -> None:
    store.write([record("a"), record("b", shown_at=NOW - 10, invoked=True)])
    whole = record("a", taken=20, is_whole=True, accepted_at=NOW + 1, changed_30=0.25)
    store.write([whole])
    assert store.read(0) == [record("b", shown_at=NOW - 10, invoked=True), whole]
    assert store.read(NOW) == [whole]


def test_nothing_is_read_where_nothing_was_written(store: StatisticsStore) -> None:
    assert store.read(0) == []
    assert not store.path.parent.exists()


def test_a_row_holds_no_text_and_no_name(store: StatisticsStore) -> None:
    store.write([record()])
    with sqlite3.connect(store.path) as connection:
        columns = [row[1:3] for row in connection.execute("PRAGMA table_info(suggestions)")]
    connection.close()
    assert [name for name, kind in columns if kind == "TEXT"] == ["key", "language"]


def test_the_old_and_the_many_are_dropped(tmp_path: Path) -> None:
    store = StatisticsStore(tmp_path / "s.sqlite", max_rows=100, clock=lambda: NOW)
    store.write([record("old", shown_at=NOW - (MAX_DAYS + 1) * DAY_S)])
    assert store.read(0) == []
    store = StatisticsStore(tmp_path / "s.sqlite", max_rows=100, clock=lambda: NOW)
    store.write([record(f"k{number:03}", shown_at=NOW + number) for number in range(150)])
    kept = store.read(0)
    assert len(kept) == 90
    assert kept[-1].key == "k149"


def test_several_servers_write_at_once(store: StatisticsStore) -> None:
    others = [StatisticsStore(store.path, clock=lambda: NOW) for _ in range(4)]
    recorders = [Recorder(other) for other in others]
    for number in range(50):
        for index, recorder in enumerate(recorders):
            recorder.put(record(f"{index}-{number}"))
    for recorder in recorders:
        recorder.close(within_s=30)
    assert len(store.read(0)) == 200


def test_a_file_that_is_damaged_is_said_to_be(store: StatisticsStore) -> None:
    store.path.parent.mkdir()
    store.path.write_bytes(b"no database at all, but long enough to be looked at" * 50)
    for use in (lambda: store.write([record()]), lambda: store.read(0)):
        with pytest.raises(StatisticsUnavailable, match=r"statistics\.sqlite cannot be used"):
            use()
    assert store.forget() == 0
    store.write([record()])
    assert len(store.read(0)) == 1


def test_a_file_of_another_version_is_left_alone(store: StatisticsStore) -> None:
    store.write([record()])
    with sqlite3.connect(store.path) as connection:
        connection.execute("PRAGMA user_version = 9")
    connection.close()
    with pytest.raises(StatisticsUnavailable, match="format 9"):
        store.write([record("b")])


def test_a_row_that_makes_no_sense_is_no_crash(store: StatisticsStore) -> None:
    store.write([record()])
    with sqlite3.connect(store.path) as connection:
        connection.execute("DROP TABLE suggestions")
        connection.execute("CREATE TABLE suggestions (key TEXT)")
    connection.close()
    with pytest.raises(StatisticsUnavailable):
        store.read(0)


def test_a_folder_that_cannot_be_made_is_said_to_be(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(StatisticsUnavailable, match="cannot be"):
        StatisticsStore(tmp_path / "state" / "statistics.sqlite").write([record()])


def test_what_is_wrong_with_the_file_is_one_line_in_the_log(
    store: StatisticsStore, caplog: pytest.LogCaptureFixture
) -> None:
    store.path.parent.mkdir()
    store.path.mkdir()
    recorder = Recorder(store)
    for number in range(MAX_WAITING + 100):
        recorder.put(record(f"k{number}"))
    recorder.close(within_s=30)
    recorder.put(record("late"))
    recorder.close()
    assert [entry.levelno for entry in caplog.records] == [logging.WARNING]
    assert "no statistics are kept" in caplog.text


def test_a_locked_file_is_written_once_it_is_free(store: StatisticsStore, caplog: pytest.LogCaptureFixture) -> None:
    store.write([record("first")])
    locking = sqlite3.connect(store.path, isolation_level=None)
    locking.execute("BEGIN EXCLUSIVE")
    recorder = Recorder(store)
    waiting = {"second": record("second")}
    assert recorder._write(waiting) is False
    locking.execute("COMMIT")
    locking.close()
    assert recorder._write(waiting) is True
    assert len(store.read(0)) == 2
    assert "locked" in caplog.text


def test_figures_go_by_language_and_by_day() -> None:
    records = [
        record("1", taken=20, is_whole=True, changed_30=0.0, changed_300=0.5),
        record("2", taken=8, changed_30=0.32),
        record("3", typed=20),
        record("4", language="", latency_ms=5000, shown_at=NOW + DAY_S),
    ]
    report = make_report(records)
    python = report.languages["python"]
    assert list(report.languages) == ["python", "other"]
    assert (python.shown, python.accepted, python.partly, python.typed_along, python.characters) == (3, 1, 1, 1, 28)
    assert (python.kept_30, python.looked_at_30, python.kept_300, python.looked_at_300) == (2, 2, 0, 1)
    assert python.acceptance == pytest.approx(2 / 3)
    assert [tally.shown for tally in report.days.values()] == [3, 1]
    assert report.latencies == (0, 3, *[0] * (len(LATENCY_BOUNDS_MS) - 2), 1)
    assert make_report(records, "python").total == python
    assert make_report([]).total.acceptance is None
