"""How well readings tell the faulty line, and the faulty text, from the others. Pure.

A line's score is the confidence of its surest reading, a text's that of its surest line. Beside it: `nats`, the
log-probability of a line's most surprising token, which is what a scorer without alternatives has.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bench.quality.intervals import Figures, Floats, interval
from bench.review.faults import KINDS
from codeassist.review.surprise.calibration import Calibration

Row = dict[str, Any]
_SAMPLES = 1000
# The size of a diff that false alarms are counted for.
DIFF_LINES = 50


def confidence_of(calibration: Calibration, reading: Row) -> float:
    """Of one stored reading."""
    return calibration.confidence(reading["kind"], reading["ratio"])


def best(calibration: Calibration, row: Row) -> tuple[float, Row | None]:
    """The surest reading of a text, and how sure it is."""
    sure = [(confidence_of(calibration, one), one["ratio"], one) for one in row["readings"]]
    confidence, _, found = max(sure, key=lambda item: item[:2], default=(0.0, 0.0, None))
    return confidence, found if confidence > 0 else None


def line_scores(calibration: Calibration, row: Row) -> dict[int, tuple[float, float]]:
    """Of each line by its row: confidence, then nats, which decide among lines without a reading."""
    scores = {int(line): (0.0, max(nats)) for line, nats in row["lines"].items()}
    for reading in row["readings"]:
        confidence = confidence_of(calibration, reading)
        before = scores.get(reading["row"], (0.0, 0.0))
        scores[reading["row"]] = max(before[0], confidence), before[1]
    return scores


def figures(calibration: Calibration, rows: Sequence[Row]) -> dict[str, Any]:
    """Everything that is reported of one arm: of all kinds, and of each."""
    kinds: dict[str, list[Row]] = {kind: [row for row in rows if row["kind"] == kind] for kind in KINDS}
    told = {kind: _figures(calibration, own) for kind, own in kinds.items() if own}
    return {"all": _figures(calibration, rows), **told}


def _figures(calibration: Calibration, rows: Sequence[Row]) -> dict[str, Any]:
    faulty = [row for row in rows if row["is_faulty"]]
    clean = [row for row in rows if not row["is_faulty"]]
    alarms = [_alarm(calibration, row) for row in faulty]
    told = [alarm is not None for alarm in alarms]
    hits = [alarm is not None and alarm["row"] == row["row"] for alarm, row in zip(alarms, faulty, strict=True)]
    exact = [alarm is not None and alarm["restores"] for alarm in alarms]
    false = [_alarm(calibration, row) is not None for row in clean]
    n_lines = [len(row["lines"]) for row in clean]
    return {
        "cases": len(faulty),
        "clean_lines": sum(n_lines),
        "top_1": interval([_rank(calibration, row) <= 1 for row in faulty]),
        "top_3": interval([_rank(calibration, row) <= 3 for row in faulty]),
        "auc_case": auc(_pairs(faulty, clean, lambda row: best(calibration, row)[0])),
        "auc_case_nats": auc(
            _pairs(faulty, clean, lambda row: max((nats for _, nats in _lines(calibration, row)), default=0.0))
        ),
        "auc_line": auc([_line_pair(calibration, row, 0) for row in faulty]),
        "auc_line_nats": auc([_line_pair(calibration, row, 1) for row in faulty]),
        "recall": interval(hits),
        "recall_with_the_right_edit": interval(exact),
        "precision": _precision(hits, told, false),
        "false_alarms_per_50_clean_lines": _rate(false, n_lines),
    }


def _alarm(calibration: Calibration, row: Row) -> Row | None:
    confidence, found = best(calibration, row)
    return found if confidence >= calibration.least else None


def _lines(calibration: Calibration, row: Row) -> list[tuple[float, float]]:
    return list(line_scores(calibration, row).values())


def _rank(calibration: Calibration, row: Row) -> float:
    """Of the faulty line among the lines of its text; lines that score the same share the middle of their places."""
    scores = line_scores(calibration, row)
    own = scores.get(row["row"], (0.0, 0.0))
    above = sum(score > own for score in scores.values())
    same = sum(score == own for score in scores.values())
    return above + (max(same, 1) + 1) / 2


Pair = tuple[list[float], list[float]]


def _pairs(faulty: Sequence[Row], clean: Sequence[Row], score: Callable[[Row], float]) -> list[Pair]:
    """Each case's score with the fault and without."""
    return [([score(one)], [score(other)]) for one, other in zip(faulty, clean, strict=True)]


def _line_pair(calibration: Calibration, row: Row, part: int) -> Pair:
    """The faulty line's score, and those of the other lines of its text."""
    scores = line_scores(calibration, row)
    return (
        [score[part] for line, score in scores.items() if line == row["row"]],
        [score[part] for line, score in scores.items() if line != row["row"]],
    )


def auc(pairs: Sequence[Pair]) -> Figures:
    """How often something faulty scores higher than something sound, ties by half, over all; cases are drawn whole."""
    if not pairs:
        return {"n": 0, "mean": None, "low": None, "high": None}
    generator = np.random.default_rng(0)
    drawn = [_auc(pairs, generator.integers(0, len(pairs), len(pairs))) for _ in range(_SAMPLES)]
    low, high = np.nanquantile(drawn, (0.025, 0.975))
    mean = _auc(pairs, np.arange(len(pairs)))
    return {"n": len(pairs), "mean": round(mean, 4), "low": round(float(low), 4), "high": round(float(high), 4)}


def _auc(pairs: Sequence[Pair], numbers: Any) -> float:
    positive = np.array([value for number in numbers for value in pairs[number][0]])
    negative = np.sort([value for number in numbers for value in pairs[number][1]])
    if not len(positive) or not len(negative):
        return float("nan")
    below, up_to = (np.searchsorted(negative, positive, side) for side in ("left", "right"))
    return float((below + up_to).mean() / 2 / len(negative))


def _precision(hits: Sequence[bool], told: Sequence[bool], false: Sequence[bool]) -> Figures:
    """Of all alarms, on texts with and without a fault (as many of each), those on the faulty line."""
    cases = list(zip(hits, told, false, strict=True))
    right = np.array([hit for hit, _, _ in cases], float)
    alarms = np.array([one + other for _, one, other in cases], float)
    return _ratio_interval(right, alarms, 1)


def _rate(false: Sequence[bool], n_lines: Sequence[int]) -> Figures:
    return _ratio_interval(np.array(false, float), np.array(n_lines, float), DIFF_LINES)


def _ratio_interval(above: Floats, below: Floats, scale: float) -> Figures:
    if not below.sum():
        return {"n": int(below.sum()), "mean": None, "low": None, "high": None}
    drawn = np.random.default_rng(0).integers(0, len(below), (_SAMPLES, len(below)))
    sums = below[drawn].sum(axis=1)
    values = above[drawn].sum(axis=1)[sums > 0] / sums[sums > 0] * scale
    low, high = np.quantile(values, (0.025, 0.975))
    mean = float(above.sum() / below.sum() * scale)
    return {
        "n": int(below.sum()),
        "mean": round(mean, 4),
        "low": round(float(low), 4),
        "high": round(float(high), 4),
    }
