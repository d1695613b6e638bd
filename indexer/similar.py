"""Code like the code around a cursor: stretches of other places that share its rare words, nearest words first.

Candidates are the chunks that share terms with the lines around the cursor, and those nearest by meaning. Of each the
stretch that shares most is shown, or, where lines follow one another as they do above the cursor, the one that tells
how they go on. The constants were fitted on the ten repositories of bench/results/context_fit.json, none of them
reserved (`bench/quality/context.py`: how like the true line the likest line in the prompt is); half or twice as much of
most changes little. Those of alignments were chosen by what whole prompts save (training/FUSION.md).
"""

from __future__ import annotations

import heapq
import math
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain, islice

from indexer import records
from indexer.alignment import ABOVE_WEIGHTS, MIN_START_CHARS, best_alignment, line_tokens
from indexer.languages import is_same_family
from indexer.terms import STOP_WORDS, terms_of, words_of
from indexer.types import Chunk, Hit, HitSource

Nearest = Callable[[str, int], list[tuple[str, float]]]

# A word so many lines away from the cursor counts half as much as one on its line.
HALF_LINES = 3
MAX_TERMS = 40
# A term that stands in more chunks than this brings no candidates: it costs more than it tells.
MAX_TERM_CHUNKS = 300
MAX_CANDIDATES = 32
MAX_BY_MEANING = 16
# Of so many of them, by what is known already, the lines are looked at.
MAX_LOOKED_AT = 20
# Chunks must be this close to be candidates by meaning (cosine); what is above it counts so much.
MIN_COSINE = 0.3
MEANING_WEIGHT = 0.3
# Lines of a stretch; a chunk that is little longer is shown whole.
STRETCH_LINES = 20
WHOLE_LINES = 24
STRETCH_STEP = 2
# A line that begins as the cursor's does goes on as it will, more often than not.
SAME_START = 0.3
# What code in the same folder counts more, and what is left of code in another language.
SAME_FOLDER = 0.5
OTHER_LANGUAGE = 0.5
MAX_LINE = 400
# An alignment of so much puts the stretch so far above the place that it found.
ALIGNED = 0.3
LINES_BEFORE = 3
# What an alignment counts when candidates are ranked; what it is worth in a prompt is fitted (`fusion.py`).
ALIGNED_WEIGHT = 0.15


@dataclass(frozen=True, slots=True)
class Around:
    """Where the question comes from. lines: the text of each line around the cursor and how many lines away it is, the
    cursor's own first. above: those above it, the nearest first. text: the same lines in the order of the file. names:
    what they name, most telling first.
    """

    path: str
    lines: tuple[tuple[str, int], ...]
    above: tuple[str, ...]
    text: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Terms:
    """What is known of the terms of one state of the store. n_chunks: how many chunks there are in all.

    common: terms that bring no candidates; grows as they are met, and saves reading the chunks of each again.
    """

    n_chunks: int
    common: set[str] = field(default_factory=set)

    def rows(self, connection: sqlite3.Connection, term: str) -> list[int] | None:
        """The chunks that have a term; None when it is common."""
        if term in self.common:
            return None
        rows = records.rows_with_term(connection, term, MAX_TERM_CHUNKS + 1)
        if len(rows) <= MAX_TERM_CHUNKS:
            return rows
        self.common.add(term)
        return None


@dataclass(frozen=True, slots=True)
class Found:
    """A stretch of a chunk: its first line and the one after its last, counted from the chunk's."""

    chunk: Chunk
    stretch: tuple[int, int]
    score: float

    @property
    def first_line(self) -> int:
        """Where it begins in its file."""
        return self.chunk.start_line + self.stretch[0]


