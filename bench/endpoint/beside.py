"""Ours and vLLM's own server, with one model and in turn: throughput and time to the first text."""

from __future__ import annotations

import itertools
import statistics
from pathlib import Path

from bench.endpoint.load import Target, Timing, load
from bench.endpoint.prompts import prompts, raw
from bench.endpoint.servers import ours, vllms

MAX_TOKENS = 32
CLIENTS = (1, 8, 32)


async def beside(n_requests: int, n_rounds: int, folder: Path) -> dict[str, object]:
    """Ratios of ours to vLLM's for each number of clients: medians over rounds, in which both get the same prompts."""
    async with vllms(folder) as other, ours(folder) as own:
        await _round(other, own, 8, 16, seed=0)
        result: dict[str, object] = {}
        for n_clients in CLIENTS:
            n = max(n_requests, 2 * n_clients)
            rounds = [await _round(other, own, n_clients, n, seed=10 * n_clients + turn) for turn in range(n_rounds)]
            result[f"{n_clients} clients"] = _figures(rounds)
        return result


Side = tuple[list[Timing], float]


async def _round(other: Target, own: Target, n_clients: int, n: int, *, seed: int) -> tuple[Side, Side]:
    """Of ours and of vLLM's; who is first changes with the seed."""
    bodies = [raw(prompt, MAX_TOKENS) for prompt in itertools.islice(prompts(seed), n)]
    if seed % 2:
        theirs = await load(other, bodies, n_clients)
        return await load(own, bodies, n_clients), theirs
    mine = await load(own, bodies, n_clients)
    return mine, await load(other, bodies, n_clients)


def _figures(rounds: list[tuple[Side, Side]]) -> dict[str, object]:
    ratios = {
        "throughput_ratio": statistics.median(_speed(mine) / _speed(theirs) for mine, theirs in rounds),
        "ttft_ratio": statistics.median(_first(mine) / _first(theirs) for mine, theirs in rounds),
        "total_ratio": statistics.median(_total(mine) / _total(theirs) for mine, theirs in rounds),
    }
    sides = {"ours": [mine for mine, _ in rounds], "vllm": [theirs for _, theirs in rounds]}
    shown = {
        name: {
            "tokens_per_s": round(statistics.median(map(_speed, side)), 1),
            "ttft_p50_ms": round(statistics.median(map(_first, side)) * 1000, 1),
            "total_p50_ms": round(statistics.median(map(_total, side)) * 1000, 1),
            "tokens": sum(timing.n_tokens for timings, _ in side for timing in timings),
        }
        for name, side in sides.items()
    }
    return {**{name: round(ratio, 3) for name, ratio in ratios.items()}, **shown, "rounds": len(rounds)}


def _speed(side: Side) -> float:
    timings, seconds = side
    return sum(timing.n_tokens for timing in timings) / seconds


def _first(side: Side) -> float:
    return statistics.median(timing.first_s for timing in side[0])


def _total(side: Side) -> float:
    return statistics.median(timing.total_s for timing in side[0])
