"""Tables of figures: what stands in the results, in the form of the documents."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts import figures


@pytest.fixture(autouse=True)
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    share = {"n": 1200, "mean": 0.4286, "low": 0.3667, "high": 0.4917}
    gain = {"n": 3, "gain": -0.05, "low": -0.2, "high": 0.1}
    search = {"ndcg@10": 0.8674, "interval_95": [0.833, 0.901], "queries": 160}
    content = {"summary": {"lines": {"share": share, "gain": gain, "search": search}}}
    (tmp_path / "quality.json").write_text(json.dumps(content))
    monkeypatch.setattr(figures, "RESULTS", tmp_path)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("share", "1,200 | 0.429 [0.367, 0.492]"),
        ("gain", "3 | -0.050 [-0.200, +0.100]"),
        ("search", "160 | 0.867 [0.833, 0.901]"),
    ],
)
def test_a_figure_comes_with_its_interval(name: str, shown: str) -> None:
    assert figures.figure("quality", f"summary/lines/{name}") == shown


def test_a_figure_that_was_not_measured_is_an_error() -> None:
    with pytest.raises(KeyError):
        figures.figure("quality", "summary/lines/hope")


def test_typing_has_a_column_for_each_user_and_way(tmp_path: Path) -> None:
    share, none = {"n": 2, "mean": 0.5, "low": 0.25, "high": 0.75}, {"n": 0, "mean": None, "low": None, "high": None}
    tail, no_tail = {"median": 120.4, "p95": 300.0, "n": 5}, {"median": 0.0, "p95": 0.0, "n": 0}
    shares = ("keys_with_ghost", "first_line_right", "accepted", "characters_saved", "keys_saved")

    def measured(one: object, time: object, wasted: float | None) -> dict[str, object]:
        times = dict.fromkeys(("key_to_ghost_ms", "request_to_ghost_ms", "overhead_ms"), time)
        generations = {"started_per_100_keys": 12.5, "wasted_share": wasted}
        nested = {"flicker": {"share": one}, "stood": {"gone_unread": one}, "generations": generations}
        return {"keys": 1200, **times, **dict.fromkeys(shares, one), **nested}

    columns = {"never": {"all": measured(share, tail, 0.5)}, "accepts": {"all": measured(none, no_tail, None)}}
    (tmp_path / "editor_replay.json").write_text(json.dumps({"summary": columns}))
    lines = figures.typing().split("\n")
    assert lines[0] == "| | never | accepts |"
    assert lines[2] == "| keys | 1,200 | 1,200 |"
    assert "| 120, 300 | - |" in lines[3]
    assert "| 0.500 [0.250, 0.750] | - |" in lines[6]
    assert lines[-1].endswith("| 0.50 | - |")
