"""What a model answers at held-out cursors by transformers' code, where no engine is installed: one token at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from codeassist.adapt.adapted import Adapted
from codeassist.adapt.completing import LINE_TOKENS
from codeassist.adapt.rows import Row
from codeassist.engine.vocabulary import Vocabulary
from codeassist.pipeline import HEALED_TOKENS


def greedy_answers(adapted: Adapted, rows: Sequence[Row], vocabulary: Vocabulary) -> list[str]:
    """The rest of the line for each row, in order, with the adapter unless `adapted.without()` is in force."""
    return [_answer(adapted, row, vocabulary) for row in rows]


@torch.no_grad()  # type: ignore[untyped-decorator]
def _answer(adapted: Adapted, row: Row, vocabulary: Vocabulary) -> str:
    forced, said = row.forced.encode(), b""
    fed, past = list(row.ids[: row.n_prompt]), None
    for _ in range(LINE_TOKENS + HEALED_TOKENS):
        logits, past = adapted.next_logits(fed, past)
        token = _likeliest(logits, vocabulary.allowed(forced) if forced else None)
        forced, spelling = vocabulary.after(forced, token), vocabulary.spelling(token)
        said += spelling
        if not spelling or (not forced and b"\n" in said[len(row.forced.encode()) :]):
            break
        fed = [token]
    return said[len(row.forced.encode()) :].decode("utf-8", "replace")


def _likeliest(logits: Any, allowed: list[int] | None) -> int:
    if allowed is None:
        return int(logits.argmax())
    return allowed[int(logits[torch.tensor(allowed, device=logits.device)].argmax())]
