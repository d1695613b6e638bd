"""vLLM's rows of a prompt as scored tokens."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from codeassist.engine.vllm_scores import likeliest, scored_tokens, texts_of
from codeassist.engine.vocabulary import Vocabulary

WAVE = "👋".encode()
VOCABULARY = Vocabulary([b"", b"a", b" b", WAVE[:1], WAVE[1:3], WAVE[3:], b"!"], {"<s>": 0})


def row(**logprobs: float) -> dict[int, Any]:
    return {int(token.removeprefix("t")): SimpleNamespace(logprob=value) for token, value in logprobs.items()}


ROWS = [None, row(t1=-0.5, t2=-1.0), row(t2=-2.0, t1=-0.25), row(t6=-0.125)]


@pytest.mark.parametrize(
    ("prompt", "n_last", "texts"),
    [
        ((0, 1, 2), 2, ["a", " b"]),
        ((0, 1, 3, 4, 5, 6), 4, ["", "", "👋", "!"]),
        ((0, 1, 3, 4, 5, 6), 3, ["", "👋", "!"]),
        ((0, 1, 3, 4, 5, 6), 2, ["👋", "!"]),
        ((1, 3, 4), 2, ["", ""]),
        ((1, 2, 0), 1, [""]),
    ],
)
def test_each_token_has_the_text_that_it_completes(prompt: Sequence[int], n_last: int, texts: list[str]) -> None:
    assert texts_of(VOCABULARY, prompt, n_last) == texts


def test_the_last_tokens_are_scored_with_the_likeliest_in_their_place() -> None:
    tokens = scored_tokens(VOCABULARY, (0, 1, 2, 6), ROWS, 2, 1, 1)
    assert [(token.text, token.logprob, token.top) for token in tokens] == [
        (" b", -2.0, (("a", -0.25),)),
        ("!", -0.125, (("!", -0.125),)),
    ]
    assert [token.top for token in scored_tokens(VOCABULARY, (0, 1, 2, 6), ROWS, 3, 0, 0)] == [()] * 3


@pytest.mark.parametrize(("n_last", "n_cached"), [(3, 1), (2, 2), (1, 3)])
def test_nothing_is_told_where_the_cache_had_what_was_to_be_scored(n_last: int, n_cached: int) -> None:
    assert scored_tokens(VOCABULARY, (0, 1, 2, 6), ROWS, n_last, n_cached, 0) == ()


def test_a_runner_that_has_rows_for_what_it_computed_alone_may_have_too_few() -> None:
    assert scored_tokens(VOCABULARY, (0, 1, 2, 6), [None, *ROWS[2:]], 3, 0, 0) == ()
    assert len(scored_tokens(VOCABULARY, (0, 1, 2, 6), [None, *ROWS[2:]], 2, 1, 0)) == 2


def test_what_cannot_come_is_not_among_the_likeliest() -> None:
    candidates = row(t1=-0.5, t2=float("-inf"), t6=-0.25)
    assert likeliest(VOCABULARY, candidates, 3) == (("!", -0.25), ("a", -0.5))
