"""Fit the weights of `indexer/fusion.py` by what each candidate saved the model, and say what whole prompts save.

    python -m training.fusion_fit weights CASES SCORES.npz indexer/fusion.json
    python -m training.fusion_fit arms HELD_OUT_CASES SCORES.npz bench/results/fusion.json

Ridge regression; the penalty is the one that foretells repositories best that the weights have not seen. A candidate
saves the difference in nats between the answers' scores without it and with it: of the first line where the rest of a
line is missing; of up to 24 tokens' worth where a block is. Differences are cut off at MAX_NATS on both sides, so that
no few answers that can be copied whole decide all; each cursor counts the same.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.measuring import provenance
from bench.quality.intervals import interval
from bench.quality.report import weights_hash
from codeassist.models.directory import shipped_model
from training.fusion_score import read_cases

MAX_NATS = 3.0
BLOCK_TOKENS = 24
PENALTIES = (30.0, 100.0, 300.0, 1000.0)

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Rows:
    """Candidates as rows. saved: nats; weight: 1 / rows of the same cursor; repository: its number."""

    values: Vector
    saved: Vector
    weight: Vector
    repository: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Scored:
    """A case with the nats of its prompts. scores: (prompts, 2), as `fusion_score.slots_of` orders them."""

    case: dict[str, Any]
    scores: Vector

    def nats(self, number: int) -> float:
        """What counts of one prompt's score."""
        first, whole = self.scores[number]
        share = min(1.0, BLOCK_TOKENS / self.case["n_answer"]) if self.case["is_block"] else 1.0
        return float(whole * share if self.case["is_block"] else first)


def read(cases: Path, scores: Path) -> list[Scored]:
    """Cases with their scores."""
    nats = np.load(scores)["nats"].astype(np.float64)
    found: list[Scored] = []
    at = 0
    for case in read_cases(cases):
        n_prompts = 1 + len(case["candidates"]) + len(case["arms"])
        found.append(Scored(case, nats[at : at + n_prompts]))
        at += n_prompts
    assert at == len(nats), f"{at} prompts in the cases, {len(nats)} scores"
    return found


def rows_of(scored: Sequence[Scored], names: Sequence[str]) -> Rows:
    """All candidates; what is not among the names is left out."""
    column = {name: at for at, name in enumerate(names)}
    values: list[Vector] = []
    saved: list[float] = []
    weight: list[float] = []
    repository: list[int] = []
    repositories = sorted({one.case["repository"] for one in scored})
    for one in scored:
        for number, candidate in enumerate(one.case["candidates"], 1):
            row = np.zeros(len(names))
            for name, value in candidate["features"].items():
                if name in column:
                    row[column[name]] = value
            values.append(row)
            saved.append(float(np.clip(one.nats(0) - one.nats(number), -MAX_NATS, MAX_NATS)))
        n_rows = len(one.case["candidates"])
        weight += [1.0 / n_rows] * n_rows if n_rows else []
        repository += [repositories.index(one.case["repository"])] * n_rows
    return Rows(np.array(values), np.array(saved), np.array(weight), np.array(repository))


def solve(rows: Rows, kept: NDArray[np.bool_], penalty: float) -> Vector:
    """Ridge regression over the kept rows; columns are scaled alike first."""
    scale = np.sqrt((rows.values[kept] ** 2).mean(0)) + 1e-9
    x = rows.values[kept] / scale
    weighted = x * rows.weight[kept, None]
    solved: Vector = np.linalg.solve(weighted.T @ x + penalty * np.eye(x.shape[1]) / 10, weighted.T @ rows.saved[kept])
    return solved / scale


def foretold(rows: Rows, kept: NDArray[np.bool_], weights: Vector) -> float:
    """Share of the variance in what candidates saved that the weights foretell."""
    error = rows.saved[kept] - rows.values[kept] @ weights
    about = rows.saved[kept] - np.average(rows.saved[kept], weights=rows.weight[kept])
    return float(1 - (rows.weight[kept] @ error**2) / (rows.weight[kept] @ about**2))


def cross_validated(rows: Rows, penalty: float) -> float:
    """`foretold` for each repository by weights of the others, on average."""
    held_out = [rows.repository == number for number in np.unique(rows.repository)]
    return float(np.mean([foretold(rows, kept, solve(rows, ~kept, penalty)) for kept in held_out]))


def feature_names(scored: Sequence[Scored]) -> list[str]:
    """Every feature that a candidate of the cases has."""
    return sorted({name for one in scored for candidate in one.case["candidates"] for name in candidate["features"]})


def arms(scored: Sequence[Scored]) -> dict[str, object]:
    """What each arm brings: nats saved compared with nothing, and how many more than the order by hand; the share of
    the names of the true text that the window does not spell and the slots do.
    """
    figures: dict[str, object] = {}
    for kind, is_block in (("rest of line", False), ("block", True)):
        chosen = [one for one in scored if one.case["is_block"] == is_block]
        saved: dict[str, list[float]] = {}
        spelled: dict[str, list[float]] = {}
        for one in chosen:
            first = len(one.scores) - len(one.case["arms"])
            for offset, (name, arm) in enumerate(one.case["arms"].items()):
                saved.setdefault(name, []).append(one.nats(0) - one.nats(first + offset))
                if one.case["unseen"]:
                    spelled.setdefault(name, []).append(arm["spelled"] / one.case["unseen"])
        by_hand = saved["by hand"]
        figures[kind] = {
            name: {
                "nats saved": interval(values),
                "nats more than by hand": interval([a - b for a, b in zip(values, by_hand, strict=True)]),
                "unseen names spelled": interval(spelled[name]),
            }
            for name, values in saved.items()
        }
    return figures


def fit(scored: Sequence[Scored]) -> dict[str, object]:
    """The weights, and how well weights of the other repositories foretell each."""
    names = feature_names(scored)
    rows = rows_of(scored, names)
    quality = {penalty: cross_validated(rows, penalty) for penalty in PENALTIES}
    penalty = max(quality, key=lambda one: quality[one])
    weights = solve(rows, np.ones(len(rows.saved), np.bool_), penalty)
    return described(scored) | {
        "candidates": len(rows.saved),
        "penalty": penalty,
        "foretold": {str(one): round(value, 4) for one, value in quality.items()},
        "weights": {name: round(float(weight), 4) for name, weight in zip(names, weights, strict=True)},
    }


def described(scored: Sequence[Scored]) -> dict[str, object]:
    """Where figures come from."""
    return provenance("fusion_fit") | {
        "command": " ".join(["python", "-m", "training.fusion_fit", *sys.argv[1:]]),
        "model": weights_hash(shipped_model()),
        "repositories": sorted({one.case["repository"] for one in scored}),
        "cursors": len(scored),
    }


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("weights", "arms"))
    parser.add_argument("cases", type=Path)
    parser.add_argument("scores", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    scored = read(arguments.cases, arguments.scores)
    result = fit(scored) if arguments.what == "weights" else described(scored) | {"summary": arms(scored)}
    arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
