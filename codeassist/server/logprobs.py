"""Log-probabilities as OpenAI's completions tell them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from codeassist.types import Token

# JSON knows no minus infinity; vLLM's own server says this.
_LEAST = -9999.0


class LogprobsWriter:
    """Of one answer, piece by piece: the places of tokens in its text go on from one piece to the next."""

    def __init__(self, n_top: int | None) -> None:
        """n_top: how many of the likeliest tokens are told of each place; None for no log-probabilities at all."""
        self._n_top = n_top
        self._offset = 0

    def write(self, tokens: Sequence[Token]) -> dict[str, Any] | None:
        """The object for these tokens; null where none were asked for."""
        if self._n_top is None:
            return None
        offsets = []
        for token in tokens:
            offsets.append(self._offset)
            self._offset += len(token.text)
        return {
            "tokens": [token.text for token in tokens],
            "token_logprobs": [max(token.logprob, _LEAST) for token in tokens],
            "top_logprobs": [self._top(token) for token in tokens],
            "text_offset": offsets,
        }

    def _top(self, token: Token) -> dict[str, float]:
        """The likeliest ones, and the token itself where it is none of them."""
        likeliest = dict(token.top[: self._n_top])
        told = likeliest if token.text in likeliest else {**likeliest, token.text: token.logprob}
        return {text: max(logprob, _LEAST) for text, logprob in told.items()}
