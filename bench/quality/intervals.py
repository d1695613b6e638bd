"""Means and relative gains with 95 % percentile bootstrap intervals. Pure."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Figures = dict[str, float | None]

_SAMPLES = 2000
_BOUNDS = (0.025, 0.975)


def interval(values: Sequence[float], clusters: Sequence[Hashable] | None = None) -> Figures:
    """Mean with its interval. clusters: which values belong together; whole clusters are drawn."""
    if not values:
        return {"n": 0, "mean": None, "low": None, "high": None}
    sums, sizes = _by_cluster(values, clusters or range(len(values)))
    drawn = _drawn(len(sums))
    low, high = np.quantile(sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1), _BOUNDS)
    return {"n": len(values), "mean": _rounded(np.mean(values)), "low": _rounded(low), "high": _rounded(high)}


def ratio_interval(parts: Sequence[float], wholes: Sequence[float], clusters: Sequence[Hashable]) -> Figures:
    """The sum of the parts over that of the wholes with its interval; whole clusters are drawn."""
    if not sum(wholes):
        return {"n": int(sum(wholes)), "mean": None, "low": None, "high": None}
    above, _ = _by_cluster(parts, clusters)
    below, _ = _by_cluster(wholes, clusters)
    drawn = _drawn(len(above))
    totals = below[drawn].sum(axis=1)
    low, high = np.quantile(above[drawn].sum(axis=1)[totals > 0] / totals[totals > 0], _BOUNDS)
    return {
        "n": int(sum(wholes)),
        "mean": _rounded(sum(parts) / sum(wholes)),
        "low": _rounded(low),
        "high": _rounded(high),
    }


def relative_gain(before: Sequence[float], after: Sequence[float]) -> Figures:
    """By how much the mean grew, relative to before; both values of a case are drawn together.

    None where too often nothing stands before that could grow.
    """
    nothing: Figures = {"n": len(before), "gain": None, "low": None, "high": None}
    if not sum(before):
        return nothing
    drawn = _drawn(len(before))
    old, new = np.array(before)[drawn].sum(axis=1), np.array(after)[drawn].sum(axis=1)
    if np.mean(old == 0) > 1 - _BOUNDS[1]:
        return nothing
    low, high = np.quantile(new[old > 0] / old[old > 0] - 1, _BOUNDS)
    gain = sum(after) / sum(before) - 1
    return {"n": len(before), "gain": _rounded(gain), "low": _rounded(low), "high": _rounded(high)}


def _by_cluster(values: Sequence[float], clusters: Sequence[Hashable]) -> tuple[Floats, Floats]:
    """Sum and size of each cluster."""
    places = {cluster: place for place, cluster in enumerate(dict.fromkeys(clusters))}
    members = [places[cluster] for cluster in clusters]
    sums, sizes = np.bincount(members, values), np.bincount(members)
    return sums.astype(np.float64), sizes.astype(np.float64)


def _drawn(n: int) -> npt.NDArray[np.int64]:
    """Which of n things each sample holds, the same every time."""
    return np.random.default_rng(0).integers(0, n, (_SAMPLES, n))


def _rounded(value: float | np.floating[npt.NBitBase]) -> float:
    return round(float(value), 4)


def share(values: Sequence[bool]) -> Figures:
    """Share of the true with Wilson's score interval, which says something also where none or all are true.

    Source: Wilson, "Probable inference, the law of succession, and statistical inference", 1927.
    """
    n = len(values)
    if not n:
        return {"n": 0, "mean": None, "low": None, "high": None}
    mean, z = sum(values) / n, 1.96
    centre, spread = mean + z * z / (2 * n), z * math.sqrt(mean * (1 - mean) / n + z * z / (4 * n * n))
    low, high = ((centre + side * spread) / (1 + z * z / n) for side in (-1, 1))
    return {"n": n, "mean": _rounded(mean), "low": _rounded(max(low, 0.0)), "high": _rounded(min(high, 1.0))}
