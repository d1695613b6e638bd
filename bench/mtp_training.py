"""An MTP layer that was made afterwards beside the one that was trained along with the model.

    python -m training.strip codeassist/models/deepseek-small STRIPPED
    python -m bench.mtp_training --model STRIPPED --joint codeassist/models/deepseek-small --data REPO... \
        --test REPO... --out FOLDER --minutes 14
    python -m bench.mtp_training --model STRIPPED --joint codeassist/models/deepseek-small --test REPO... \
        --out FOLDER --layer FOLDER                # one that the command itself has trained

Trains as `codeassist mtp train` does, on the repositories of --data, and counts on those of --test, of which neither
layer has seen anything, how often the base would take what each drafts. FOLDER/acceptance.json has both, row by row;
bench/results/mtp_training.json is what `summarise` makes of it, with the log of the training (log.jsonl).
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from codeassist.mtp.acceptance import measure_acceptance
from codeassist.mtp.attach import LAYER
from codeassist.mtp.base import Base
from codeassist.mtp.layer import read_layer
from codeassist.mtp.loader import Plan
from codeassist.mtp.samples import read_texts
from codeassist.mtp.training import Look, Trainer

ROWS, LENGTH = 384, 1024


def main() -> None:
    """Train, measure, write."""
    options = arguments()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    options.out.mkdir(parents=True, exist_ok=True)
    training = {} if options.layer else asdict(_train(options, device))
    base = Base(options.model, device)
    told, untold = read_texts(options.test)
    layers = {"afterwards": (options.layer or options.out) / LAYER, "along": options.joint}
    found = {
        name: measure_acceptance(
            base, read_layer(path, base), options.model, [*told, *untold], n_rows=ROWS, length=LENGTH, seed=7
        )
        for name, path in layers.items()
    }
    result = {name: {"rate": one.rate, **asdict(one)} for name, one in found.items()}
    measured = {"training": training, **result}
    (options.out / "acceptance.json").write_text(json.dumps(measured))
    name = torch.cuda.get_device_name() if device == "cuda" else "cpu"
    header = {
        "device": name,
        "torch": torch.__version__,
        "rows": options.rows,
        "length": LENGTH,
        "minutes": 0.0 if options.layer else options.minutes,
    }
    (options.out / "mtp_training.json").write_text(json.dumps({**header, **summarise(measured)}, indent=2) + "\n")
    print({name: (one.rate, one.drafted) for name, one in found.items()})


def _train(options: argparse.Namespace, device: str) -> Look:
    train, held_out = read_texts(options.data)
    plan = Plan(
        steps=options.steps, rows=options.rows, length=LENGTH, look_every=200, seconds=options.minutes * 60,
        workers=options.workers,
    )  # fmt: skip
    return Trainer(options.model, train, held_out, options.out, plan, device).run(lambda look: print(look, flush=True))


def summarise(measured: dict[str, Any]) -> dict[str, Any]:
    """Rates with their 95 % intervals and their difference, whole rows drawn 10,000 times."""
    rows = {name: np.array(measured[name]["rows"], dtype=float) for name in ("afterwards", "along")}
    n_rows = len(rows["along"])
    drawn = np.random.default_rng(0).integers(0, n_rows, (10_000, n_rows))
    rates = {name: counts[drawn, 0].sum(1) / counts[drawn, 1].sum(1) for name, counts in rows.items()}
    told: dict[str, Any] = {
        name: {"rate": round(measured[name]["rate"], 4), "interval_95": _bounds(rates[name])} for name in rates
    }
    difference = measured["afterwards"]["rate"] - measured["along"]["rate"]
    behind = {"difference": round(difference, 4), "interval_95": _bounds(rates["afterwards"] - rates["along"])}
    return {"drafted": measured["along"]["drafted"], **told, "behind": behind, "training": measured["training"]}


def _bounds(values: Any) -> list[float]:
    return [round(float(bound), 4) for bound in np.quantile(values, (0.025, 0.975))]


def arguments() -> argparse.Namespace:
    """Of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--model", "--joint", "--out"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--data", type=Path, nargs="+", default=[])
    parser.add_argument("--test", type=Path, nargs="+", required=True)
    parser.add_argument("--layer", type=Path, help="folder of a layer that is there already: nothing is trained")
    parser.add_argument("--minutes", type=float, default=14.0)
    parser.add_argument("--steps", type=int, default=200_000)
    parser.add_argument("--rows", type=int, default=32)
    parser.add_argument("--workers", type=int, default=12)
    return parser.parse_args()


if __name__ == "__main__":
    main()
