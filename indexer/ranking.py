"""Hits in order: a mix of scores for a person's words, no two hits of the same lines for anybody. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Protocol, TypeVar

from indexer.types import Hit

# How far apart the scores of hits are that are put before others.
RAISED_STEP = 1.0 / 60

# The weights of a person's search. They were fitted on queries about repositories that are neither reserved nor
# trained on (training/EMBEDDER.md, "Ranking"), where half as much or twice as much changes little.
TEXT_SHARE = 0.6
NAME_WEIGHT = 0.5
# What further chunks of a file, the best of them, add to its best one: a file that is about something says it again.
FILE_WEIGHT = 0.25
FILE_CHUNKS = 5
# What is left of a chunk's score after another one of its file was shown: other files say something new.
SAME_FILE = 0.4
TEST_FACTOR, PROSE_FACTOR, EXAMPLE_FACTOR = 0.4, 0.4, 0.6

_PROSE = frozenset({
    "adoc", "cfg", "csv", "htm", "html", "ini", "json", "lock", "md", "po", "properties", "rst", "svg", "toml", "txt",
    "xml", "yaml", "yml",
})  # fmt: skip
_EXAMPLES = frozenset({
    "bench", "benchmark", "benchmarks", "demo", "demos", "doc", "docs", "example", "examples", "fuzz", "sample",
    "samples", "third_party", "tutorial", "tutorials", "vendor",
})  # fmt: skip


def in_order(hits: Iterable[Hit]) -> list[Hit]:
    """Best first; ties break by path, then start line."""
    return sorted(hits, key=lambda hit: (-round(hit.score, 9), hit.path, hit.start_line, hit.end_line))


def above(first: Sequence[Hit], others: Sequence[Hit]) -> list[Hit]:
    """`first`, in its order, then the others; the scores say so too."""
    top = others[0].score if others else 0.0
    raised = [replace(hit, score=top + RAISED_STEP * (len(first) - position)) for position, hit in enumerate(first)]
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


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for one chunk, each from 0 to 1.

    text: its words, relative to the best chunk; meaning: its vector, the same; name: it defines a name of the question.
    """

    text: float = 0.0
    meaning: float = 0.0
    name: float = 0.0

    def score(self, text_share: float) -> float:
        """All of it together."""
        return text_share * self.text + (1.0 - text_share) * self.meaning + NAME_WEIGHT * self.name


def relative(scores: Sequence[float], least: float) -> list[float]:
    """Scores stretched so that the best is 1 and `least` is 0."""
    span = max(scores, default=0.0) - least
    return [max(score - least, 0.0) / span if span > 0 else 1.0 for score in scores]


def path_factor(path: str, asked: AbstractSet[str]) -> float:
    """How much a chunk counts for where it stands: tests, prose and examples less, unless a word asks for them.

    asked: lower-case words of the question.
    """
    factor, excuses = _standing(path)
    return 1.0 if excuses & asked else factor


@lru_cache(maxsize=1 << 14)
def _standing(path: str) -> tuple[float, frozenset[str]]:
    """The factor of a path, and the words that ask for such a file."""
    pure = PurePosixPath(path.lower())
    suffix, folders = pure.suffix.removeprefix("."), frozenset(pure.parts[:-1])
    if is_test_path(path):
        return TEST_FACTOR, frozenset({"test", "tests", "tested", "testing", "spec", "specs", "fixture", "fixtures"})
    if suffix in _PROSE:
        return PROSE_FACTOR, frozenset({suffix, pure.stem, "doc", "docs", "documentation", "documented", "guide"})
    if found := _EXAMPLES & folders:
        return EXAMPLE_FACTOR, frozenset({*found, "example", "examples", "demo", "benchmark", "benchmarks"})
    return 1.0, frozenset()


class Placed(Protocol):
    """What stands in a file."""

    @property
    def path(self) -> str:
        """The file."""
        ...


Stretch = TypeVar("Stretch", bound=Placed)


def spread_over_files(scores: Mapping[Stretch, float], limit: int) -> list[tuple[Stretch, float]]:
    """The best with their final scores, best first: a file that matches in several places rises, and after its best
    stretch the others of it fall. Ties break by the order in `scores`.
    """
    by_file: dict[str, list[Stretch]] = {}
    for stretch in sorted(scores, key=lambda stretch: -scores[stretch]):
        by_file.setdefault(stretch.path, []).append(stretch)
    final: dict[Stretch, float] = {}
    for first, *others in by_file.values():
        final[first] = scores[first] + FILE_WEIGHT * sum(scores[other] for other in others[:FILE_CHUNKS])
        for position, other in enumerate(others, 1):
            final[other] = scores[other] * SAME_FILE**position
    order = {stretch: position for position, stretch in enumerate(scores)}
    best = sorted(final, key=lambda stretch: (-round(final[stretch], 9), order[stretch]))
    return [(stretch, final[stretch]) for stretch in best[:limit]]
