"""How long a completion takes while the same server reviews a change, beside the same alone.

    python -m bench.review.beside --repository falcon

--repository: a clone, of which a copy is worked on, with `codeassist serve` of it running, its index and engine warm.
Round by round a change of some 200 lines, real commits, is staged; completions come one after the other, as somebody
types, first alone, then while the change is reviewed by the passes 1 to 3, which each time is new to the engine.

From the request to the end of the answer, of gaps that no two requests share, with code of the repository; medians, and
90th and 95th percentiles, in milliseconds. Of the reviews, how long they took beside the completions, and how much of
the change the surprise pass read.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from bench.endpoint.load import Target, connected
from bench.endpoint.prompts import gap, prompts
from bench.measuring import RESULTS, provenance, summary
from bench.review.serving import PASSES, Bench, cloned, reviewed, serving
from bench.review.staging import Window, windows
from bench.review.timing import N_LINES
from codeassist.review.report import Report

MAX_TOKENS = 16
# Between a suggestion and the next key that asks for one.
PAUSE_S = 0.15


def main() -> None:
    """Measure, show and write bench/results/review_beside.json."""
    options = _options().parse_args()
    if options.cores:
        os.sched_setaffinity(0, range(options.cores))
    load_before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="codeassist-bench-") as folder:
        figures = _measure(options, Path(folder))
    load = {"load_before": round(load_before, 1), "load_after": round(os.getloadavg()[0], 1)}
    result = {**provenance("review.beside"), "load": load, "cores": options.cores, **figures}
    target = options.result or RESULTS / "review_beside.json"
    target.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=2))


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repository", type=Path, required=True, help="a clone of a development repository")
    parser.add_argument("--changes", type=int, default=7, help="changes of some 200 lines: rounds")
    parser.add_argument("--completions", type=int, default=10, help="of a round, alone")
    parser.add_argument("--cores", type=int, default=2, help="for everything together; 0 for all")
    parser.add_argument("-o", "--option", action="append", default=[], metavar="SECTION.KEY=VALUE", help="a setting")
    parser.add_argument("--result", type=Path)
    return parser


def _measure(options: argparse.Namespace, folder: Path) -> dict[str, object]:
    clone = cloned(options.repository.resolve(), folder)
    found = windows(clone, N_LINES, options.changes)
    bench = Bench(clone, folder / "run" / "codeassist", (sys.executable,))
    with serving(bench, options.option, folder / "serve.log") as port:
        figures = asyncio.run(_rounds(bench, Target(port), found, options.completions))
    return {"changes": [asdict(window) for window in found], **figures}


async def _rounds(bench: Bench, target: Target, found: Sequence[Window], n_alone: int) -> dict[str, object]:
    alone, beside = list[list[float]](), list[list[float]]()
    reports: list[Report] = []
    asked = prompts(seed=1)
    await _completions(target, itertools.islice(asked, n_alone))
    for window in found:
        await asyncio.to_thread(bench.clone.stage, window)
        await asyncio.to_thread(reviewed, bench, ("static",))  # brings the index up to the work tree
        alone.append(await _completions(target, itertools.islice(asked, n_alone)))
        review = asyncio.create_task(asyncio.to_thread(reviewed, bench, PASSES))
        beside.append(await _completions(target, itertools.takewhile(lambda _: not review.done(), asked)))  # noqa: B023
        reports.append(await review)
    return {
        "alone_ms": summary(itertools.chain.from_iterable(alone), 1),
        "beside_ms": summary(itertools.chain.from_iterable(beside), 1),
        "ratio": round(statistics.median(map(_ratio, beside, alone)), 2),
        "ratios": [round(_ratio(one, other), 2) for one, other in zip(beside, alone, strict=True)],
        "review_ms": summary([report.ms for report in reports], 1),
        "surprise_ms": summary([one.ms for report in reports for one in report.passes if one.name == "surprise"], 1),
        "notes": sorted({one.note for report in reports for one in report.passes if one.note}),
    }


async def _completions(target: Target, asked: Iterator[str]) -> list[float]:
    """Milliseconds of each, one after the other."""
    taken = []
    async with connected(target) as connection:
        for prompt in asked:
            taken.append((await connection.ask(gap(prompt, MAX_TOKENS))).total_s * 1e3)
            await asyncio.sleep(PAUSE_S)
    return taken


def _ratio(one: Sequence[float], other: Sequence[float]) -> float:
    return statistics.median(one) / statistics.median(other)


if __name__ == "__main__":
    main()
