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
