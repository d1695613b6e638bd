"""Prompts that are scored on another machine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.quality.likelihood import ReadBack, WrittenDown
from training.fusion_score import Prompts


def test_what_is_written_down_is_what_was_asked(tmp_path: Path) -> None:
    asked = [([1, 2, 3], [4]), ([5], [6, 7]), ([1, 2, 3], [8])]
    judge = WrittenDown()
    assert [judge.nats(prompt, text) for prompt, text in asked] == [0.0, 0.0, 0.0]
    judge.save(tmp_path / "prompts.npz")
    stored = np.load(tmp_path / "prompts.npz")
    prompts = Prompts(*(stored[name] for name in ("ids", "piece_ends", "parts", "ends")))
    assert len(prompts.ends) == len(asked)
    found = [tuple([int(token) for token in piece] for piece in prompts.pieces(number)) for number in range(3)]
    assert found == asked


def test_scores_come_back_in_order_and_no_more_than_there_are(tmp_path: Path) -> None:
    np.savez(tmp_path / "scores.npz", nats=np.array([[0.5, 2.0], [0.1, 3.0]], np.float32))
    judge = ReadBack(tmp_path / "scores.npz")
    assert [judge.nats([1], [2]), judge.nats([1], [3])] == [2.0, 3.0]
    with pytest.raises(StopIteration):
        judge.nats([1], [4])
