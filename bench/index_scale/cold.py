"""A cold index, ours and those of other tools, as comparable figures."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.index_scale.corpus import Corpus
from bench.index_scale.weighing import Weighed, folder_bytes, weigh

FILE_BYTES = 4096

Run = Callable[[Corpus, Path], Weighed]


@dataclass(frozen=True, slots=True)
class Tool:
    """What makes an index. run: an index of a corpus into an empty folder."""

    name: str
    what: str
    run: Run


@dataclass(frozen=True, slots=True)
class Cost:
    """One cold index."""

    weighed: Weighed
    index_bytes: int


def index_with_vectors(corpus: Corpus, target: Path) -> Weighed:
    """Our whole index."""
    return _ours(corpus, target, "vectors")


def index_without_vectors(corpus: Corpus, target: Path) -> Weighed:
    """Our index where no embedding model is."""
    return _ours(corpus, target, "none")


OURS = Tool("codeassist", "symbols, references, imports, full text and vectors", index_with_vectors)
OURS_WITHOUT_VECTORS = Tool(
    "codeassist without vectors", "symbols, references, imports and full text", index_without_vectors
)


def _ours(corpus: Corpus, target: Path, vectors: str) -> Weighed:
    program = [sys.executable, "-m", "bench.index_scale.index_once"]
    return weigh([*program, str(corpus.root), str(target), vectors])


def measure_once(tool: Tool, corpus: Corpus, work: Path) -> Cost:
    """One cold index into a folder that is gone afterwards."""
    target = work / "cold"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    weighed = tool.run(corpus, target)
    cost = Cost(weighed, folder_bytes(target))
    shutil.rmtree(target)
    return cost


def measure(tools: Sequence[Tool], corpus: Corpus, work: Path, n_runs: int) -> dict[str, dict[str, object]]:
    """Figures of each tool: medians over runs that take turns, so that a busy minute hits all alike."""
    costs: dict[str, list[Cost]] = {tool.name: [] for tool in tools}
    for number in range(n_runs):
        for tool in tools:
            print(f"run {number + 1} of {n_runs}: {tool.name}", file=sys.stderr)
            costs[tool.name].append(measure_once(tool, corpus, work))
    return {tool.name: {"makes": tool.what, **figures(costs[tool.name], corpus)} for tool in tools}


def figures(costs: Sequence[Cost], corpus: Corpus) -> dict[str, object]:
    """Medians, and what follows from them. Per core: by processor time, which others on the machine do not lengthen,
    and by the clock, as if all cores had been at work."""
    seconds = statistics.median(cost.weighed.seconds for cost in costs)
    cpu_seconds = statistics.median(cost.weighed.cpu_seconds for cost in costs)
    files_of_4kb = corpus.n_bytes / FILE_BYTES
    return {
        "seconds": round(seconds, 2),
        "cpu_seconds": round(cpu_seconds, 2),
        "files_per_s": round(len(corpus.paths) / seconds, 1),
        "megabytes_per_s": round(corpus.n_bytes / 1e6 / seconds, 2),
        "files_of_4kb_per_cpu_second": round(files_of_4kb / cpu_seconds, 1),
        "files_of_4kb_per_second_and_core": round(files_of_4kb / seconds / (os.cpu_count() or 1), 1),
        "peak_mb": round(max(cost.weighed.peak_mb for cost in costs)),
        "index_bytes_per_source_byte": round(statistics.median(c.index_bytes for c in costs) / corpus.n_bytes, 2),
        **_told(costs[0].weighed.output),
    }


COMPARED = ("files_per_s", "cpu_seconds", "peak_mb", "index_bytes_per_source_byte")


def compared(tools: dict[str, dict[str, object]]) -> dict[str, dict[str, float]]:
    """How many times another tool's figure ours is."""
    ours = tools[OURS.name]
    return {
        name: {key: round(float(str(ours[key])) / float(str(theirs[key])), 2) for key in COMPARED}
        for name, theirs in tools.items()
        if theirs is not ours
    }


def _told(output: str) -> dict[str, object]:
    """What a program told of itself, as the one JSON object on its stdout."""
    try:
        told = json.loads(output)
    except json.JSONDecodeError:
        return {}
    return told if isinstance(told, dict) else {}