def find_similar(
    connection: sqlite3.Connection, terms: Terms, around: Around, nearest: Nearest | None, limit: int
) -> list[Hit]:
    """Stretches of code like the code around the cursor, best first; ties break by path, then line."""
    weights, rows_of = _weights(connection, terms, around.lines)
    candidates = _candidates(connection, weights, rows_of, nearest, around.text)
    asked = _Asked(weights, sum(weights.values()) or 1.0, _left(around), _above(around))
    likely = heapq.nlargest(
        MAX_LOOKED_AT, candidates, key=lambda each: asked.likely_score(each[0], each[1], around.path)
    )
    found = [one for chunk, cosine in likely if (one := _look_at(chunk, cosine, asked, around.path))]
    best = sorted(found, key=lambda each: (-round(each.score, 9), each.chunk.path, each.first_line))[:limit]
    return [_hit(each, around.names) for each in best]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What chunks are compared with. total: the sum of the weights. left: what stands on the cursor's line; above:
    tokens of the lines above it.

    met: tokens that were looked at; telling: those of them that have some of the terms, and which.
    """

    weights: Mapping[str, float]
    total: float
    left: str
    above: Sequence[frozenset[str]]
    met: set[str] = field(default_factory=set)
    telling: dict[str, frozenset[str]] = field(default_factory=dict)

    def likely_score(self, chunk: Chunk, cosine: float, path: str) -> float:
        """What speaks for a chunk as a whole: the terms that its text spells, its meaning and its place."""
        text = chunk.text.lower()
        shared = sum(weight for term, weight in self.weights.items() if term in text)
        meaning = MEANING_WEIGHT * max(cosine - MIN_COSINE, 0.0)
        return (shared / self.total + meaning) * _nearness(chunk.path, path)

    def shared_by(self, lines: Sequence[frozenset[str]]) -> list[frozenset[str]]:
        """The terms that each line shares, by its tokens."""
        new = frozenset().union(*lines) - self.met
        self.met.update(new)
        for token in new:
            if terms := self.weights.keys() & _telling_terms(token):
                self.telling[token] = frozenset(terms)
        telling = frozenset(self.telling)
        return [frozenset().union(*map(self.telling.__getitem__, line & telling)) for line in lines]


def _left(around: Around) -> str:
    return around.lines[0][0].strip() if around.lines else ""


def _above(around: Around) -> list[frozenset[str]]:
    return [tokens for line in around.above if (tokens := line_tokens(line))][: len(ABOVE_WEIGHTS)]


def _look_at(chunk: Chunk, cosine: float, asked: _Asked, path: str) -> Found | None:
    """The best stretch of a chunk; None when only the path spells one of the terms."""
    lines = chunk.text.split("\n")
    tokens = [line_tokens(line) for line in lines]
    start, end, shared = _best_stretch(asked.shared_by(tokens), asked.weights)
    shared /= asked.total
    meaning = max(cosine - MIN_COSINE, 0.0)
    if shared + meaning <= 0.0:
        return None
    aligned, place = best_alignment(lines, tokens, asked.above, asked.left)
    if aligned >= ALIGNED and len(lines) > WHOLE_LINES:
        start = max(0, min(place - LINES_BEFORE, len(lines) - STRETCH_LINES))
        end = start + STRETCH_LINES
    start, end = _without_blank_ends(lines, start, end)
    score = shared + MEANING_WEIGHT * meaning + ALIGNED_WEIGHT * aligned + _same_start(lines[start:end], asked.left)
    return Found(chunk, (start, end), score * _nearness(chunk.path, path))


def _weights(
    connection: sqlite3.Connection, terms: Terms, lines: Iterable[tuple[str, int]]
) -> tuple[dict[str, float], dict[str, list[int]]]:
    """How much each term tells, the nearer to the cursor and the rarer the more, and the chunks of the rare ones."""
    near: dict[str, float] = {}
    for text, distance in lines:
        share = 1.0 / (1.0 + distance / HALF_LINES)
        for term in _line_terms(text):
            near[term] = max(near.get(term, 0.0), share)
    weights: dict[str, float] = {}
    rows_of: dict[str, list[int]] = {}
    for term in heapq.nlargest(MAX_TERMS, near, key=lambda term: (near[term], term)):
        rows = terms.rows(connection, term)
        if rows is None:
            weights[term] = near[term] * math.log(max(terms.n_chunks / (2 * MAX_TERM_CHUNKS), 1.5))
        elif rows:
            rows_of[term] = rows
            weights[term] = near[term] * math.log(1.0 + terms.n_chunks / len(rows))
    return weights, rows_of


def _candidates(
    connection: sqlite3.Connection,
    weights: Mapping[str, float],
    rows_of: Mapping[str, list[int]],
    nearest: Nearest | None,
    text: str,
) -> list[tuple[Chunk, float]]:
    """Chunks that may be like the cursor's, each with its cosine where that is known, else 0."""
    sums: dict[int, float] = {}
    for term, rows in rows_of.items():
        for row in rows:
            sums[row] = sums.get(row, 0.0) + weights[term]
    best = heapq.nlargest(MAX_CANDIDATES, sums, key=lambda row: (sums[row], -row))
    found = {(chunk.path, chunk.start_line): (chunk, 0.0) for chunk in records.chunks_by_id(connection, best)}
    for key, cosine in nearest(text, MAX_BY_MEANING) if nearest is not None and text.strip() else ():
        if cosine < MIN_COSINE:
            break
        for chunk in records.chunks_with_hash(connection, key)[:2]:
            found[chunk.path, chunk.start_line] = (chunk, cosine)
    return list(found.values())


