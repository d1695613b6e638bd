"""What the server itself can do: requests a second and the slowest ones, on an engine that answers at once."""

from __future__ import annotations

import asyncio
import itertools
import json
import multiprocessing
import statistics
from pathlib import Path

from bench.endpoint.load import Target, load
from bench.endpoint.prompts import gap, prompts, raw
from bench.endpoint.servers import in_process
from bench.measuring import percentile
from codeassist.settings import EngineSettings

CONNECTIONS = 32


async def rate(n_requests: int, n_rounds: int, folder: Path) -> dict[str, object]:
    """Streamed and whole answers of eight tokens at 32 connections; the client is a process of its own."""
    script = folder / "script.jsonl"
    script.write_text(json.dumps("return the sum of a and b\n"), encoding="utf-8")
    settings = EngineSettings(kind="scripted", model=str(script))
    async with in_process(settings, folder / "workspace") as (target, _, _):
        result = {}
        for name in ("raw streamed", "raw whole", "gap whole"):
            await asyncio.to_thread(_in_process, target, name, n_requests // 10)
            rounds = [await asyncio.to_thread(_in_process, target, name, n_requests) for _ in range(n_rounds)]
            result[name] = _figures(n_requests, rounds)
        return {"connections": CONNECTIONS, **result}


def _figures(n: int, rounds: list[tuple[list[float], float]]) -> dict[str, float]:
    return {
        "requests_per_s": round(statistics.median(n / seconds for _, seconds in rounds), 1),
        "p50_ms": round(statistics.median(statistics.median(totals) for totals, _ in rounds) * 1000, 1),
        "p99_ms": round(statistics.median(percentile(totals, 0.99) for totals, _ in rounds) * 1000, 1),
        "rounds": len(rounds),
    }


def _in_process(target: Target, name: str, n: int) -> tuple[list[float], float]:
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(_measured, (target, name, n))


def _measured(target: Target, name: str, n: int) -> tuple[list[float], float]:
    make = gap if name.startswith("gap") else raw
    texts = itertools.islice(prompts(3), n)
    bodies = [{**make(prompt, 16), "stream": name.endswith("streamed")} for prompt in texts]
    for body in bodies:
        if not body["stream"]:
            body.pop("stream_options", None)
    timings, seconds = asyncio.run(load(target, bodies, CONNECTIONS))
    return [timing.total_s for timing in timings], seconds
