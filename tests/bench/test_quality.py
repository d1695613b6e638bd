from __future__ import annotations

from pathlib import Path

import pytest

from bench.quality import Result, find_gate, interval, sample_cases


def result(confidence: float, exact: bool) -> Result:
    return Result("r", "a.py", 1, "boundary", "python", "context", "x", "x", exact, 1.0, confidence, 0, 1.0)


def test_intervals_hold_the_mean() -> None:
    found = interval([0.0, 1.0] * 50)
    assert found["n"] == 100
    assert found["low"] < found["mean"] == 0.5 < found["high"]
    assert interval([])["n"] == 0


def test_the_gate_is_where_half_of_what_is_shown_is_right() -> None:
    # Confidence says the truth: from 0.8 up all is right, below nothing is.
    results = [result(number / 200, number >= 160) for number in range(200) for _ in range(2)]
    found = find_gate(results)
    assert found["gate"] == pytest.approx(0.6, abs=0.02)
    assert found["precision"] == pytest.approx(0.5, abs=0.03)


def test_a_hopeless_model_shows_nothing() -> None:
    found = find_gate([result(0.9, False) for _ in range(200)])
    assert found["gate"] == 1.0
    assert found["shown_share"] == 0.0


def test_the_same_seed_gives_the_same_cursors(tmp_path: Path) -> None:
    source = "\n".join(f"value_{number} = compute({number})" for number in range(40))
    for number in range(5):
        (tmp_path / f"mod_{number}.py").write_text(source)
    first, second = sample_cases(tmp_path, 4, seed=3), sample_cases(tmp_path, 4, seed=3)
    assert first == second
    assert len(first) == 4
    for case in first:
        lines = case.document.text.split("\n")
        assert len(lines[case.cursor.line]) == case.cursor.column
        assert lines[case.cursor.line] + case.truth in source
