"""Whether an adapter may be enabled: paired differences on held-out files with 95 % intervals. Pure.

Gaps of one file are alike, so whole files are drawn (a cluster bootstrap).

A gain has to be sure, and large enough to pay for an engine that is started with adapters, which is slower than one
that is not. An interval does not tell that: with enough files, a few thousandths of a nat are sure, and nobody would
notice them in what is suggested.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

_SAMPLES = 4000
_BOUNDS = (0.025, 0.975)
# The least gain, as a share of the loss without the adapter.
_LEAST_GAIN = 0.005


@dataclass(frozen=True, slots=True)
class Judged:
    """A held-out gap. before, after: nats of all its tokens without and with the adapter."""

    path: str
    is_recent: bool
    n_tokens: int
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Answered:
    """A held-out cursor, and how right the rest of its line was. Pairs: before, after; similarity: 0 to 1."""

    path: str
    is_recent: bool
    exact: tuple[bool, bool]
    similarity: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and its 95 % interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Figure:
    """One quantity without and with the adapter, and how much better it is with it (more is better)."""

    n: int
    files: int
    before: float
    after: float
    better_by: Interval


@dataclass(frozen=True, slots=True)
class Verdict:
    """improves: whether the adapter may be enabled; reason: why, or why not, in words. loss: nats a token, of which
    less is better; recent: the same on the files that were changed last alone."""

    improves: bool
    reason: str
    loss: Figure
    recent: Figure | None
    exact: Figure | None
    similarity: Figure | None

    def described(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


def judge(gaps: Sequence[Judged], answers: Sequence[Answered]) -> Verdict:
    """Enabled is what makes held-out gaps surely likelier, by `_LEAST_GAIN` of their loss on average, and does not
    surely answer fewer lines rightly."""
    loss, recent = _loss(gaps), [gap for gap in gaps if gap.is_recent]
    exact = _shares(answers, [(float(a), float(b)) for a, b in (one.exact for one in answers)])
    similarity = _shares(answers, [one.similarity for one in answers])
    reason = _objection(loss, exact)
    return Verdict(
        improves=not reason,
        reason=reason or "held-out code is surely likelier with it, and answers are no worse",
        loss=loss,
        recent=_loss(recent) if recent else None,
        exact=exact,
        similarity=similarity,
    )


def interval(sums: Sequence[float], sizes: Sequence[float], clusters: Sequence[Hashable]) -> Interval:
    """The ratio of two sums, whole clusters drawn. sums, sizes, clusters: of the same things, in the same order."""
    places: Mapping[Hashable, int] = {cluster: n for n, cluster in enumerate(dict.fromkeys(clusters))}
    members = [places[cluster] for cluster in clusters]
    above, below = np.bincount(members, sums), np.bincount(members, sizes)
    drawn = np.random.default_rng(0).integers(0, len(places), (_SAMPLES, len(places)))
    low, high = np.quantile(above[drawn].sum(axis=1) / below[drawn].sum(axis=1), _BOUNDS)
    return Interval(round(float(above.sum() / below.sum()), 4), round(float(low), 4), round(float(high), 4))


def _objection(loss: Figure, exact: Figure | None) -> str:
    if loss.better_by.high <= 0:
        return "held-out code is less likely with it"
    if loss.better_by.low <= 0:
        return "held-out code is not surely likelier with it"
    if loss.better_by.mean < _LEAST_GAIN * loss.before:
        share = 100 * loss.better_by.mean / loss.before
        return f"the loss on held-out code is {share:.1f} % less with it, and {100 * _LEAST_GAIN:.1f} % is the least"
    if exact and exact.better_by.high < 0:
        return "fewer lines are answered rightly with it"
    return ""


def _loss(gaps: Sequence[Judged]) -> Figure:
    n_tokens = [float(gap.n_tokens) for gap in gaps]
    paths = [gap.path for gap in gaps]
    return Figure(
        n=len(gaps),
        files=len(set(paths)),
        before=round(sum(gap.before for gap in gaps) / sum(n_tokens), 4),
        after=round(sum(gap.after for gap in gaps) / sum(n_tokens), 4),
        better_by=interval([gap.before - gap.after for gap in gaps], n_tokens, paths),
    )


def _shares(answers: Sequence[Answered], values: Sequence[tuple[float, float]]) -> Figure | None:
    if not answers:
        return None
    before, after = zip(*values, strict=True)
    paths = [one.path for one in answers]
    return Figure(
        n=len(answers),
        files=len(set(paths)),
        before=round(sum(before) / len(answers), 4),
        after=round(sum(after) / len(answers), 4),
        better_by=interval([new - old for old, new in values], [1.0] * len(answers), paths),
    )
