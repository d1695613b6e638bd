from __future__ import annotations

import math

import pytest
from virtual_time import VirtualTime

from codeassist.rhythm import LONGEST_WAIT_MS, Rhythm, best_delay_ms, share_too_late


def rhythm_of(intervals_ms: list[float], latency_ms: float) -> tuple[Rhythm, VirtualTime]:
    """Of somebody who has pressed keys at these intervals, the last one just now."""
    time = VirtualTime()
    rhythm = Rhythm(time.clock)
    rhythm.key()
    for interval in intervals_ms:
        time.pass_by(interval / 1000)
        rhythm.key()
    rhythm.answered(latency_ms)
    return rhythm, time


@pytest.mark.parametrize(
    ("name", "intervals", "latency", "delay"),
    [
        ("a quick engine is asked at once", [200.0] * 10, 50.0, 0.0),
        ("a slow one once the next key is overdue", [100.0] * 6 + [math.inf] * 4, 150.0, 100.0),
        ("pauses every second key: at once", [100.0] * 5 + [math.inf] * 5, 150.0, 0.0),
        ("hardly ever a pause", [100.0, 180.0] * 10 + [math.inf], 200.0, 180.0),
        ("never a good moment", [40.0 + 10.0 * n for n in range(75)] + [math.inf] * 5, 600.0, 0.0),
        ("never a good moment, and mostly in vain", [40.0 + 10.0 * n for n in range(75)] + [math.inf] * 5, 710.0, 80.0),
        ("never a good moment, and no pause", [float(ms) for ms in range(10, 900, 10)], 900.0, LONGEST_WAIT_MS),
        ("nothing is longer", [], 100.0, 0.0),
    ],
)
def test_the_delay_is_the_smallest_after_which_the_answer_is_wanted(
    name: str, intervals: list[float], latency: float, delay: float
) -> None:
    assert best_delay_ms(intervals, latency) == pytest.approx(delay), name


def test_an_answer_comes_too_late_for_those_of_the_longer_intervals_that_end_before_it() -> None:
    assert share_too_late([50.0, 120.0, 400.0], 60.0, 100.0) == 0.5
    assert share_too_late([50.0, 120.0, 130.0, 160.0, 400.0], 60.0, 100.0) == 0.75
    assert share_too_late([], 60.0, 100.0) == 0.0


def test_who_has_not_typed_does_not_wait() -> None:
    rhythm = Rhythm(VirtualTime().clock)
    assert rhythm.wait_ms() == 0.0
    assert rhythm.wait_ms(300) == 0.0
    assert rhythm.quiet_ms() == 0.0


def test_before_anything_is_known_a_quick_engine_is_asked_at_once() -> None:
    time = VirtualTime()
    rhythm = Rhythm(time.clock)
    rhythm.key()
    assert rhythm.wait_ms() == 0.0


def test_the_wait_counts_from_the_key() -> None:
    rhythm, time = rhythm_of([98.0] * 64, 150.0)
    assert rhythm.wait_ms() == pytest.approx(100.0)
    time.pass_by(0.04)
    assert rhythm.wait_ms() == pytest.approx(60.0)
    assert rhythm.wait_ms(300) == pytest.approx(260.0)
    time.pass_by(1.0)
    assert rhythm.wait_ms() == 0.0


def test_old_habits_are_forgotten() -> None:
    rhythm, _ = rhythm_of([98.0] * 64 + [400.0] * 64, 150.0)
    assert rhythm.wait_ms() == 0.0


def test_a_held_key_is_waited_for_whatever_was_typed_before() -> None:
    rhythm, time = rhythm_of([2000.0] * 64, 150.0)
    time.pass_by(0.03)
    rhythm.key()
    assert rhythm.wait_ms() == 100.0


def test_the_latency_is_the_median_of_the_last_ones() -> None:
    rhythm = Rhythm(VirtualTime().clock)
    for latency in (10.0, 5000.0, 30.0):
        rhythm.answered(latency)
    assert rhythm.latency_ms == 30.0


def test_work_ahead_waits_until_no_key_is_likely() -> None:
    rhythm, time = rhythm_of([298.0] * 60 + [5000.0] * 4, 100.0)
    time.pass_by(0.1)
    assert rhythm.quiet_ms() == 0.0
    time.pass_by(0.15)
    assert rhythm.quiet_ms() == pytest.approx(50.0)


def test_edits_that_come_together_are_one_key() -> None:
    rhythm, _ = rhythm_of([400.0] * 64, 150.0)
    rhythm.key()
    rhythm.key()
    assert rhythm.wait_ms() == 0.0
