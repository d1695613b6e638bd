"""Documentation -> function on held-out repositories: recall of the embedding model, of BM25, and of both together.

    python -m training.embedder_evaluate MODEL HELD_OUT.jsonl OUT.json

For each repository: every documented function is asked for by the first paragraph of its documentation, among all
functions and classes of the repository, shown without their documentation. Tests are left out.
"""

from __future__ import annotations

import json
import math
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from indexer.terms import terms_of
from training.embedder_pairs import Definition, definitions

MAX_QUERIES = 300
DEPTH = 10
# Reciprocal rank fusion, Cormack et al. 2009.
FUSION = 60
SEED = 7

Scores = NDArray[np.float32]


class Bm25:
    """Okapi BM25 with the usual constants."""

    def __init__(self, documents: Sequence[str], k1: float = 1.2, b: float = 0.75) -> None:
        terms = [Counter(terms_of(document)) for document in documents]
        lengths = np.array([counts.total() for counts in terms], np.float32)
        self._norm = k1 * (1 - b + b * lengths / lengths.mean())
        self._k1 = k1
        self._postings: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for number, counts in enumerate(terms):
            for term, count in counts.items():
                self._postings[term].append((number, count))

    def scores(self, query: str) -> Scores:
        """(documents,) float32."""
        found = np.zeros(len(self._norm), np.float32)
        for term in set(terms_of(query)):
            postings = self._postings.get(term, [])
            rarity = math.log(1 + (len(found) - len(postings) + 0.5) / (len(postings) + 0.5))
            for number, count in postings:
                found[number] += rarity * count * (self._k1 + 1) / (count + self._norm[number])
        return found


def fused(*scores: Scores) -> Scores:
    """Reciprocal ranks added up."""
    total: Scores = np.sum([1.0 / (FUSION + ranks(score)) for score in scores], axis=0).astype(np.float32)
    return total


def ranks(scores: Scores) -> NDArray[np.int64]:
    """Rank of each document, the best is 1."""
    places = np.empty(len(scores), np.int64)
    places[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
    return places


def measure(found: list[Definition], embed: Callable[[list[str]], Scores]) -> dict[str, NDArray[np.int64]]:
    """Rank of the right function for each question, by each way to search."""
    asked = [number for number, definition in enumerate(found) if definition.documentation]
    asked = Random(SEED).sample(asked, min(len(asked), MAX_QUERIES))
    codes = [definition.bare for definition in found]
    lexical = Bm25(codes)
    vectors = embed(codes)
    questions = [found[number].documentation for number in asked]
    told: dict[str, list[int]] = defaultdict(list)
    for number, question, vector in zip(asked, questions, embed(questions), strict=True):
        near, words = vectors @ vector, lexical.scores(question)
        for name, scores in (("embedder", near), ("bm25", words), ("fused", fused(near, words))):
            told[name].append(int(ranks(scores)[number]))
    return {name: np.array(places) for name, places in told.items()}


def summary(told: NDArray[np.int64]) -> dict[str, float]:
    reciprocal = np.where(told <= DEPTH, 1.0 / told, 0.0)
    return {
        "recall@1": float((told == 1).mean()),
        "recall@10": float((told <= DEPTH).mean()),
        "mrr@10": float(reciprocal.mean()),
    }


def main(model: Path, held_out: Path, out: Path) -> None:
    from indexer.embedding import SentenceTransformerEmbedder

    embedder = SentenceTransformerEmbedder(model)
    repositories: dict[str, list[Definition]] = defaultdict(list)
    for line in held_out.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        if "test" not in record["path"]:
            repositories[record["repo"]] += definitions(record["path"], record["text"])
    rows = {}
    every: dict[str, list[NDArray[np.int64]]] = defaultdict(list)
    for name, found in repositories.items():
        told = measure(found, embedder.embed)
        rows[name] = {
            "functions": len(found),
            "questions": len(told["bm25"]),
            **{key: summary(row) for key, row in told.items()},
        }
        for key, row in told.items():
            every[key].append(row)
    joined = {key: np.concatenate(parts) for key, parts in every.items()}
    total = {"questions": len(joined["bm25"]), **{key: summary(row) for key, row in joined.items()}}
    out.write_text(json.dumps({"all": total, "repositories": rows}, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(total, indent=1))


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:4]))
