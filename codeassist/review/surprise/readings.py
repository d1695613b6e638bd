"""From the scores of a stretch to the edits that the model may prefer. Pure."""

from __future__ import annotations

import itertools
import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from codeassist.protocols import Tokenizer
from codeassist.types import Token
from indexer.variants import Variant, VariantKind

# How many of the likeliest tokens each place comes with: as many as vLLM gives unless told otherwise (`max_logprobs`).
N_TOP = 20
# Tokens behind an edit that are scored with it: what is written next tells whether it fits.
TAIL_TOKENS = 32
# An edit is scored to its end where its first other token is at least so likely as the written one, in nats. What turns
# a condition round shows in what follows more than in itself.
LEAST_FIRST: Mapping[VariantKind, float] = {
    "variable": 0.0,
    "arguments": 0.0,
    "operator": -1.5,
    "negation": -1.5,
    "constant": 0.0,
    "await": 0.0,
}


@dataclass(frozen=True, slots=True)
class Suspect:
    """One edit, worth scoring. ids: the middle with the edit, to where scoring ends; at: the first token that differs.

    first: log-ratio of that token to the written one. written: log-probability of what is written from there to the
    same place.
    """

    variant: Variant
    ids: tuple[int, ...]
    at: int
    first: float
    written: float


def suspects(
    middle: str, ids: Sequence[int], scored: Sequence[Token], variants: Sequence[Variant], tokenizer: Tokenizer
) -> tuple[Suspect, ...]:
    """Those of the edits of a middle that the model may prefer, the likeliest first.

    variants: in offsets of the middle. ids, scored: the tokens of the middle as it is written.
    """
    starts = _starts(ids, tokenizer)
    doubtful = [variant for variant in variants if _is_doubtful(variant, starts, scored)]
    found = (_suspect(middle, ids, scored, variant, tokenizer) for variant in doubtful)
    return tuple(sorted((one for one in found if one is not None), key=lambda one: -one.first))


def _starts(ids: Sequence[int], tokenizer: Tokenizer) -> list[int]:
    """Offset of each token's first character; of one that begins within a character, of that."""
    lengths = (len(tokenizer.decode([token])) for token in ids)
    return list(itertools.accumulate(lengths, initial=0))[:-1]


def _is_doubtful(variant: Variant, starts: Sequence[int], scored: Sequence[Token]) -> bool:
    """Whether a token where the edit may depart from the text is not the likeliest one there."""
    least = LEAST_FIRST[variant.kind]
    first, last = (max(bisect_right(starts, place) - 1, 0) for place in (variant.start - 1, variant.end))
    return any(_best_other(token) > token.logprob + least for token in scored[first : last + 1])


def _best_other(token: Token) -> float:
    return max((logprob for text, logprob in token.top if text != token.text), default=-math.inf)


def _suspect(
    middle: str, ids: Sequence[int], scored: Sequence[Token], variant: Variant, tokenizer: Tokenizer
) -> Suspect | None:
    other = tokenizer.encode(f"{middle[: variant.start]}{variant.text}{middle[variant.end :]}")
    at = _common(ids, other)
    n_after = _common(ids[at:][::-1], other[at:][::-1])
    if at >= len(ids) or at >= len(other):
        return None
    left_out = max(n_after - TAIL_TOKENS, 0)
    end, other_end = len(ids) - left_out, len(other) - left_out
    likely = dict(scored[at].top)
    first = likely.get(tokenizer.decode([other[at]]), -math.inf) - scored[at].logprob
    if first < LEAST_FIRST[variant.kind]:
        return None
    written = sum(token.logprob for token in scored[at:end])
    return Suspect(variant, tuple(other[:other_end]), at, first, written)


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
