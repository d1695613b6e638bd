"""Faults put into functions of held-out repositories, and what the surprise pass makes of them.

    python -m bench.review.injected REPOSITORIES [--per-kind 6] [--rows ROWS.jsonl]

REPOSITORIES: folder with clones of the repositories. A case is one function of 8 to 30 lines with one fault
(`bench.review.faults`), shown as a diff that rewrites all of it; its control is the same diff without the fault. Both
are read with code of the repository beside them, and without (`bench.review.reading_cases`). What is told:

- top_1, top_3: how often the faulty line is among the first of its function by the pass's score;
- auc_case: faulty functions against sound ones; auc_line: the faulty line against the others of its function. Each
  beside the same of `nats`, the surprise of the most surprising token, which knows no alternatives;
- recall: faults with an alarm on their line, and with the edit that takes the fault back; precision: of all alarms on
  faulty functions and their controls; false alarms per 50 clean lines. All at the shipped threshold.

The figures, with 95 % bootstrap intervals over cases, go to `bench/results/review_injected.json`. --rows: a
file that keeps the scores, and is read where it is there.
"""

from __future__ import annotations

import argparse
import json
import statistics
from pathlib import Path
from typing import Any

from bench.measuring import RESULTS, provenance
from bench.review.reading_cases import ARMS
from bench.review.surprise_figures import figures
from bench.review.surprise_fit import rows_of
from codeassist.review.surprise.calibration import shipped_calibration

REPOSITORIES = ("docker-py", "werkzeug", "python-prompt-toolkit")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.review.injected", description=__doc__)
    parser.add_argument("repositories", type=Path)
    parser.add_argument("--per-kind", type=int, default=6)
    parser.add_argument("--rows", type=Path)
    given = parser.parse_args()
    rows = rows_of(given.repositories, REPOSITORIES, given.per_kind, given.rows)
    calibration = shipped_calibration()
    arms: dict[str, Any] = {}
    for arm in ARMS:
        own = [row for row in rows if row["arm"] == arm.name]
        seconds, tokens = ([row[name] for row in own] for name in ("seconds", "n_tokens"))
        cost = {"median_seconds": statistics.median(seconds), "median_tokens": statistics.median(tokens)}
        arms[arm.name] = {**cost, **figures(calibration, own)}
    result = {
        **provenance("review.injected"),
        "command": f"python -m bench.review.injected REPOSITORIES --per-kind {given.per_kind}",
        "repositories": REPOSITORIES,
        "threshold": calibration.least,
        "arms": arms,
    }
    target = RESULTS / "review_injected.json"
    target.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(arms, indent=2))


if __name__ == "__main__":
    main()
