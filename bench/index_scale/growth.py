"""The same index at several sizes of repository: how its cost grows, and how soon it answers once opened."""

from __future__ import annotations

import json
import math
import shutil
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.index_scale.cold import OURS, Cost, figures
from bench.index_scale.corpus import Corpus, make_corpus, remove
from bench.index_scale.questions import cursor_queries, spoken_questions
from bench.index_scale.weighing import folder_bytes, weigh

OPENINGS = 5


def growth(sizes: Sequence[int], work: Path) -> dict[str, object]:
    """Figures at each size, and the exponents: 1 is linear."""
    rows: dict[str, dict[str, object]] = {}
    for size in sorted(sizes):
        print(f"{size} files", file=sys.stderr)
        rows[str(size)] = at_size(size, work)
    return {"sizes": rows, "exponents": exponents(list(rows.values()))}


def at_size(size: int, work: Path) -> dict[str, object]:
    """One cold index of so many files, and its warm opening."""
    corpus = make_corpus(work / f"of-{size}", size)
    directory = work / f"index-of-{size}"
    try:
        weighed = OURS.run(corpus, directory)
        cost = Cost(weighed, folder_bytes(directory))
        return {
            **corpus.described(),
            **figures([cost], corpus),
            "warm_open": warm_open(corpus, directory),
        }
    finally:
        shutil.rmtree(directory, ignore_errors=True)
        remove(corpus)


def warm_open(corpus: Corpus, directory: Path) -> dict[str, object]:
    """Seconds from opening a stored index to its first answer, in fresh processes; medians. The file is in the
    system's cache, as after a look at it a while ago."""
    words, (cursor, *_) = spoken_questions(corpus, OPENINGS), cursor_queries(corpus, 1)
    asked = {"words": [("", text) for text in words], "cursor": [(cursor.path or "", cursor.source or "")] * OPENINGS}
    found: dict[str, object] = {}
    for kind, questions in asked.items():
        runs = [open_once(corpus, directory, path, text) for path, text in questions]
        found[kind] = {key: round(statistics.median(run[key] for run in runs), 3) for key in runs[0]}
    return found


def open_once(corpus: Corpus, directory: Path, path: str, text: str) -> dict[str, float]:
    """Seconds of one opening."""
    program = [sys.executable, "-m", "bench.index_scale.open_once"]
    weighed = weigh([*program, str(corpus.root), str(directory), path, text])
    told: dict[str, float] = json.loads(weighed.output)
    return {**told, "process_s": weighed.seconds, "peak_mb": weighed.peak_mb}


def exponents(rows: Sequence[dict[str, object]]) -> dict[str, float]:
    """By which power of the source's bytes a cost grows, fitted on logarithms over all sizes."""
    if len(rows) < 2:
        return {}
    sizes = [float(str(row["megabytes"])) for row in rows]
    return {
        cost: slope(sizes, [float(str(row[cost])) for row in rows]) for cost in ("seconds", "cpu_seconds", "peak_mb")
    }


def slope(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """The slope of a straight line through the logarithms."""
    fitted = statistics.linear_regression([math.log(size) for size in sizes], [math.log(cost) for cost in costs])
    return round(fitted.slope, 3)
