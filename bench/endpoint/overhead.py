"""What a request costs besides the engine: each prompt asked of the engine itself and of the server, in one process."""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.endpoint.load import Connection, connected
from bench.endpoint.prompts import gap, prompts, raw
from bench.endpoint.servers import in_process
from bench.measuring import percentile
from codeassist.assistant import Assistant
from codeassist.engine.streams import without_start
from codeassist.protocols import Engine
from codeassist.server.deltas import limited
from codeassist.settings import EngineSettings
from codeassist.types import Delta, FimRequest, GenerationRequest

MAX_TOKENS = 16


@dataclass(frozen=True)
class _Sides:
    """The engine alone, and a connection to the server that has it."""

    assistant: Assistant
    engine: Engine
    connection: Connection


async def overhead(kind: str, n_requests: int, folder: Path) -> dict[str, object]:
    """Milliseconds over the engine alone, of prompts as they are and of gaps; the client's own work is among them."""
    async with in_process(EngineSettings(kind=kind), folder) as opened, connected(opened[0]) as connection:
        sides = _Sides(opened[1], opened[2], connection)
        measured: dict[str, object] = {}
        for name in ("raw", "gap"):
            await _paired(name, sides, n_requests // 10 + 3, seed=1)
            measured[name] = figures(await _paired(name, sides, n_requests, seed=2))
        return measured


def figures(pairs: list[tuple[float, float]]) -> dict[str, float]:
    """Of seconds alone and through the server."""
    differences = [(through - alone) * 1000 for alone, through in pairs]
    alone, through = ([pair[at] * 1000 for pair in pairs] for at in (0, 1))
    return {
        "p50_ms": round(statistics.median(differences), 2),
        "p95_ms": round(percentile(differences, 0.95), 2),
        "p95_minus_p95_ms": round(percentile(through, 0.95) - percentile(alone, 0.95), 2),
        "engine_alone_p50_ms": round(statistics.median(alone), 2),
        "engine_alone_p95_ms": round(percentile(alone, 0.95), 2),
        "n": len(pairs),
    }


async def _paired(name: str, sides: _Sides, n: int, *, seed: int) -> list[tuple[float, float]]:
    """Seconds alone and through the server, in turn first; each prompt was computed once before, for its KV cache."""
    pairs = []
    for number, prompt in enumerate(itertools.islice(prompts(seed), n)):
        body = raw(prompt, MAX_TOKENS) if name == "raw" else gap(prompt, MAX_TOKENS)
        ask = await _asking(name, sides, body)
        await _alone(ask)
        if number % 2:
            alone = await _alone(ask)
            through = (await sides.connection.ask(body)).total_s
        else:
            through = (await sides.connection.ask(body)).total_s
            alone = await _alone(ask)
        pairs.append((alone, through))
    return pairs


async def _asking(name: str, sides: _Sides, body: Mapping[str, Any]) -> Callable[[], AsyncIterator[Delta]]:
    """What the server asks the engine for, and where it ends the answer."""
    engine = sides.engine
    if name == "raw":
        return lambda: engine.stream(GenerationRequest("alone", body["prompt"], MAX_TOKENS))
    asked = FimRequest("alone", body["prompt"], body["suffix"], MAX_TOKENS, wants_context=False)
    prepared = await sides.assistant.prepare_gap(asked)
    return lambda: limited(without_start(engine.stream(prepared.request), prepared.n_forced), MAX_TOKENS)


async def _alone(ask: Callable[[], AsyncIterator[Delta]]) -> float:
    begun = time.perf_counter()
    async for _ in ask():
        pass
    return time.perf_counter() - begun
