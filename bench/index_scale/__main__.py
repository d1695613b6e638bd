"""What indexing costs as repositories grow.

    python -m bench.index_scale cold --peers /tmp/peers/bin/python    a cold index beside other tools: index_cold.json
    python -m bench.index_scale growth [--sizes 1000 3000 10000]      the same at several sizes: index_growth.json
    python -m bench.index_scale latency [--sizes 600 10000]           edits and questions: index_latency.json
    python -m bench.index_scale loop [--sizes 10000]                  the Language Server's event loop: index_loop.json

100,000 files (`growth` by default) take several minutes and gigabytes below --work.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.index_scale.cold import OURS, OURS_WITHOUT_VECTORS, compared, measure
from bench.index_scale.corpus import SEED, corpus_versions, make_corpus
from bench.index_scale.growth import growth
from bench.index_scale.latency import latency
from bench.index_scale.loop import loop
from bench.index_scale.peers import find_peers
from bench.measuring import RESULTS, provenance

SIZES = {"cold": [5_000], "growth": [1_000, 3_000, 10_000, 30_000, 100_000], "latency": [600, 10_000], "loop": [10_000]}

Measure = Callable[[argparse.Namespace, Path], dict[str, object]]


def cold(options: argparse.Namespace, work: Path) -> dict[str, object]:
    """Ours and the peers that are there, on one corpus."""
    corpus = make_corpus(work / "corpus", options.sizes[0])
    peers, versions = find_peers(options.peers)
    figures = measure([OURS, OURS_WITHOUT_VECTORS, *peers], corpus, work, options.runs)
    return {"corpus": corpus.described(), "peers": versions, "tools": figures, "ours_to_theirs": compared(figures)}


MEASURES: dict[str, Measure] = {
    "cold": cold,
    "growth": lambda options, work: growth(options.sizes, work),
    "latency": lambda options, work: latency(options.sizes, work),
    "loop": lambda options, work: loop(options.sizes[0], work),
}


def main() -> None:
    """Measure one thing and write its file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=MEASURES)
    parser.add_argument("--sizes", type=int, nargs="+", help="numbers of files")
    parser.add_argument("--runs", type=int, default=3, help="cold indexes of each tool; medians are reported")
    parser.add_argument("--peers", type=Path, help="the Python of an environment that has bm25s, tantivy and semble")
    parser.add_argument("--work", type=Path, help="where corpus and index lie meanwhile (default: a temporary folder)")
    parser.add_argument("--out", type=Path, help="file to write (default: bench/results/index_WHAT.json)")
    options = parser.parse_args()
    options.sizes = options.sizes or SIZES[options.what]
    with tempfile.TemporaryDirectory(prefix="codeassist-bench-", dir=options.work) as folder:
        figures = MEASURES[options.what](options, Path(folder))
    made_from = {"seed": SEED, "packages": corpus_versions()}
    result = {**provenance("index_scale"), "made_from": made_from, **figures}
    target = options.out or RESULTS / f"index_{options.what}.json"
    target.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=1))
    print(f"written to {target}", file=sys.stderr)


if __name__ == "__main__":
    main()
