"""Injected faults are what they are said to be, and figures tell a scorer that knows from one that does not."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from bench.review.faults import KINDS, cases
from bench.review.surprise_figures import auc, figures
from bench.review.surprise_fit import fit
from codeassist.review.surprise.calibration import Calibration

MODULE = '''\
class Store:
    async def load(self, items, count, limit=3):
        """What there is."""
        total = 0
        for item in items:
            if item not in self.seen and count > limit:
                total = total + self.fetch(item, count)
        if not total:
            await self.close(total, count)
        return total

{functions}'''
FUNCTION = '''\
def area_{number}(width, height, depth):
    """How much there is."""
    if width == 0:
        return 0
    if depth and height < 3:
        return combine(width, height)
    result = width + height
    other = True
    return result
'''
VARIABLES = {"items", "count", "limit", "total", "item", "width", "height", "depth", "result", "other", "self"}
KNOWING = Calibration(dict.fromkeys(KINDS, 0.0), 1.0, 0.8)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    functions = "\n\n".join(FUNCTION.format(number=number) for number in range(12))
    (tmp_path / "store.py").write_text(MODULE.format(functions=functions))
    (tmp_path / "broken.py").write_text("def f(:\n")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_store.py").write_text(MODULE.format(functions=functions))
    return tmp_path


def test_each_case_is_a_program_with_one_other_line(root: Path) -> None:
    found = cases(root, 0, 2)
    assert {case.kind for case in found} == set(KINDS)
    for case in found:
        assert case.path == "store.py"
        ast.parse(case.faulty)
        pairs = zip(case.clean.split("\n"), case.faulty.split("\n"), strict=True)
        assert [row for row, (one, other) in enumerate(pairs) if one != other] == [case.row]
        assert case.first <= case.row <= case.last
    assert len({(case.path, case.first) for case in found}) == len(found)


def test_the_same_seed_makes_the_same_cases(root: Path) -> None:
    assert cases(root, 1, 2) == cases(root, 1, 2) != cases(root, 2, 2)


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_is_of_its_kind(root: Path, kind: str) -> None:
    expected = {
        "variable": lambda case: case.became in VARIABLES,
        "arguments": lambda case: sorted(case.was.split(", ")) == sorted(case.became.split(", ")),
        "negation": lambda case: "not" in case.was + case.became or {case.was, case.became} == {"==", "!="},
        "operator": lambda case: case.became in ("<=", ">=", "-", "or"),
        "constant": lambda case: case.became in ("False", "-1", "1", "2", "4"),
        "await": lambda case: (case.was, case.became) == ("await ", ""),
    }
    found = [case for case in cases(root, 0, 2) if case.kind == kind]
    assert found
    assert all(expected[kind](case) for case in found)


def rows(ratio: float) -> list[dict[str, Any]]:
    """Functions of ten lines whose faulty line is read with this ratio, and another line with half of 1."""
    made = []
    for number, kind in enumerate((*KINDS, *KINDS)):
        for is_faulty in (True, False):
            known = {"first": 1.0, "kind": kind, "restores": True}
            readings = [{**known, "row": 3, "ratio": 0.5, "restores": False}]
            if is_faulty:
                readings.append({**known, "row": number % 10, "ratio": ratio})
            lines = {str(row): [1.0] for row in range(10)}
            made.append(
                {"kind": kind, "is_faulty": is_faulty, "row": number % 10, "lines": lines, "readings": readings}
            )
    return made


def test_what_is_always_found_has_full_marks() -> None:
    known = figures(KNOWING, rows(5.0))["all"]
    assert (known["cases"], known["clean_lines"]) == (12, 120)
    for name in ("top_1", "top_3", "auc_case", "auc_line", "recall", "recall_with_the_right_edit", "precision"):
        assert known[name]["mean"] == pytest.approx(1.0, abs=0.05), name
    assert known["false_alarms_per_50_clean_lines"]["mean"] == 0.0
    assert known["auc_case_nats"]["mean"] == known["auc_line_nats"]["mean"] == 0.5


def test_what_is_never_found_has_none() -> None:
    known = figures(KNOWING, rows(-5.0))["all"]
    assert known["recall"]["mean"] == 0.0
    assert known["precision"]["mean"] is None
    assert known["auc_case"]["mean"] == 0.5


def test_a_threshold_that_sound_code_reaches_raises_false_alarms() -> None:
    trusting = Calibration(KNOWING.intercepts, KNOWING.slope, 0.1)
    known = figures(trusting, rows(5.0))["all"]
    assert known["false_alarms_per_50_clean_lines"]["mean"] == pytest.approx(5.0)
    assert known["precision"]["mean"] == pytest.approx(0.5)


def test_auc_counts_ties_by_half() -> None:
    assert auc([([1.0], [0.0, 1.0, 2.0])])["mean"] == pytest.approx(0.5)
    assert auc([([3.0], [0.0]), ([2.0], [1.0])])["mean"] == 1.0
    assert auc([])["mean"] is None


def test_the_fit_separates_what_can_be_and_keeps_to_its_alarms() -> None:
    known = fit(rows(5.0))
    assert known.slope > 0
    told = figures(known, rows(5.0))["all"]
    assert told["recall"]["mean"] > 0.9
    assert told["false_alarms_per_50_clean_lines"]["mean"] <= 0.1
