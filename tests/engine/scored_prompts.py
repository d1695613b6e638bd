"""Scores of prompts beside what a real engine generates."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from asking import ask, read
from tokenizers import Tokenizer

from codeassist.engine.embedded import EmbeddedEngine
from codeassist.engine.scoring import score
from codeassist.types import Token

NEAR = 0.01  # nats; float32 in another order


def encode(model: Path, text: str) -> tuple[int, ...]:
    return (0, *Tokenizer.from_file(str(model / "tokenizer.json")).encode(text, add_special_tokens=False).ids)


def logprobs(tokens: Sequence[Token]) -> list[float]:
    return [token.logprob for token in tokens]


async def as_generated(engine: EmbeddedEngine, prompt: tuple[int, ...], **changes: Any) -> None:
    """What is generated greedily, read again as the end of a prompt, is scored as it was found when it was new."""
    request = ask(prompt=prompt, max_tokens=24, logprobs=True, top_logprobs=3, **changes)
    made = [token for delta in await read(engine, request) for token in delta.tokens]
    assert engine.info.tokenizer is not None
    ids = encode(engine.info.tokenizer.parent, "".join(token.text for token in made))[1:]
    scored = await score(engine, (*prompt, *ids), len(ids), 3, adapter=request.adapter)
    same = [one.text == other.text for one, other in zip(made, scored, strict=False)]
    assert sum(same) > 8
    n_same = same.index(False) if False in same else len(same)  # a text can be cut in tokens in another way
    assert n_same > 4
    assert logprobs(scored[:n_same]) == pytest.approx(logprobs(made[:n_same]), abs=NEAR)
    assert all(token.top[0] == pytest.approx((token.text, token.logprob)) for token in scored[:n_same])
    assert all(len(token.top) == 3 for token in scored)
