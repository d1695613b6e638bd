from __future__ import annotations

import pytest

from bench.quality.intervals import interval, relative_gain, share


def test_intervals_hold_the_mean() -> None:
    found = interval([0.0, 1.0] * 50)
    assert found["n"] == 100
    assert found["mean"] == 0.5
    assert found["low"] == pytest.approx(0.4, abs=0.02)
    assert found["high"] == pytest.approx(0.6, abs=0.02)
    assert interval([]) == {"n": 0, "mean": None, "low": None, "high": None}


def test_cases_that_come_in_clusters_tell_less() -> None:
    values = [0.0] * 50 + [1.0] * 50
    alone, together = interval(values), interval(values, [place // 10 for place in range(100)])
    assert together["mean"] == alone["mean"]
    assert together["low"] < alone["low"]  # type: ignore[operator]
    assert together["high"] > alone["high"]  # type: ignore[operator]


def test_a_gain_of_every_case_is_certain() -> None:
    assert relative_gain([0.2, 0.4, 0.8] * 20, [0.3, 0.6, 1.2] * 20) == {"n": 60, "gain": 0.5, "low": 0.5, "high": 0.5}


def test_a_gain_of_a_few_cases_is_doubtful() -> None:
    found = relative_gain([1.0, 0.0, 0.0] * 10, [1.0, 0.0, 1.0] + [1.0, 0.0, 0.0] * 9)
    assert found["gain"] == pytest.approx(0.1)
    assert found["low"] == 0.0


def test_nothing_has_no_relative_gain() -> None:
    assert relative_gain([0.0] * 9, [1.0] * 9)["gain"] is None
    assert relative_gain([0.0] * 9 + [1.0], [1.0] * 10)["gain"] is None
    assert relative_gain([], [])["gain"] is None


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([False] * 32, (0.0, 0.0, 0.1072)),
        ([True] * 32, (1.0, 0.8928, 1.0)),
        ([True] + [False] * 9, (0.1, 0.0179, 0.4042)),
    ],
)
def test_a_share_has_an_interval_even_where_none_is_true(
    values: list[bool], expected: tuple[float, float, float]
) -> None:
    found = share(values)
    assert (found["mean"], found["low"], found["high"]) == expected


def test_the_share_of_nothing_is_none() -> None:
    assert share([])["mean"] is None
