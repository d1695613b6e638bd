"""A completion while others chat: eight long answers at chat's priority run all the time."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import statistics
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.endpoint.load import Target, connected
from bench.endpoint.prompts import gap, prompts
from bench.endpoint.servers import ours
from bench.measuring import percentile
from codeassist.engine import wire
from codeassist.engine.attached import GENERATE_PATH
from codeassist.types import GenerationRequest, Priority

N_STREAMS = 8
LONG_TOKENS = 400
MAX_TOKENS = 16
PAUSE_S = 0.15


async def priority(n_requests: int, n_rounds: int, folder: Path) -> dict[str, object]:
    """Milliseconds of completions with and without chats, in turn, and the ratio of their 95th percentiles."""
    idle, busy = list[list[float]](), list[list[float]]()
    async with ours(folder) as target:
        await _completions(target, 10, seed=0)
        for turn in range(n_rounds):
            idle.append(await _completions(target, n_requests, seed=2 * turn + 1))
            async with asyncio.TaskGroup() as group:
                chats = [group.create_task(_chat(target, seed)) for seed in range(N_STREAMS)]
                await asyncio.sleep(3)
                busy.append(await _completions(target, n_requests, seed=2 * turn + 2))
                for chat in chats:
                    chat.cancel()
            await asyncio.sleep(1)
    return {
        "p95_ratio": round(statistics.median(_p95(b) / _p95(i) for b, i in zip(busy, idle, strict=True)), 2),
        "p50_ratio": round(
            statistics.median(statistics.median(b) / statistics.median(i) for b, i in zip(busy, idle, strict=True)), 2
        ),
        "idle": _figures(idle),
        "busy": _figures(busy),
        "streams": N_STREAMS,
        "rounds": n_rounds,
    }


def _p95(values: list[float]) -> float:
    return percentile(values, 0.95)


def _figures(rounds: list[list[float]]) -> dict[str, float]:
    values = [value * 1000 for values in rounds for value in values]
    return {"p50_ms": round(statistics.median(values), 1), "p95_ms": round(_p95(values), 1), "n": len(values)}


async def _completions(target: Target, n: int, *, seed: int) -> list[float]:
    totals = []
    async with connected(target) as connection:
        for prompt in itertools.islice(prompts(seed), n):
            totals.append((await connection.ask(gap(prompt, MAX_TOKENS))).total_s)
            await asyncio.sleep(PAUSE_S)
    return totals


async def _chat(target: Target, seed: int) -> None:
    """Long answers, one after the other; they differ, so that none is shared, and none ends by itself."""
    own = replace(target, path=GENERATE_PATH, headers={"codeassist-client": f"chat-{seed}"})
    with contextlib.suppress(asyncio.CancelledError):
        async with connected(own) as connection:
            for number, prompt in enumerate(prompts(100 + seed)):
                await connection.ask(_long(f"{seed}-{number}", prompt, seed))


def _long(name: str, prompt: str, seed: int) -> dict[str, Any]:
    request = GenerationRequest(name, prompt, LONG_TOKENS, temperature=1.0, seed=seed, priority=Priority.CHAT)
    return wire.request_to_json(request)
