"""Given texts by how well they answer a question: what a client found by itself, put in order."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from indexer.embedding import Embedder
from indexer.ranking import TEXT_SHARE
from indexer.terms import query_terms, terms_of

MAX_TERMS = 64
# Of BM25, as everywhere in the index: when repetition of a word stops to matter, and how much length does.
_K1, _B = 1.2, 0.75


def relevance(embedder: Embedder, question: str, texts: Sequence[str]) -> list[float]:
    """One number from 0 to 1 for each text, comparable within one call.

    A person's search mixes words and meaning in the same shares (`ranking.TEXT_SHARE`): the cosine of the vectors,
    and BM25 over these texts as a share of the most that it could be. Raises EmbedderUnavailable.
    """
    if not texts:
        return []
    vectors = embedder.embed([question, *texts])
    cosines = [max(float(cosine), 0.0) for cosine in vectors[1:] @ vectors[0]]
    overlaps = lexical_overlap(question, texts)
    return [
        min(TEXT_SHARE * overlap + (1 - TEXT_SHARE) * cosine, 1.0)
        for overlap, cosine in zip(overlaps, cosines, strict=True)
    ]


def lexical_overlap(question: str, texts: Sequence[str]) -> list[float]:
    """BM25 of each text, 0 to 1: 1 would be a text that repeats every word of the question without end."""
    words = query_terms(question, MAX_TERMS) or list(dict.fromkeys(terms_of(question)))[:MAX_TERMS]
    counts = [Counter(terms_of(text)) for text in texts]
    lengths = [sum(count.values()) for count in counts]
    mean = sum(lengths) / len(texts) or 1.0
    rarity = {word: _rarity(sum(word in count for count in counts), len(texts)) for word in words}
    most = sum(rarity.values()) or 1.0
    return [
        sum(rarity[word] * _saturated(count[word], length / mean) for word in words) / most
        for count, length in zip(counts, lengths, strict=True)
    ]


def _rarity(n_with: int, n_texts: int) -> float:
    return math.log(1 + (n_texts - n_with + 0.5) / (n_with + 0.5))


def _saturated(n_times: int, relative_length: float) -> float:
    return n_times / (n_times + _K1 * (1 - _B + _B * relative_length))
