"""How fast an index is made, kept and asked.

    python -m bench.index_speed

- cold: an empty index of a whole repository, with vectors and without, in files/s and MB/s, next to a baseline of the
  same run: reading every file and parsing the Python ones with `ast`, in one thread;
- refresh: one file was edited, and the index brought up to date: by the file's name, or by a look at the whole tree;
- retrieval: the question of a cursor, as every keystroke asks it, and a person's words.
"""

from __future__ import annotations

import argparse
import ast
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from bench.measuring import Repository, bench_settings, parser, summary, workbench, write_result
from codeassist.assistant import open_index
from codeassist.documents import read_document
from codeassist.query import cursor_query
from codeassist.settings import IndexSettings
from codeassist.types import Cursor
from codeassist.window import WindowBudget, cut_window
from indexer.index import CodeIndex
from indexer.types import IndexReport, Query

EDITS = 10
CURSORS = 200
HITS = 12
WORDS = (
    "shortest path between two nodes",
    "where are weights read from a file",
    "is the graph connected",
    "remove an edge and its attributes",
    "draw node labels",
)


def timed(action: Callable[[], object]) -> float:
    """Seconds that an action takes."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def read_and_parse(repository: Repository) -> None:
    """The baseline: every file read, Python parsed by Python."""
    for path in repository.root.rglob("*"):
        if path.is_file() and ".git" not in path.parts:
            content = path.read_bytes()
            if path.suffix == ".py":
                ast.parse(content)


def cold_index(settings: IndexSettings, repository: Repository, directory: Path) -> tuple[IndexReport, float]:
    """A new index: its report, and seconds with opening and closing."""
    started = time.perf_counter()
    index = open_index(replace(settings, directory=str(directory)), repository.root)
    report = index.refresh()
    index.close()
    return report, time.perf_counter() - started


def cold(settings: IndexSettings, repository: Repository, folder: Path, n_runs: int) -> dict[str, object]:
    """Medians of several cold indexes."""
    runs = [cold_index(settings, repository, Path(tempfile.mkdtemp(dir=folder))) for _ in range(n_runs)]
    seconds = statistics.median(elapsed for _, elapsed in runs)
    baseline = statistics.median(timed(lambda: read_and_parse(repository)) for _ in range(n_runs))
    report = runs[0][0]
    return {
        "files": report.files,
        "chunks": report.chunks,
        "symbols": report.symbols,
        "vectors": report.vectors,
        "skipped": len(report.skipped),
        "seconds": round(seconds, 2),
        "files_per_s": round(report.files / seconds, 1),
        "megabytes_per_s": round(report.bytes_read / 1e6 / seconds, 2),
        "baseline_seconds": round(baseline, 2),
        "times_the_baseline": round(seconds / baseline, 2),
    }


def refresh(index: CodeIndex, repository: Repository) -> dict[str, object]:
    """Milliseconds after one edit: for the file alone, for the whole tree, and for a tree without any change."""
    chooser = random.Random(0)
    paths = chooser.sample(repository.python_files(), 2 * EDITS)
    by_name = [edited(index, path, partial(refresh_one, index, repository, path)) for path in paths[:EDITS]]
    by_tree = [edited(index, path, index.refresh) for path in paths[EDITS:]]
    unchanged = [timed(index.refresh) * 1000 for _ in range(EDITS)]
    return {"one_file_ms": summary(by_name), "tree_ms": summary(by_tree), "tree_unchanged_ms": summary(unchanged)}


def refresh_one(index: CodeIndex, repository: Repository, path: Path) -> None:
    """Bring one saved file up to date."""
    index.refresh_file(path.relative_to(repository.root).as_posix())


def edited(index: CodeIndex, path: Path, bring_up_to_date: Callable[[], object]) -> float:
    """Milliseconds of a refresh after a function was added to a file. Raises SystemExit when the index missed it."""
    name = f"added_to_{path.stem.lstrip('_')}_{random.Random(str(path)).randrange(10**9)}"
    path.write_text(f"{path.read_text(encoding='utf-8')}\n\ndef {name}(graph):\n    return graph\n", encoding="utf-8")
    elapsed_ms = timed(bring_up_to_date) * 1000
    if not index.symbols(name):
        raise SystemExit(f"the index does not know {name}, which was added to {path}")
    return elapsed_ms


def retrieval(index: CodeIndex, repository: Repository) -> dict[str, object]:
    """Milliseconds per search."""
    chooser = random.Random(1)
    queries = [
        cursor_question(repository, path, chooser) for path in chooser.choices(repository.python_files(), k=CURSORS)
    ]
    words = [Query(text) for text in WORDS * (CURSORS // len(WORDS) // 2)]
    for query in (queries[0], words[0]):
        index.search(query, HITS)  # loads what is loaded once
    found = sum(bool(index.search(query, HITS)) for query in queries)
    return {
        "cursor_ms": summary(timed(partial(index.search, query, HITS)) * 1000 for query in queries),
        "cursors_with_hits": round(found / len(queries), 3),
        "words_ms": summary(timed(partial(index.search, query, HITS)) * 1000 for query in words),
    }


def cursor_question(repository: Repository, path: Path, chooser: random.Random) -> Query:
    """What a keystroke at a random line of a file asks."""
    document = read_document(path, path.relative_to(repository.root).as_posix())
    lines = document.text.split("\n")
    line = chooser.randrange(len(lines))
    cursor = Cursor(line, len(lines[line]))
    window = cut_window(document, cursor, WindowBudget(2000, 800), lambda text: len(text) // 4, None)
    return cursor_query(document, cursor, window)


def measure(options: argparse.Namespace, folder: Path, repository: Repository) -> dict[str, object]:
    """Everything, on one repository."""
    settings = bench_settings(options.option, folder).index
    figures: dict[str, object] = {
        "cold": cold(settings, repository, folder, options.runs),
        "cold_without_vectors": cold(replace(settings, vectors=False), repository, folder, options.runs),
    }
    index = open_index(replace(settings, directory=str(folder / "asked")), repository.root)
    try:
        index.refresh()
        figures["retrieval"] = retrieval(index, repository)
        figures["refresh"] = refresh(index, repository)
    finally:
        index.close()
    return figures


def main() -> None:
    """Measure and write bench/results/index_speed.json."""
    options = parser(__doc__).parse_args()
    with workbench(options.package) as (folder, repository):
        write_result("index_speed", options.result, repository, measure(options, folder, repository))


if __name__ == "__main__":
    main()
