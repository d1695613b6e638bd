"""A person's question: words, names, or a sentence that says what the code does.

Three kinds of evidence are mixed (`ranking.Evidence`): the full-text index, the vectors of chunks and paths, and
definitions of names that the question spells. Then it counts where a chunk stands, and what else its file holds.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import lru_cache
from pathlib import PurePosixPath

from indexer import records
from indexer.names import MAX_EXACT, Spelled, asked_names, exact, is_inside, only_name
from indexer.places import Place, chunks_at, places_defining, places_of, places_with_hashes
from indexer.ranking import TEXT_SHARE, Evidence, above, path_factor, relative, spread_over_files, without_overlaps
from indexer.searching import Sources
from indexer.terms import query_terms, terms_of
from indexer.types import Chunk, Hit, HitSource, Query, Symbol

MAX_TERMS = 24
# Chunks that are looked at for their words and for their meaning.
DEPTH = 100
# Chunks of one text that are looked at: a text that stands in many places is a licence or a stub.
MAX_COPIES = 3
# Definitions of one name that are looked at for the one that is meant.
MAX_NAMESAKES = 500
# How much the likeness of a path adds to that of the text, and so many of its last parts say what is in a file.
PATH_WEIGHT = 0.4
PATH_PARTS = 3
_FIELD_EVIDENCE, _OTHER_CASE_EVIDENCE = 0.4, 0.5


def search_words(sources: Sources, query: Query, limit: int) -> list[Hit]:
    """Chunks for a person's words, definitions of exactly the name that is asked for before all others."""
    terms = _terms(query.text)
    words = {word.lower() for word in (*query.identifiers, *terms_of(query.text))}
    depth = max(DEPTH, 4 * limit)
    found = _evidence(sources, query.text, terms, depth)
    text_share = TEXT_SHARE if sources.nearest is not None else 1.0
    scores = {
        place: evidence.score(text_share) * path_factor(place.path, words) for place, evidence in sorted(found.items())
    }
    best = spread_over_files(scores, limit + MAX_EXACT)
    ranked = [
        _as_hit(chunk, found[place], score, terms)
        for (place, score), chunk in zip(best, chunks_at(sources.connection, [place for place, _ in best]), strict=True)
    ]
    asked_for = [_symbol_hit(sources.connection, symbol) for symbol in _asked_for(sources.connection, query.text)]
    return without_overlaps(above(asked_for, ranked), limit)


def by_text(sources: Sources, text: str, limit: int) -> list[Hit]:
    """Chunks by BM25 alone, best first."""
    terms = _terms(text)
    found = _worded(sources, terms, limit)
    chunks = chunks_at(sources.connection, [place for place, _ in found])
    return [
        _chunk_hit(chunk, "lexical", _word_why(chunk, terms), score)
        for chunk, (_, score) in zip(chunks, found, strict=True)
    ]


def by_meaning(sources: Sources, text: str, limit: int) -> list[Hit]:
    """Chunks by the vectors of their text and their path alone, best first."""
    found = sorted(_near(sources, text, max(DEPTH, 4 * limit)), key=lambda item: (-round(item[1], 5), item[0]))[:limit]
    chunks = chunks_at(sources.connection, [place for place, _ in found])
    return [_chunk_hit(chunk, "vector", "similar code", score) for chunk, (_, score) in zip(chunks, found, strict=True)]


def _terms(text: str) -> list[str]:
    return query_terms(text, MAX_TERMS) or [term for term in terms_of(text) if len(term) > 1][:MAX_TERMS]


def _evidence(sources: Sources, text: str, terms: Sequence[str], depth: int) -> dict[Place, Evidence]:
    worded = _worded(sources, terms, depth)
    near = _near(sources, text, depth)
    of_text = dict(zip((p for p, _ in worded), relative([score for _, score in worded], 0.0), strict=True))
    least = min((score for _, score in near), default=0.0)
    of_meaning = dict(zip((p for p, _ in near), relative([score for _, score in near], least), strict=True))
    named = _named(sources.connection, text)
    return {
        place: Evidence(of_text.get(place, 0.0), of_meaning.get(place, 0.0), named.get(place, 0.0))
        for place in of_text.keys() | of_meaning.keys() | named.keys()
    }


