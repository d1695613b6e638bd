"""Fits how sure a reading of the surprise pass is, and from when on it is told.

    python -m bench.review.surprise_fit REPOSITORIES [--rows ROWS.jsonl]

REPOSITORIES: folder with clones of the development repositories. rows: where the scores are kept, and read from when
they are there already. Writes `codeassist/review/surprise/calibration.json` and
`bench/results/review_surprise_fit.json`.

A logistic regression over readings with a ratio above 0: those in the faulty line of a faulty text against those in
sound texts, each kind with an intercept of its own. These are shifted as if one changed line in `LINES_PER_FAULT` had
such a fault, so that a confidence is a share of right alarms where that holds. The threshold is the least at which
sound code raises at most `MOST_ALARMS` alarms per 50 changed lines, but no less than what a review shows
(`review.min_confidence`).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from bench.measuring import RESULTS, provenance
from bench.quality.intervals import Floats
from bench.review.faults import KINDS, cases
from bench.review.reading_cases import ARMS, Row, read_cases, read_rows, write_rows
from bench.review.surprise_figures import DIFF_LINES, best, figures
from codeassist.models.directory import read_model, shipped_model
from codeassist.review.surprise import calibration as shipped
from codeassist.review.surprise.calibration import CAP, Calibration
from codeassist.settings import ReviewSettings
from indexer.variants import VariantKind

REPOSITORIES = ("falcon", "poetry", "streamlink")
CASES_PER_KIND = 8
SEED = 0
LINES_PER_FAULT = 50
MOST_ALARMS = 0.1
# A penalty on squared weights, in nats: a kind that no sound reading is of still has a finite intercept.
_PENALTY = 0.05
_STEPS = 50


def fit(rows: Sequence[Row]) -> Calibration:
    """The calibration of development rows."""
    faulty = [row for row in rows if row["is_faulty"]]
    clean = [row for row in rows if not row["is_faulty"]]
    right = [one for row in faulty for one in row["readings"] if one["row"] == row["row"] and one["ratio"] > 0]
    wrong = [one for row in clean for one in row["readings"] if one["ratio"] > 0]
    n_lines = sum(len(row["lines"]) for row in clean)
    kinds: list[VariantKind] = [kind for kind in KINDS if any(one["kind"] == kind for one in right)]
    x = np.array([_features(one, kinds) for one in (*right, *wrong)])
    y = np.array([1.0] * len(right) + [0.0] * len(wrong))
    *free, slope = _logistic(x, y)
    shift = math.log(n_lines / LINES_PER_FAULT / len(faulty))
    intercepts = {kind: round(float(value) + shift, 4) for kind, value in zip(kinds, free, strict=True)}
    raw = Calibration(intercepts, round(float(slope), 4), 0.0)
    return replace(raw, least=max(_least(raw, clean, n_lines), ReviewSettings().min_confidence))


def _features(reading: Row, kinds: Sequence[str]) -> list[float]:
    return [*(float(reading["kind"] == kind) for kind in kinds), min(reading["ratio"], CAP)]


def _logistic(x: Floats, y: Floats) -> Floats:
    """Weights by Newton's method."""
    penalty = np.eye(x.shape[1]) * _PENALTY
    coefficients = np.zeros(x.shape[1])
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(x @ coefficients, -30, 30)))
        slope = x.T @ (y - chance) - penalty @ coefficients
        bend = (x * (chance * (1 - chance))[:, None]).T @ x + penalty
        coefficients += np.linalg.solve(bend, slope)
    return coefficients


def _least(calibration: Calibration, clean: Sequence[Row], n_lines: int) -> float:
    """The confidence that so many sound texts reach as may raise an alarm, and no more."""
    confidences = sorted((best(calibration, row)[0] for row in clean), reverse=True)
    n_allowed = int(MOST_ALARMS * n_lines / DIFF_LINES)
    return round(float(np.nextafter(confidences[n_allowed], 1)) + 5e-4, 3)


def crossed(rows: Sequence[Row]) -> list[tuple[Calibration, list[Row]]]:
    """Each repository with the calibration of the others."""
    names = dict.fromkeys(row["repository"] for row in rows)
    return [
        (fit([row for row in rows if row["repository"] != name]), [row for row in rows if row["repository"] == name])
        for name in names
    ]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.review.surprise_fit", description=__doc__)
    parser.add_argument("repositories", type=Path)
    parser.add_argument("--rows", type=Path)
    given = parser.parse_args()
    rows = rows_of(given.repositories, REPOSITORIES, CASES_PER_KIND, given.rows)
    known = [row for row in rows if row["arm"] == ARMS[0].name]
    calibration = fit(known)
    model = read_model(shipped_model()).info.name
    _write(Path(shipped.__file__).with_name("calibration.json"), told(calibration, model))
    result: dict[str, Any] = {
        **provenance("review.surprise_fit"),
        "command": "python -m bench.review.surprise_fit REPOSITORIES",
        "model": model,
        "repositories": REPOSITORIES,
        "calibration": told(calibration, model),
        "in sample": figures(calibration, known),
        "fitted on the others": {own[0]["repository"]: figures(one, own) for one, own in crossed(known)},
    }
    _write(RESULTS / "review_surprise_fit.json", result)


def told(calibration: Calibration, model: str) -> dict[str, Any]:
    """As `calibration.json` has it."""
    return {
        "source": "python -m bench.review.surprise_fit",
        "model": model,
        "repositories": REPOSITORIES,
        "lines_per_fault": LINES_PER_FAULT,
        "most_alarms_per_50_lines": MOST_ALARMS,
        "intercepts": calibration.intercepts,
        "slope": calibration.slope,
        "least": calibration.least,
    }


def rows_of(folder: Path, names: Sequence[str], per_kind: int, kept: Path | None) -> list[Row]:
    """The scores of all cases: from the file where there is one, else from the model, and kept there."""
    if kept is not None and kept.exists():
        return read_rows(kept)
    found = [case for name in names for case in cases(folder / name, SEED, per_kind)]
    rows = asyncio.run(read_cases(found, folder))
    if kept is not None:
        write_rows(kept, rows)
    return rows


def _write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
