from __future__ import annotations

from dataclasses import replace

from bench.quality.drafting import Answer, acceptance, difference

# A forced prefix of two tokens, one step of the prompt, a draft that was right, one that was wrong, and the end.
ANSWER = Answer(
    text="ab = 1 + 2",
    tokens=["a", "b", " =", " 1", " +", " 2", ""],
    logprobs=[-0.1] * 7,
    steps=[1, 1, 1, 2, 1, 1],
    forced="ab",
    ending="model",
    ms=1.0,
)


def test_steps_that_checked_no_draft_do_not_count() -> None:
    assert ANSWER.drafted_steps() == [2, 1]
    assert replace(ANSWER, ending="rule").drafted_steps() == [2, 1, 1]
    assert replace(ANSWER, forced="").drafted_steps() == [1, 1, 2, 1]
    assert replace(ANSWER, tokens=[], logprobs=[], steps=[]).drafted_steps() == []


def test_acceptance_is_told_for_each_position() -> None:
    found = acceptance([ANSWER, ANSWER], n_drafted=2)
    assert found["steps"] == 4
    assert found["accepted"]["1"]["mean"] == 0.5  # type: ignore[index]
    assert found["accepted"]["2"]["mean"] == 0.0  # type: ignore[index]
    assert found["tokens_per_step"]["mean"] == 1.5  # type: ignore[index]


def test_equal_answers_do_not_differ() -> None:
    assert difference("x", ANSWER, ANSWER) is None
    longer = replace(ANSWER, tokens=[*ANSWER.tokens, "\n"])  # one token more came along with the last step
    assert difference("x", ANSWER, longer) is None
    assert difference("x", ANSWER, replace(ANSWER, tokens=["ab", " =", " 1", " +", " 2", ""])) is None


def test_the_first_other_token_is_told() -> None:
    other = replace(ANSWER, text="ab = 1 - 2", tokens=["a", "b", " =", " 1", " -", " 2", ""], logprobs=[-0.2] * 7)
    found = difference("x", ANSWER, other)
    assert found is not None
    assert (found.position, found.logprob_without, found.logprob_with) == (4, -0.1, -0.2)
    assert not found.same_suggestion
