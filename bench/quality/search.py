"""How well and how fast code is found: NDCG@10 on labelled queries, chunks embedded per second, query milliseconds.

    python -m bench.quality search --data ../shared/data/semble --repositories DIR --out bench/results/search.json

DIR holds bare clones as OWNER+NAME/repo (or OWNER+NAME, or NAME). Each repository is exported at its pinned commit (or
at the newest commit there is, which the result says), indexed as `codeassist` indexes a workspace, and asked by:

- embedding: nearest chunks alone;  full_text: BM25 alone;
- without_vectors: what is served where no embedding model is;  fused: what `codeassist search` serves.

NDCG@10 as `../shared/data/README.md` defines it: a target's rank is that of the first hit that overlaps it. With
--minilm DIR (a sentence-transformers directory) that model embeds the same chunks: its NDCG, and its chunks per second
in the same run, both on one thread. No source text gets into the result.
"""

from __future__ import annotations

import argparse
import io
import json
import math
import os
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.measuring import provenance, summary
from bench.quality.report import command
from codeassist.models.directory import shipped_embedder
from indexer.embedding import SentenceTransformerEmbedder, Vectors, normalised
from indexer.index import CodeIndex
from indexer.types import Chunk, Hit, Query

DEPTH = 10
RESAMPLES = 2000
SEED = 20261126
# Runs of each speed measurement, and chunks in one; a transformer gets fewer, its speed does not depend on them.
RUNS = 5
MINILM_CHUNKS = 96
WAYS = ("embedding", "full_text", "without_vectors", "fused")

Embed = Callable[[Sequence[str]], Vectors]


@dataclass(frozen=True, slots=True)
class Target:
    """What answers a query: a file, or lines of it."""

    path: str
    lines: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A labelled query."""

    text: str
    category: str
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """Where a hit stands."""

    path: str
    start_line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class Checkout:
    """A repository of the benchmark, exported: its annotations, and which commit it is."""

    name: str
    language: str
    root: Path
    pinned: str
    commit: str
    questions: tuple[Question, ...]


def read_questions(file: Path) -> tuple[Question, ...]:
    """The labelled queries of one repository."""
    return tuple(
        Question(row["query"], row["category"], tuple(map(_target, (*row["relevant"], *row.get("secondary", ())))))
        for row in json.loads(file.read_text(encoding="utf-8"))
    )


def _target(label: str | Mapping[str, Any]) -> Target:
    if isinstance(label, str):
        return Target(label)
    first, last = label.get("start_line"), label.get("end_line")
    return Target(label["path"], None if first is None else (int(first), int(first if last is None else last)))


def overlaps(span: Span, target: Target) -> bool:
    """Whether a hit shows (a part of) a target."""
    if span.path != target.path:
        return False
    return target.lines is None or (span.start_line <= target.lines[1] and target.lines[0] <= span.end_line)


def ndcg(spans: Sequence[Span], targets: Sequence[Target], depth: int = DEPTH) -> float:
    """Normalised discounted gain: each target counts at the rank of the first hit that overlaps it."""
    ranks = (
        next((rank for rank, span in enumerate(spans[:depth]) if overlaps(span, target)), None) for target in targets
    )
    gain = sum(1.0 / math.log2(rank + 2) for rank in ranks if rank is not None)
    return gain / sum(1.0 / math.log2(rank + 2) for rank in range(min(len(targets), depth)))


def interval(values: Sequence[float]) -> list[float]:
    """95 % bootstrap interval of the mean."""
    random = np.random.default_rng(SEED)
    means = np.array(values)[random.integers(0, len(values), (RESAMPLES, len(values)))].mean(axis=1)
    return [round(float(bound), 3) for bound in np.quantile(means, (0.025, 0.975))]


def described(values: Sequence[float]) -> dict[str, object]:
    """Mean of a score over queries, with its interval."""
    return {"ndcg@10": round(statistics.fmean(values), 4), "interval_95": interval(values), "queries": len(values)}


def find_clone(folder: Path, url: str) -> Path:
    """The git directory of a repository's clone. Raises SystemExit when there is none."""
    owner, name = url.removesuffix(".git").split("/")[-2:]
    for candidate in (folder / f"{owner}+{name}" / "repo", folder / f"{owner}+{name}", folder / name):
        for place in (candidate, candidate / ".git"):
            if (place / "HEAD").is_file():
                return place
    raise SystemExit(f"{folder} holds no clone of {owner}/{name}; bring one as {owner}+{name}/repo")


