"""Comparisons as figures with their intervals. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from codeassist.shadow.comparison import Comparison

# Of a normal distribution, 95 of 100 lie within so many standard deviations.
_Z = 1.959964
_RESAMPLES = 500


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure, and the ends of its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Side:
    """What one engine's answers took. ms_p50, ms_p95: from the request to the end; first_token_p50: to the first text,
    None where no answer had any."""

    models: tuple[str, ...]
    ms_p50: float
    ms_p95: float
    first_token_p50: float | None
    prompt_tokens: int
    completion_tokens: int
    cost: float


@dataclass(frozen=True, slots=True)
class Figures:
    """Of n gaps. exact, same_line: shares, with Wilson's interval. similarity: the mean, with a bootstrap interval."""

    n: int
    exact: Interval
    same_line: Interval
    similarity: Interval
    first: Side
    second: Side

    @property
    def saved(self) -> float:
        """What the second engine would have cost less than the first."""
        return self.first.cost - self.second.cost


@dataclass(frozen=True, slots=True)
class ShadowReport:
    """total: None without a comparison. languages, clients: those with most gaps first."""

    total: Figures | None
    languages: dict[str, Figures]
    clients: dict[str, Figures]


def make_report(comparisons: Sequence[Comparison]) -> ShadowReport:
    """What the comparisons come to."""
    return ShadowReport(
        total=_figures(comparisons) if comparisons else None,
        languages=_grouped(comparisons, lambda comparison: comparison.language or "other"),
        clients=_grouped(comparisons, lambda comparison: comparison.client or "other"),
    )


def wilson(part: int, whole: int) -> Interval:
    """A share of at least one, with its interval.

    Wilson, "Probable inference, the law of succession, and statistical inference" (1927).
    """
    share = part / whole
    centre = (share + _Z**2 / (2 * whole)) / (1 + _Z**2 / whole)
    half = _Z / (1 + _Z**2 / whole) * math.sqrt(share * (1 - share) / whole + _Z**2 / (4 * whole**2))
    return Interval(share, max(centre - half, 0.0), min(centre + half, 1.0))


def bootstrap(values: Sequence[float]) -> Interval:
    """The mean of at least one value, with the interval that drawing anew from them gives; always the same one."""
    array, generator = np.asarray(values), np.random.default_rng(0)
    means = [float(generator.choice(array, len(array)).mean()) for _ in range(_RESAMPLES)]
    low, high = np.percentile(means, [2.5, 97.5])
    return Interval(float(array.mean()), float(low), float(high))


def _grouped(comparisons: Iterable[Comparison], name: Callable[[Comparison], str]) -> dict[str, Figures]:
    groups: dict[str, list[Comparison]] = {}
    for comparison in comparisons:
        groups.setdefault(name(comparison), []).append(comparison)
    most_first = sorted(groups, key=lambda group: (-len(groups[group]), group))
    return {group: _figures(groups[group]) for group in most_first}


def _figures(comparisons: Sequence[Comparison]) -> Figures:
    n = len(comparisons)
    return Figures(
        n=n,
        exact=wilson(sum(comparison.is_exact for comparison in comparisons), n),
        same_line=wilson(sum(comparison.is_same_line for comparison in comparisons), n),
        similarity=bootstrap([comparison.similarity for comparison in comparisons]),
        first=_side(comparisons, "first"),
        second=_side(comparisons, "second"),
    )


def _side(comparisons: Sequence[Comparison], which: Literal["first", "second"]) -> Side:
    def values(name: str) -> list[Any]:
        return [getattr(comparison, f"{which}_{name}") for comparison in comparisons]

    first_tokens = [ms for ms in values("begin_ms") if ms is not None]
    return Side(
        models=tuple(sorted(set(values("model")))),
        ms_p50=_percentile(values("ms"), 0.5),
        ms_p95=_percentile(values("ms"), 0.95),
        first_token_p50=_percentile(first_tokens, 0.5) if first_tokens else None,
        prompt_tokens=sum(values("prompt_tokens")),
        completion_tokens=sum(values("completion_tokens")),
        cost=sum(values("cost")),
    )


def _percentile(values: Iterable[float], fraction: float) -> float:
    """The nearest rank."""
    ordered = sorted(values)
    return ordered[min(int(fraction * len(ordered)), len(ordered) - 1)]
