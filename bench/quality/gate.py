"""The confidence at which a suggestion is shown unasked: fitted on the even cursors, tested on the odd ones.

    python -m bench.quality gate bench/results/quality.json [--write MODEL_DIRECTORY]

Reads off the least confidence at which half of what is shown is exactly right.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.quality.intervals import Figures, interval
from codeassist.models.checksums import write_checksums

SHARES = (0.1, 0.2, 0.3, 0.5)
_PRECISION = 0.5
_LEAST_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Scored:
    """How sure the model was of a suggestion, and whether it was right. Nothing suggested: -1."""

    confidence: float
    exact: bool


def find_gate(scored: Sequence[Scored]) -> dict[str, float]:
    """The least confidence at which `_PRECISION` of what is shown is right, and how it does on other cursors."""
    suggested = [one for one in scored if one.confidence >= 0]
    fit, test = suggested[::2], suggested[1::2]
    gate, n_right = 1.0, 0
    for n_shown, one in enumerate(_surest_first(fit), start=1):
        n_right += one.exact
        if n_shown >= _LEAST_SHOWN and n_right / n_shown >= _PRECISION:
            gate = one.confidence
    shown = [one for one in test if one.confidence >= gate]
    return {
        "gate": round(gate, 3),
        "n_fit": len(fit),
        "n_test": len(test),
        "shown_share": len(shown) / max(len(test), 1),
        "precision": sum(one.exact for one in shown) / max(len(shown), 1),
    }


def surest(scored: Sequence[Scored], share: float) -> dict[str, object]:
    """How many of the surest suggestions are right: of this share of all cursors, and of the odd cursors above the
    confidence that leaves this share of the even ones."""
    fit, test = scored[::2], scored[1::2]
    best = _surest_first(scored)[: round(share * len(scored))]
    of_fit = _surest_first(fit)[: round(share * len(fit))]
    threshold = of_fit[-1].confidence if of_fit else 1.0
    shown = [one for one in test if one.confidence >= max(threshold, 0.0)]
    return {
        "exact": _exact(best),
        "threshold": round(threshold, 3),
        "odd_shown_share": round(len(shown) / max(len(test), 1), 3),
        "odd_exact": _exact(shown),
    }


def _surest_first(scored: Sequence[Scored]) -> list[Scored]:
    return sorted(scored, key=lambda one: -one.confidence)


def _exact(scored: Sequence[Scored]) -> Figures:
    return interval([float(one.exact) for one in scored])


def scored_rows(rows: Sequence[dict[str, Any]]) -> list[Scored]:
    """Suggestions with context at the random cursors of a stored result of `cursors`."""
    with_context = [row for row in rows if row["mode"] == "context" and row.get("drawn", "random") == "random"]
    return [Scored(-1.0 if row["confidence"] is None else row["confidence"], row["exact"]) for row in with_context]


def run(arguments: argparse.Namespace) -> None:
    """Show the gate, and write it into a model's card."""
    stored = json.loads(arguments.results.read_text(encoding="utf-8"))
    found = find_gate(scored_rows(stored["results"]))
    print(json.dumps(found, indent=1))
    if arguments.write:
        file = arguments.write / "codeassist.json"
        card = json.loads(file.read_text(encoding="utf-8"))
        file.write_text(json.dumps({**card, "gate": found["gate"]}, indent=2) + "\n", encoding="utf-8")
        write_checksums(arguments.write)


def register(commands: Any) -> None:
    """Add `gate` to the subcommands of `python -m bench.quality`."""
    parser = commands.add_parser(
        "gate",
        help="the confidence gate, from a result of `cursors`",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("results", type=Path)
    parser.add_argument("--write", type=Path, metavar="MODEL_DIRECTORY")
    parser.set_defaults(run=run)