def export(clone: Path, revision: str, under: str, target: Path) -> str:
    """Write a commit's files (those below one folder) to target; the commit, the newest where revision is absent."""
    git = ["git", f"--git-dir={clone}"]
    there = subprocess.run([*git, "cat-file", "-e", f"{revision}^{{commit}}"], check=False, capture_output=True)
    wanted = "HEAD" if there.returncode else revision
    commit = subprocess.run([*git, "rev-parse", wanted], check=True, capture_output=True, text=True).stdout.strip()
    archive = subprocess.run([*git, "archive", commit, *([under] if under else [])], check=True, capture_output=True)
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(target, filter="data")
    return commit


def checkouts(benchmark: Path, clones: Path, folder: Path) -> Iterator[Checkout]:
    """Every repository of the benchmark, exported into folder."""
    for row in json.loads((benchmark / "repos.json").read_text(encoding="utf-8")):
        root = folder / row["name"]
        root.mkdir()
        commit = export(find_clone(clones, row["url"]), row["revision"], row.get("benchmark_root", ""), root)
        questions = read_questions(benchmark / "annotations" / f"{row['name']}.json")
        yield Checkout(row["name"], row["language"], root, row["revision"], commit, questions)


def spans_of(found: Iterable[Hit | Chunk]) -> list[Span]:
    return [Span(item.path, item.start_line, item.end_line) for item in found]


def ways_to_search(index: CodeIndex, plain: CodeIndex) -> dict[str, Callable[[str], list[Span]]]:
    """Each way to search, as a function from a query to where its hits stand."""
    return {
        "embedding": lambda text: spans_of(index.search_by_meaning(text, DEPTH)),
        "full_text": lambda text: spans_of(index.search_by_text(text, DEPTH)),
        "without_vectors": lambda text: spans_of(plain.search(Query(text), DEPTH)),
        "fused": lambda text: spans_of(index.search(Query(text), DEPTH)),
    }


def measure_repository(
    checkout: Checkout, folder: Path, embedder: SentenceTransformerEmbedder, minilm: Embed | None
) -> tuple[dict[str, list[float]], list[float], list[str]]:
    """Scores of each way, milliseconds of each fused query (warm), and the texts of all chunks."""
    index = CodeIndex.open(checkout.root, directory=folder / f"{checkout.name}.index", embedder=embedder)
    plain = CodeIndex.open(checkout.root, directory=folder / f"{checkout.name}.plain", embedder=None)
    try:
        index.refresh()
        plain.refresh()
        ways = ways_to_search(index, plain)
        chunks = index.chunks()
        texts = [chunk.text for chunk in chunks]
        if minilm is not None:
            ways["minilm"] = nearest_by(minilm, chunks)
        scores = {
            way: [ndcg(search(question.text), question.targets) for question in checkout.questions]
            for way, search in ways.items()
        }
        return scores, [_milliseconds(ways["fused"], question.text) for question in checkout.questions], texts
    finally:
        index.close()
        plain.close()


def nearest_by(embed: Embed, chunks: Sequence[Chunk]) -> Callable[[str], list[Span]]:
    """Exact search by cosine with any model."""
    vectors = embed([chunk.text for chunk in chunks])

    def search(text: str) -> list[Span]:
        order = np.argsort(-(vectors @ embed([text])[0]), kind="stable")[:DEPTH]
        return spans_of(chunks[place] for place in order)

    return search


def _milliseconds(search: Callable[[str], object], text: str) -> float:
    """Median of a few runs."""
    return statistics.median(_seconds(lambda: search(text)) * 1000 for _ in range(3))


def _seconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def chunks_per_second(embed: Embed, texts: Sequence[str], runs: int) -> dict[str, float]:
    """Median and extremes of several runs."""
    embed(texts[:8])
    rates = sorted(len(texts) / _seconds(lambda: embed(texts)) for _ in range(runs))
    return {
        "median": round(statistics.median(rates), 1),
        "least": round(rates[0], 1),
        "most": round(rates[-1], 1),
        "chunks": len(texts),
        "runs": runs,
    }


def speeds(shipped: Embed, minilm: Embed | None, texts: Sequence[str]) -> dict[str, object]:
    """Chunks per second of both models, one thread each, on chunks of all repositories."""
    random = np.random.default_rng(SEED)
    mixed = [texts[place] for place in random.permutation(len(texts))]
    told: dict[str, object] = {"shipped": (ours := chunks_per_second(shipped, mixed[:2000], RUNS))}
    if minilm is not None:
        theirs = chunks_per_second(minilm, mixed[:MINILM_CHUNKS], 3)
        told |= {"minilm": theirs, "times_minilm": round(ours["median"] / theirs["median"], 1)}
    return told


