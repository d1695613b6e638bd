"""A cursor's question: what a file that is being edited wants to see. A person's is in `word_search.py`."""

from __future__ import annotations

import heapq
import math
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from indexer import records
from indexer.cursor import CursorView, imports_in, read_cursor
from indexer.definitions import Definitions, definition_hit
from indexer.graph import Asker
from indexer.languages import language_name
from indexer.ranking import Ranked, fuse, in_order, without_overlaps
from indexer.repository_map import RepositoryMap
from indexer.terms import STOP_WORDS, terms_of
from indexer.types import Chunk, Hit, HitSource, Query

# At a cursor, a term that stands in more chunks than this costs more than it tells.
MAX_TERM_CHUNKS = 300
MAX_TERMS = 20
# So much similar code comes before the imports that nothing near the cursor uses.
SIMILAR_FIRST = 4
# Answers about similar code that are kept until files change.
MAX_REMEMBERED = 64
# Similar code must be this close to be shown at a cursor (cosine).
MIN_COSINE = 0.3

Nearest = Callable[[str, int], list[tuple[str, float]]]
Likeness = Callable[[str, Sequence[str]], list[float]]


@dataclass(frozen=True, slots=True)
class Sources:
    """What a search reads: one state of the store; the nearest content hashes (None without vectors), and how like a
    question short texts are (cosines).
    """

    connection: sqlite3.Connection
    repository: RepositoryMap
    nearest: Nearest | None
    n_vectors: int
    root_name: str
    likeness: Likeness | None = None


def search_cursor(sources: Sources, query: Query, limit: int) -> list[Hit]:
    """Definitions of the names near the cursor first, then code like the code around it."""
    path = query.path or ""
    view = read_cursor(query)
    language = language_name(path)
    source = query.source if query.source is not None else query.text
    asker = Asker(path, language, sources.root_name)
    imports = imports_in(source, path, language)
    entry = sources.repository.files.get(path)
    own = frozenset(entry.names) if entry else frozenset()
    look_up = Definitions(
        sources.connection, sources.repository, asker, imports, own - {item.alias for item in imports}
    )
    definitions = [definition_hit(found) for found in look_up.near(view)]
    outlines = [replace(hit, score=1.0 + hit.score) for hit in look_up.outlines(view)]
    similar = _similar(sources, view, query, limit * 2)
    first, rest = similar[:SIMILAR_FIRST], similar[SIMILAR_FIRST:]
    others = [replace(definition_hit(found), score=_least(first)) for found in look_up.of_imports()]
    hits = [*in_order([*definitions, *outlines]), *first, *others, *rest]
    return without_overlaps((hit for hit in hits if _may_show(hit, query)), limit)


def _least(hits: Sequence[Hit]) -> float:
    return hits[-1].score if hits else 1.0


def _similar(sources: Sources, view: CursorView, query: Query, limit: int) -> list[Hit]:
    """Code like the code around the cursor; remembered, because it stays the same while a word is typed."""
    known = sources.repository.similar
    key = (view.names, view.nearby, limit, sources.n_vectors)
    if key not in known:
        if len(known) >= MAX_REMEMBERED:
            known.clear()
        known[key] = _fresh_similar(sources, view, limit)
    return [moved for hit in known[key] if (moved := _as_in_source(hit, query)) is not None]


def _fresh_similar(sources: Sources, view: CursorView, limit: int) -> list[Hit]:
    lexical = [
        _chunk_hit(chunk, "lexical", _shared(chunk, view.names))
        for chunk in _chunks_sharing(sources, " ".join(view.names), limit)
    ]
    vector = _vector_hits(sources, view.nearby, limit, MIN_COSINE)
    return fuse([Ranked(lexical, 1.0), Ranked(vector, 0.8)])


def _as_in_source(hit: Hit, query: Query) -> Hit | None:
    """A hit in the asking file, at the place where its text stands now; None when it was edited away."""
    if hit.path != query.path or query.source is None:
        return hit
    at = f"\n{query.source}\n".find(f"\n{hit.text}\n")
    if at < 0:
        return None
    start = query.source.count("\n", 0, at) + 1
    return replace(hit, start_line=start, end_line=start + hit.text.count("\n"))


def _may_show(hit: Hit, query: Query) -> bool:
    if hit.path != query.path or query.exclude_lines is None:
        return True
    first, last = query.exclude_lines
    return hit.end_line < first or hit.start_line > last


def _chunks_sharing(sources: Sources, text: str, limit: int) -> list[Chunk]:
    """Chunks that share rare terms with a text, by the sum of the terms' weights: the rarer, the heavier."""
    terms = [term for term in dict.fromkeys(terms_of(text)) if term not in STOP_WORDS and len(term) > 2]
    weights: dict[int, float] = {}
    for term in terms[:MAX_TERMS]:
        rows = records.rows_with_term(sources.connection, term, MAX_TERM_CHUNKS + 1)
        if len(rows) <= MAX_TERM_CHUNKS:
            weight = 1.0 / math.log2(2 + len(rows))
            for row in rows:
                weights[row] = weights.get(row, 0.0) + weight
    best = heapq.nsmallest(2 * limit, weights, key=lambda row: (-weights[row], row))
    found = zip(best, records.chunks_by_id(sources.connection, best), strict=True)
    ordered = sorted(found, key=lambda item: (-weights[item[0]], item[1].path, item[1].start_line))
    return [chunk for _, chunk in ordered[:limit]]


def _shared(chunk: Chunk, names: Sequence[str]) -> str:
    shared = [name for name in names if name in chunk.text][:2]
    return f"uses {' and '.join(f'`{name}`' for name in shared)}" if shared else "similar names"


def _vector_hits(sources: Sources, text: str, limit: int, least: float) -> list[Hit]:
    if sources.nearest is None or not text.strip():
        return []
    hits: list[Hit] = []
    for key, cosine in sources.nearest(text, limit):
        if cosine < least:
            break
        hits += [
            _chunk_hit(chunk, "vector", "similar code")
            for chunk in records.chunks_with_hash(sources.connection, key)[:2]
        ]
    return hits


def _chunk_hit(chunk: Chunk, source: HitSource, why: str) -> Hit:
    return Hit(chunk.path, chunk.start_line, chunk.end_line, 0.0, chunk.text, source, why)
