"""Several ranked lists -> one. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace

from indexer.types import Hit

# Reciprocal-rank fusion: 1 / (K + rank). 60 is the value of the paper that introduced it (Cormack et al., SIGIR 2009).
RRF_K = 60


@dataclass(frozen=True, slots=True)
class Ranked:
    """One retriever's answer, best first, and how much it counts."""

    hits: Sequence[Hit]
    weight: float


def fuse(lists: Iterable[Ranked]) -> list[Hit]:
    """One list, best first; a stretch that several lists found keeps the wording of the one that counts most."""
    scores: dict[Hashable, float] = {}
    best: dict[Hashable, tuple[float, Hit]] = {}
    for ranked in lists:
        for rank, hit in enumerate(ranked.hits):
            key = (hit.path, hit.start_line, hit.end_line, hit.is_skeleton)
            share = ranked.weight / (RRF_K + rank + 1)
            scores[key] = scores.get(key, 0.0) + share
            if key not in best or share > best[key][0]:
                best[key] = (share, hit)
    return in_order(replace(hit, score=scores[key]) for key, (_, hit) in best.items())


def in_order(hits: Iterable[Hit]) -> list[Hit]:
    """Best first; ties break by path, then start line."""
    return sorted(hits, key=lambda hit: (-round(hit.score, 9), hit.path, hit.start_line, hit.end_line))


def above(first: Sequence[Hit], others: Sequence[Hit]) -> list[Hit]:
    """`first`, in its order, then the others; the scores say so too."""
    top = others[0].score if others else 0.0
    step = 1.0 / RRF_K
    raised = [replace(hit, score=top + step * (len(first) - position)) for position, hit in enumerate(first)]
    return [*raised, *others]


def without_overlaps(hits: Iterable[Hit], limit: int) -> list[Hit]:
    """The first `limit` hits of which no two cover the same lines."""
    kept: list[Hit] = []
    covered: dict[str, list[tuple[int, int]]] = {}
    for hit in hits:
        spans = covered.setdefault(hit.path, [])
        if any(hit.start_line <= end and start <= hit.end_line for start, end in spans):
            continue
        spans.append((hit.start_line, hit.end_line))
        kept.append(hit)
        if len(kept) == limit:
            break
    return kept


def is_test_path(path: str) -> bool:
    """Whether a path looks like a test, which says less about the code than the code itself."""
    parts = path.lower().split("/")
    name = parts[-1]
    return (
        any(part in ("test", "tests", "__tests__", "spec", "testdata", "fixtures") for part in parts[:-1])
        or name.startswith("test_")
        or "_test." in name
        or ".test." in name
        or ".spec." in name
    )
