"""What vLLM says of a prompt's tokens, as ours (pure: vLLM's own types are not needed for it)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from codeassist.engine.answer import AnswerText
from codeassist.engine.vocabulary import Vocabulary
from codeassist.types import Token

# What a request is told by whose end alone is to be scored, for those builds of vLLM that can be made to.
SCORE_LAST = "codeassist_score_last"

# A code point has at most four bytes, and every token that spells something has one of them.
_LONGEST_CODE_POINT = 4


def scored_tokens(
    vocabulary: Vocabulary,
    prompt: Sequence[int],
    rows: Sequence[Mapping[int, Any] | None],
    n_last: int,
    n_cached: int,
    n_top: int,
) -> tuple[Token, ...]:
    """The prompt's last tokens, each with the text that it completes; () where vLLM did not compute all of them.

    rows: per token of the prompt what could have stood there, with `logprob`; some of vLLM's model runners have none
    for tokens that were in the KV cache, others have rows without meaning.
    n_cached: so many tokens at the prompt's start were not computed, so that what follows them has no row either.
    """
    if n_last > min(len(rows) - 1, len(prompt) - 1 - n_cached):
        return ()
    texts = texts_of(vocabulary, prompt, n_last)
    ends = zip(prompt[-n_last:], texts, rows[len(rows) - n_last :], strict=True)
    return tuple(
        Token(text, float(row[token].logprob), likeliest(vocabulary, row, n_top)) for token, text, row in ends if row
    )


def texts_of(vocabulary: Vocabulary, prompt: Sequence[int], n_last: int) -> list[str]:
    """What each of the last tokens completes, also where the first of them ends what stands before it."""
    text = AnswerText(vocabulary, ())
    first = max(len(prompt) - n_last - _LONGEST_CODE_POINT, 0)
    return [text.add(token) for token in prompt[first:]][-n_last:]


def likeliest(vocabulary: Vocabulary, candidates: Mapping[int, Any], n_top: int) -> tuple[tuple[str, float], ...]:
    """Those that could have been chosen; vLLM adds the chosen one where it is not among them."""
    if not n_top:
        return ()
    ranked = sorted(((float(found.logprob), token) for token, found in candidates.items()), reverse=True)
    spelled = ((vocabulary.spelling(token).decode("utf-8", "replace"), value) for value, token in ranked)
    return tuple((text, value) for text, value in spelled if math.isfinite(value))[:n_top]