def load_minilm(directory: Path) -> Embed:
    """MiniLM as sentence-transformers runs it, on one thread."""
    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(1)
    model: Any = SentenceTransformer(str(directory), device="cpu", local_files_only=True)

    def embed(texts: Sequence[str]) -> Vectors:
        vectors: npt.NDArray[np.float32] = model.encode(list(texts), batch_size=32, show_progress_bar=False)
        return normalised(np.asarray(vectors, dtype=np.float32))

    return embed


def published(benchmark: Path) -> dict[str, float]:
    """Query-weighted NDCG@10 of other systems on the same repositories."""
    rows = json.loads((benchmark / "published_scores.json").read_text(encoding="utf-8")).values()
    total = sum(row["queries"] for row in rows)
    systems = next(iter(rows)).keys() - {"queries"}
    return {name: round(sum(row[name] * row["queries"] for row in rows) / total, 3) for name in sorted(systems)}


def summarised(rows: list[tuple[Checkout, dict[str, list[float]]]]) -> dict[str, object]:
    """Scores over all queries, by category and by repository."""
    ways = rows[0][1].keys()
    told: dict[str, dict[str, object]] = {}
    for way in ways:
        named = [
            (question.category, score)
            for checkout, scores in rows
            for question, score in zip(checkout.questions, scores[way], strict=True)
        ]
        categories = {
            category: round(statistics.fmean(score for name, score in named if name == category), 4)
            for category in sorted({name for name, _ in named})
        }
        told[way] = {**described([score for _, score in named]), "categories": categories}
    return {
        "all": told,
        "repositories": {
            checkout.name: {
                "language": checkout.language,
                "commit": checkout.commit,
                "is_pinned_commit": checkout.commit == checkout.pinned,
                **{way: described(scores[way]) for way in ways},
            }
            for checkout, scores in rows
        },
    }


def measure(benchmark: Path, clones: Path, model: Path, minilm: Path | None) -> dict[str, object]:
    """Everything that this program tells."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"  # One thread; the library reads nothing else.
    embedder = SentenceTransformerEmbedder(model)
    reference = load_minilm(minilm) if minilm else None
    rows: list[tuple[Checkout, dict[str, list[float]]]] = []
    texts: list[str] = []
    milliseconds: list[float] = []
    with tempfile.TemporaryDirectory(prefix="codeassist-search-") as name:
        folder = Path(name)
        (folder / "exported").mkdir()
        for checkout in checkouts(benchmark, clones, folder / "exported"):
            scores, elapsed, chunk_texts = measure_repository(checkout, folder, embedder, reference)
            rows.append((checkout, scores))
            texts += chunk_texts
            milliseconds += elapsed
            print(checkout.name, {way: round(statistics.fmean(row), 3) for way, row in scores.items()}, file=sys.stderr)
    return {
        **summarised(rows),
        "published": published(benchmark),
        "query_ms": summary(milliseconds),
        "chunks": len(texts),
        "chunks_per_second": speeds(embedder.embed, reference, texts),
    }


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, help="folder with repos.json and annotations/")
    parser.add_argument("--repositories", type=Path, required=True, help="folder of bare clones")
    parser.add_argument("--out", type=Path, required=True, help="file to write")
    parser.add_argument("--model", type=Path, help="embedding model (default: the shipped one)")
    parser.add_argument("--minilm", type=Path, help="a sentence-transformers directory to compare with")


def run(options: argparse.Namespace) -> None:
    """Measure and write the result."""
    figures = measure(options.data, options.repositories, options.model or shipped_embedder(), options.minilm)
    result = {**provenance("quality"), "command": command(sys.argv[1:]), **figures}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({key: figures[key] for key in ("all", "published", "query_ms", "chunks_per_second")}, indent=1))


def register(commands: Any) -> None:
    """Add `search` to the subcommands of `python -m bench.quality`."""
    parser = commands.add_parser("search", help="code search: NDCG@10, chunks per second, query milliseconds")
    add_options(parser)
    parser.set_defaults(run=run)


def main() -> None:
    """This program by itself."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser)
    run(parser.parse_args())


if __name__ == "__main__":
    main()
