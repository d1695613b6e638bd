"""Figures of drafting, from what engines answered: what was accepted, how fast, whether the text stayed (pure).

Intervals are 95 % percentile bootstrap intervals; whole cases are drawn, the same ones on both sides of a comparison.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import TypeVar

from codeassist.engine.speculation import NO_DRAFTER, Drafter

_T = TypeVar("_T")

_DRAWN = 2000
_LOW, _HIGH = 0.025, 0.975


@dataclass(frozen=True, slots=True)
class Answer:
    """What an engine said once.

    tokens: their texts. n_steps: steps behind the first one behind the forced prefix, and the tokens that they brought,
    n_stepped. drafts, accepted_at: as `Speculation` counts them, for this answer. first_ms: until n_first tokens were
    there, which go beyond the forced prefix. ms: all of it.
    """

    tokens: tuple[str, ...]
    n_steps: int
    n_stepped: int
    drafts: int
    accepted_at: tuple[int, ...]
    n_first: int
    first_ms: float
    ms: float


@dataclass(frozen=True, slots=True)
class Asked:
    """One case's answers by one engine: the first, for which the prompt had to be computed, and those after it, for
    which it was known, as after a typed character."""

    cold: Answer
    warm: tuple[Answer, ...]

    @property
    def best(self) -> Answer:
        """The quickest of those after the first: what else ran on the machine made the others slower."""
        return min(self.warm, key=lambda answer: answer.ms)


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with the bounds of its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far texts are those without drafting. same: how many are, wholly. shortest, median: tokens until the first
    that differs, over all texts; a text that is the same counts with its length."""

    same: int
    of: int
    shortest: int
    median: float


@dataclass(frozen=True, slots=True)
class Figures:
    """One drafter's, for one purpose.

    accepted: share of the drafts of which at least one token was kept, at least two, ... drafted: share of the steps
    that checked a draft. tokens_per_step: 1 without drafting. tokens_per_s: behind the first token, median. first_ms:
    to the first token of a new prompt, median; typed_first_ms and suggestion_ms, the whole answer: of a prompt that was
    known, medians. gain: growth of the tokens per second of whole answers, of known prompts, over no drafting.
    """

    drafter: Drafter
    n_cases: int
    accepted: tuple[Interval, ...]
    drafted: float
    tokens_per_step: Interval
    tokens_per_s: float
    first_ms: float
    typed_first_ms: float
    suggestion_ms: float
    gain: Interval
    agreement: Agreement


def figures(drafter: Drafter, asked: Sequence[Asked], plain: Sequence[Asked]) -> Figures:
    """Of one drafter's answers; plain: to the same cases, without drafting."""
    cold, best = [one.cold for one in asked], [one.best for one in asked]
    n_steps = sum(answer.n_steps for answer in cold)
    return Figures(
        drafter=drafter,
        n_cases=len(asked),
        accepted=acceptance(cold),
        drafted=sum(answer.drafts for answer in cold) / max(n_steps, 1),
        tokens_per_step=_interval(cold, _tokens_per_step),
        tokens_per_s=statistics.median([rate for rate in map(tokens_per_s, best) if rate] or [0.0]),
        first_ms=statistics.median(answer.first_ms for answer in cold),
        typed_first_ms=statistics.median(answer.first_ms for answer in best),
        suggestion_ms=statistics.median(answer.ms for answer in best),
        gain=gain([one.best for one in plain], best),
        agreement=agreement(cold, [one.cold for one in plain]),
    )


def acceptance(answers: Sequence[Answer]) -> tuple[Interval, ...]:
    """The share of drafts of which at least one token was kept, at least two, ..."""
    n_places = max((len(answer.accepted_at) for answer in answers), default=0)

    def share(place: int) -> Callable[[Sequence[Answer]], float]:
        return lambda drawn: (
            sum(sum(answer.accepted_at[place : place + 1]) for answer in drawn)
            / max(sum(answer.drafts for answer in drawn), 1)
        )

    return tuple(_interval(answers, share(place)) for place in range(n_places))


def gain(before: Sequence[Answer], after: Sequence[Answer]) -> Interval:
    """By how much tokens per second of whole answers grew: 0.25 is a quarter more. Cases are drawn together."""

    def growth(drawn: Sequence[tuple[Answer, Answer]]) -> float:
        old, new = ([pair[side] for pair in drawn] for side in (0, 1))
        return (_ms(old) / _tokens(old)) / (_ms(new) / _tokens(new)) - 1

    return _interval(list(zip(before, after, strict=True)), growth)


def noise(first: Sequence[Asked], again: Sequence[Asked]) -> float:
    """The largest gain that two runs without drafting leave possible: what is no larger may be chance."""
    found = gain([one.best for one in first], [one.best for one in again])
    return max(abs(found.low), abs(found.high))


def averaged(first: Sequence[Asked], again: Sequence[Asked]) -> list[Asked]:
    """Two runs of the same cases as one that took the mean of their times."""
    return [Asked(one.cold, (_mean(one.best, other.best),)) for one, other in zip(first, again, strict=True)]


def agreement(answers: Sequence[Answer], plain: Sequence[Answer]) -> Agreement:
    """How far texts are the same."""
    lengths, n_same = [], 0
    for one, other in zip(answers, plain, strict=True):
        n_same += one.tokens == other.tokens
        lengths.append(common_length(one.tokens, other.tokens))
    return Agreement(n_same, len(answers), min(lengths), statistics.median(lengths))


def common_length(one: Sequence[str], other: Sequence[str]) -> int:
    """How many tokens two texts have in common from their beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))


def tokens_per_s(answer: Answer) -> float:
    """Behind the first ones; 0.0 of an answer that has no others."""
    n_tokens, seconds = len(answer.tokens) - answer.n_first, (answer.ms - answer.first_ms) / 1000
    return n_tokens / seconds if n_tokens and seconds > 0 else 0.0


def choose(measured: Sequence[Figures], least: float) -> Drafter:
    """What gains most, of what gains more than `least` for certain; nothing where nothing does."""
    paying = [one for one in measured if one.drafter.n_tokens and one.gain.low > least]
    return max(paying, key=lambda one: one.gain.value).drafter if paying else NO_DRAFTER


def _mean(one: Answer, other: Answer) -> Answer:
    return replace(one, first_ms=(one.first_ms + other.first_ms) / 2, ms=(one.ms + other.ms) / 2)


def _interval(cases: Sequence[_T], estimate: Callable[[Sequence[_T]], float]) -> Interval:
    random = Random(0)
    drawn = sorted(estimate(random.choices(cases, k=len(cases))) for _ in range(_DRAWN))
    return Interval(estimate(cases), drawn[int(_LOW * _DRAWN)], drawn[int(_HIGH * _DRAWN)])


def _tokens_per_step(answers: Sequence[Answer]) -> float:
    """Drafted tokens behind an answer's end do not count. 1.0 where there are no steps."""
    n_steps = sum(answer.n_steps for answer in answers)
    return sum(answer.n_stepped for answer in answers) / n_steps if n_steps else 1.0


def _ms(answers: Sequence[Answer]) -> float:
    return sum(answer.ms for answer in answers)


def _tokens(answers: Sequence[Answer]) -> int:
    return max(sum(len(answer.tokens) for answer in answers), 1)
