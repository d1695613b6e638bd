from __future__ import annotations

import pytest

from bench.quality.gate import Scored, find_gate, scored_rows, surest


def test_the_gate_is_where_half_of_what_is_shown_is_right() -> None:
    # Confidence says the truth: from 0.8 up all is right, below nothing is.
    scored = [Scored(number / 200, number >= 160) for number in range(200) for _ in range(2)]
    found = find_gate(scored)
    assert found["gate"] == pytest.approx(0.6, abs=0.02)
    assert found["precision"] == pytest.approx(0.5, abs=0.03)


def test_a_hopeless_model_shows_nothing() -> None:
    found = find_gate([Scored(0.9, False) for _ in range(200)])
    assert found["gate"] == 1.0
    assert found["shown_share"] == 0.0


def test_the_surest_are_a_share_of_all_cursors() -> None:
    scored = [Scored(number / 100, number >= 80) for number in range(100)] + [Scored(-1.0, False)] * 100
    found = surest(scored, 0.2)
    assert found["exact"]["n"] == 40  # type: ignore[index]
    assert found["exact"]["mean"] == 0.5  # type: ignore[index]
    assert found["threshold"] == pytest.approx(0.6, abs=0.02)
    assert found["odd_shown_share"] == pytest.approx(0.2, abs=0.01)
    assert found["odd_exact"]["mean"] == pytest.approx(0.5, abs=0.03)  # type: ignore[index]


def test_only_random_cursors_with_context_count() -> None:
    rows = [
        {"mode": "context", "confidence": 0.5, "exact": True},  # as stored before there were others
        {"mode": "context", "confidence": None, "exact": False, "drawn": "random"},
        {"mode": "context", "confidence": 0.4, "exact": False, "drawn": "needing"},
        {"mode": "oracle", "confidence": 0.3, "exact": False, "drawn": "random"},
    ]
    assert scored_rows(rows) == [Scored(0.5, True), Scored(-1.0, False)]
