"""Scores of a model that finds everything likely but what it expects otherwise: that is written down by the test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from codeassist.protocols import Tokenizer
from codeassist.types import Token

LIKELY, UNLIKELY = -0.1, -12.0

# The token that is expected behind a text, wherever that stands.
Opinions = Mapping[str, str]


def scored(prompt: Sequence[int], n_last: int, n_top: int, opinions: Opinions, tokenizer: Tokenizer) -> list[Token]:
    """Each token is likely, but where an opinion expects another."""
    tokens = []
    for place in range(len(prompt) - n_last, len(prompt)):
        text, before = tokenizer.decode([prompt[place]]), tokenizer.decode(prompt[:place])
        wanted = next((value for key, value in opinions.items() if before.endswith(key)), text)
        is_likely = text == wanted
        top = ((wanted, LIKELY), (text, UNLIKELY))[: 1 if is_likely else 2]
        tokens.append(Token(text, LIKELY if is_likely else UNLIKELY, top[:n_top]))
    return tokens
