from __future__ import annotations

import math

import pytest
from marked import window_of

from codeassist.gate import after_accepting, line_probability, skip_reason
from codeassist.types import Token


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("x = ‸", None),
        ("foo(‸)", None),
        ("foo(‸):", None),
        ("na‸me", "inside of a word"),
        ("foo(‸, key=1)", "right of the cursor"),
        ("‸return x", "right of the cursor"),
    ],
)
def test_where_a_suggestion_would_disturb(source: str, reason: str | None) -> None:
    window = window_of(source)
    found = skip_reason(window.left, window.right)
    assert found == reason or (reason is not None and found is not None and reason in found)


@pytest.mark.parametrize(
    ("left", "text", "disturbs"),
    [
        ("x = first", "_more", True),
        ("x = first", "\ny = 2", False),
        ("total = price +", " tax", False),
        ("call(one,", " two)", False),
        ("call(one", ", two)", False),
        ("call(one)", ".then()", True),
        ("return", " x", False),
        ("if ready:", " go()", False),
        ("x = first", "", False),
    ],
)
def test_a_finished_line_that_was_accepted_is_left_alone(left: str, text: str, disturbs: bool) -> None:
    assert (after_accepting(left, text) is not None) is disturbs


TOKENS = [Token("pri", -1.0), Token("nt(", -0.5), Token("x)", -0.25), Token("\n", -4.0)]


@pytest.mark.parametrize(
    ("start", "end", "logprob"), [(3, 8, -0.75), (2, 8, -1.75), (0, 3, -1.0), (3, 6, -0.5), (3, 4, -0.5)]
)
def test_tokens_that_reach_into_the_stretch_count(start: int, end: int, logprob: float) -> None:
    assert line_probability(TOKENS, start, end) == pytest.approx(math.exp(logprob))


def test_without_log_probabilities_there_is_no_confidence() -> None:
    assert line_probability([], 0, 5) is None
    assert line_probability(TOKENS, 20, 25) is None
