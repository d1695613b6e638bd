"""Figures of drafting, and what is chosen by them."""

from dataclasses import replace

import pytest

from codeassist.engine.speculation import NO_DRAFTER, Drafter
from codeassist.mtp.figures import (
    Answer,
    Asked,
    acceptance,
    agreement,
    averaged,
    choose,
    common_length,
    figures,
    gain,
    noise,
    tokens_per_s,
)

# Ten tokens: one step for the first, then 3 + 3 + 3.
DRAFTED = Answer(
    tokens=tuple("abcdefghij"), n_steps=3, n_stepped=9, drafts=3, accepted_at=(3, 3), n_first=1, first_ms=20.0, ms=50.0
)
PLAIN = replace(DRAFTED, n_steps=9, drafts=0, accepted_at=(), first_ms=10.0, ms=100.0)
MTP_2, NGRAM_3 = Drafter("mtp", 2), Drafter("ngram", 3)


def asked(answer: Answer, *ms: float) -> Asked:
    return Asked(answer, tuple(replace(answer, ms=value) for value in ms or (answer.ms,)))


def test_acceptance_counts_drafts_not_tokens() -> None:
    half = replace(DRAFTED, drafts=5, accepted_at=(1, 0))
    found = acceptance([DRAFTED, half])
    assert [one.value for one in found] == [pytest.approx(4 / 8), pytest.approx(3 / 8)]
    assert all(one.low <= one.value <= one.high for one in found)
    assert (found[0].low, found[0].high) == (pytest.approx(1 / 5), 1.0)
    assert acceptance([PLAIN]) == ()


def test_an_answer_without_drafts_takes_part() -> None:
    assert acceptance([DRAFTED, replace(PLAIN, drafts=3)])[0].value == pytest.approx(3 / 6)


def test_half_the_time_is_a_gain_of_one() -> None:
    found = gain([PLAIN] * 4, [DRAFTED] * 4)
    assert (found.value, found.low, found.high) == (pytest.approx(1.0),) * 3


def test_texts_of_other_lengths_are_compared_by_the_token() -> None:
    longer = replace(DRAFTED, tokens=DRAFTED.tokens * 2, ms=200.0)
    assert gain([PLAIN], [longer]).value == pytest.approx(0.0)


def test_cases_are_drawn_in_pairs() -> None:
    """However different the cases are: where each gains a quarter, all do."""
    before = [replace(PLAIN, ms=ms) for ms in (1.0, 10.0, 1000.0)]
    found = gain(before, [replace(one, ms=one.ms / 1.25) for one in before])
    assert (found.low, found.high) == (pytest.approx(0.25), pytest.approx(0.25))


def test_the_quickest_answer_to_a_known_prompt_counts() -> None:
    found = figures(MTP_2, [asked(DRAFTED, 90.0, 50.0, 70.0)], [asked(PLAIN)])
    assert found.suggestion_ms == 50.0
    assert found.gain.value == pytest.approx(1.0)


def test_tokens_per_step_are_those_of_all_cases() -> None:
    slower = replace(DRAFTED, n_steps=6, drafts=3)
    found = figures(MTP_2, [asked(DRAFTED), asked(slower)], [asked(PLAIN)] * 2)
    assert (found.tokens_per_step.value, found.drafted) == (pytest.approx(18 / 9), pytest.approx(6 / 9))
    assert figures(NO_DRAFTER, [asked(PLAIN)], [asked(PLAIN)]).tokens_per_step.value == 1.0
    short = replace(DRAFTED, n_steps=0, n_stepped=0)
    assert figures(MTP_2, [asked(short)], [asked(PLAIN)]).tokens_per_step.value == 1.0


def test_speed_is_told_behind_the_first_token() -> None:
    assert tokens_per_s(DRAFTED) == pytest.approx(9 / 0.03)
    assert tokens_per_s(replace(DRAFTED, n_first=10)) == 0.0


def test_agreement_is_the_start_that_texts_have_in_common() -> None:
    other = replace(DRAFTED, tokens=(*"abcd", "X", *"fghij"))
    found = agreement([DRAFTED, other, DRAFTED], [PLAIN, PLAIN, PLAIN])
    assert (found.same, found.of, found.shortest, found.median) == (2, 3, 4, 10)
    assert common_length("abc", "abcd") == 3
    assert common_length("", "abcd") == 0


def test_two_runs_without_drafting_tell_what_may_be_chance() -> None:
    first, again = [asked(PLAIN, ms) for ms in (100.0, 80.0)], [asked(PLAIN, ms) for ms in (80.0, 100.0)]
    assert noise(first, first) == 0.0
    assert noise(first, again) == pytest.approx(0.25)
    assert [one.best.ms for one in averaged(first, again)] == [90.0, 90.0]


def measured(drafter: Drafter, value: float, low: float) -> object:
    found = figures(drafter, [asked(DRAFTED)], [asked(PLAIN)])
    return replace(found, gain=replace(found.gain, value=value, low=low))


@pytest.mark.parametrize(
    ("mtp", "ngram", "least", "expected"),
    [
        ((0.4, 0.3), (0.2, 0.15), 0.1, MTP_2),
        ((0.4, 0.05), (0.2, 0.15), 0.1, NGRAM_3),
        ((0.4, 0.3), (0.2, 0.15), 0.35, NO_DRAFTER),
        ((-0.1, -0.2), (0.01, -0.01), 0.0, NO_DRAFTER),
    ],
)
def test_what_gains_most_of_what_gains_for_certain_is_chosen(
    mtp: tuple[float, float], ngram: tuple[float, float], least: float, expected: Drafter
) -> None:
    assert choose([measured(MTP_2, *mtp), measured(NGRAM_3, *ngram)], least) == expected  # type: ignore[list-item]
    assert choose([], least) == NO_DRAFTER