def _best_stretch(shared: Sequence[frozenset[str]], weights: Mapping[str, float]) -> tuple[int, int, float]:
    """(start, end, weight of the shared terms) of the stretch that shares most. shared: the terms of each line."""
    length = len(shared) if len(shared) <= WHOLE_LINES else STRETCH_LINES
    starts = range(0, len(shared) - length + 1, STRETCH_STEP)
    # fsum is exact: sets have no order, and a stretch must not win by the last bit.
    sums = {at: math.fsum(weights[term] for term in frozenset().union(*shared[at : at + length])) for at in starts}
    best = max(sums, key=lambda at: (sums[at], -at))
    return best, best + length, sums[best]


def _same_start(lines: Sequence[str], left: str) -> float:
    is_like = len(left) >= MIN_START_CHARS and any(line.lstrip().startswith(left) for line in lines)
    return SAME_START if is_like else 0.0


def _nearness(path: str, asker: str) -> float:
    """A factor for where a chunk stands."""
    one, other = path.split("/"), asker.split("/")
    n_same = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    factor = 1.0 + SAME_FOLDER * n_same / max(len(one), len(other))
    return factor if is_same_family(path, asker) else factor * OTHER_LANGUAGE


@lru_cache(maxsize=1 << 11)
def _line_terms(line: str) -> frozenset[str]:
    return frozenset(chain.from_iterable(map(_telling_terms, words_of(line[:MAX_LINE]))))


@lru_cache(maxsize=1 << 14)
def _telling_terms(word: str) -> frozenset[str]:
    """The terms of one word that say something. Lines come and go; their words are always the same."""
    return frozenset(term for term in terms_of(word) if len(term) > 2 and term not in STOP_WORDS)


def _without_blank_ends(lines: Sequence[str], start: int, end: int) -> tuple[int, int]:
    while end > start + 1 and not lines[end - 1].strip():
        end -= 1
    while start < end - 1 and not lines[start].strip():
        start += 1
    return start, end


def _hit(found: Found, names: Sequence[str]) -> Hit:
    start, end = found.stretch
    text = "\n".join(found.chunk.text.split("\n")[start:end])
    shared = [f"`{name}`" for name in islice((name for name in names if name in text), 2)]
    why = f"uses {' and '.join(shared)}" if shared else "similar code"
    source: HitSource = "lexical" if shared else "vector"
    last_line = found.chunk.start_line + end - 1
    return Hit(found.chunk.path, found.first_line, last_line, found.score, text, source, why)
