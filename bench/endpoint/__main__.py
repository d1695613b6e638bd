"""What the HTTP endpoint costs: ratios within one run, on a machine that does nothing else.

    python -m bench.endpoint overhead [--kind scripted]    over the engine alone: endpoint_overhead.json
    python -m bench.endpoint beside                        beside vLLM's own server: endpoint_beside.json
    python -m bench.endpoint rate                          requests a second, scripted: endpoint_rate.json
    python -m bench.endpoint priority                      completions while chats run: endpoint_priority.json
    python -m bench.endpoint cost                          with repository context and without: endpoint_cost.json

`overhead` without --kind measures both engines.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from bench.endpoint.beside import beside
from bench.endpoint.cost import cost
from bench.endpoint.overhead import overhead
from bench.endpoint.priority import priority
from bench.endpoint.rate import rate
from bench.endpoint.servers import folder
from bench.measuring import RESULTS, provenance

Measure = Callable[[argparse.Namespace, Path], Coroutine[Any, Any, dict[str, object]]]


async def _overhead(options: argparse.Namespace, work: Path) -> dict[str, object]:
    kinds = [options.kind] if options.kind else ["scripted", "embedded"]
    return {kind: await overhead(kind, options.requests or 200, work / kind) for kind in kinds}


async def _beside(options: argparse.Namespace, work: Path) -> dict[str, object]:
    return await beside(options.requests or 16, options.rounds, work)


async def _rate(options: argparse.Namespace, work: Path) -> dict[str, object]:
    return await rate(options.requests or 3000, options.rounds, work)


async def _priority(options: argparse.Namespace, work: Path) -> dict[str, object]:
    return await priority(options.requests or 40, options.rounds, work)


async def _cost(options: argparse.Namespace, work: Path) -> dict[str, object]:
    return await cost(options.requests or 24, work)


MEASURES: dict[str, Measure] = {
    "overhead": _overhead,
    "beside": _beside,
    "rate": _rate,
    "priority": _priority,
    "cost": _cost,
}


def main() -> None:
    """Measure, show and write one of bench/results/endpoint_*.json."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("measure", choices=MEASURES)
    options.add_argument("--kind", choices=("scripted", "embedded"))
    options.add_argument("--requests", type=int, help="in each round; places for cost")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--result", type=Path)
    chosen = options.parse_args()
    load_before = os.getloadavg()[0]
    with folder() as work:
        figures = asyncio.run(MEASURES[chosen.measure](chosen, work))
    machine = {"load_before": round(load_before, 1), "load_after": round(os.getloadavg()[0], 1)}
    result = {**provenance("endpoint"), "load": machine, **figures}
    target = chosen.result or RESULTS / f"endpoint_{chosen.measure}.json"
    target.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=2))
    print(f"written to {target}", file=sys.stderr)


if __name__ == "__main__":
    main()