def _worded(sources: Sources, terms: Sequence[str], limit: int) -> list[tuple[Place, float]]:
    """Chunks with any of these terms and their weight (bm25, the more the better), best first."""
    best = sources.postings.best(sources.connection, terms, limit)
    places = places_of(sources.connection, [row for row, _ in best])
    return [(places[row], weight) for row, weight in best if row in places]


def _near(sources: Sources, text: str, limit: int) -> list[tuple[Place, float]]:
    """Chunks that are near by text, each with the likeness of its text and its path, in no order."""
    if sources.nearest is None or sources.likeness is None or not text.strip():
        return []
    cosines = dict(sources.nearest(text, limit))
    places: list[tuple[Place, float]] = []
    copies: dict[str, int] = {}
    for place, key in places_with_hashes(sources.connection, list(cosines)):
        copies[key] = copies.get(key, 0) + 1
        if copies[key] <= MAX_COPIES:
            places.append((place, cosines[key]))
    likeness = sources.likeness(text, [path_text(place.path) for place, _ in places])
    return [(place, cosine + PATH_WEIGHT * like) for (place, cosine), like in zip(places, likeness, strict=True)]


@lru_cache(maxsize=1 << 14)
def path_text(path: str) -> str:
    """The last parts of a path without its suffix, as text for the embedding model."""
    return " ".join(PurePosixPath(path).with_suffix("").parts[-PATH_PARTS:])


def _named(connection: sqlite3.Connection, text: str) -> dict[Place, float]:
    """How well chunks define the names that a question spells."""
    asked = {name: spelled for spelled in asked_names(text) for name in [spelled.name.lower()]}
    found: dict[Place, float] = {}
    for symbol, place in places_defining(connection, list(asked), MAX_NAMESAKES):
        if place is not None:
            value = _name_evidence(symbol, asked[symbol.name.lower()])
            found[place] = max(found.get(place, 0.0), value)
    return found


def _name_evidence(symbol: Symbol, asked: Spelled) -> float:
    value = 1.0 if symbol.name == asked.name else _OTHER_CASE_EVIDENCE
    if asked.container and not is_inside(symbol, asked.container):
        value *= _OTHER_CASE_EVIDENCE
    return value * (_FIELD_EVIDENCE if symbol.kind == "field" else 1.0)


def _asked_for(connection: sqlite3.Connection, text: str) -> list[Symbol]:
    """Definitions of exactly the name that a question consists of."""
    asked = only_name(text)
    return exact(asked, records.symbols_named(connection, asked.name, MAX_NAMESAKES)) if asked else []


def _as_hit(chunk: Chunk, evidence: Evidence, score: float, terms: Sequence[str]) -> Hit:
    if evidence.name:
        return _chunk_hit(chunk, "definition", "defines a name of the question", score)
    if evidence.text >= evidence.meaning:
        return _chunk_hit(chunk, "lexical", _word_why(chunk, terms), score)
    return _chunk_hit(chunk, "vector", "similar code", score)


def _chunk_hit(chunk: Chunk, source: HitSource, why: str, score: float) -> Hit:
    return Hit(chunk.path, chunk.start_line, chunk.end_line, score, chunk.text, source, why)


def _word_why(chunk: Chunk, terms: Sequence[str]) -> str:
    text = chunk.text.lower()
    shared = [term for term in terms if term in text][:3]
    return f"contains {', '.join(shared)}" if shared else "matches by name"


def _symbol_hit(connection: sqlite3.Connection, symbol: Symbol) -> Hit:
    """A definition as the chunk that holds its head, so that the text is whole lines of the file."""
    name = f"{symbol.container}.{symbol.name}" if symbol.container else symbol.name
    why = f"defines `{symbol.name}`"
    chunk = records.chunk_at(connection, symbol.path, symbol.start_line)
    if chunk is None:
        return Hit(
            symbol.path, symbol.start_line, symbol.end_line, 0.0, symbol.signature, "definition", why, name, True
        )
    return Hit(chunk.path, chunk.start_line, chunk.end_line, 0.0, chunk.text, "definition", why, name)
