"""What repository context costs a client: the same keys typed at the same places, with it and without."""

from __future__ import annotations

import asyncio
import itertools
import random
import statistics
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from bench.endpoint.load import Target, connected
from bench.endpoint.servers import ours
from bench.measuring import copy_package, percentile

PACKAGE = "networkx"
# Characters that a client sends of the text above the cursor and below it, and keys typed at each place.
ABOVE, BELOW, KEYS = 2400, 600, 8
MAX_TOKENS = 16
PAUSE_S = 0.1
_DEADLINE_S = 180
_WAYS = ("off", "on")


@dataclass(frozen=True, slots=True)
class Place:
    """Text above a line, what is typed on that line, and the text below it."""

    before: str
    typed: str
    after: str


async def cost(n_places: int, folder: Path) -> dict[str, object]:
    """Milliseconds to the first text and to the end, of a place's first key and of further ones."""
    workspace = folder / "workspace"
    await asyncio.to_thread(copy_package, PACKAGE, workspace)
    first: dict[str, list[tuple[float, float]]] = {way: [] for way in _WAYS}
    further: dict[str, list[tuple[float, float]]] = {way: [] for way in _WAYS}
    async with ours(folder) as target:
        await _indexed(target)
        for number, place in enumerate(itertools.islice(places(workspace, seed=1), n_places + 2)):
            for way in _WAYS if number % 2 else reversed(_WAYS):
                timings = await _typed(target, place, way)
                if number >= 2:  # the first ones warm up
                    first[way].append(timings[0])
                    further[way] += timings[1:]
    return {
        "first_key": _figures(first),
        "further_keys": _figures(further),
        "places": n_places,
        "keys_at_each": KEYS,
        "workspace": PACKAGE,
    }


def places(workspace: Path, seed: int) -> Iterator[Place]:
    """Lines of code in the middle of their files, without end; same seed, same places."""
    files = sorted(path for path in workspace.rglob("*.py") if path.stat().st_size > 2 * ABOVE)
    chance = random.Random(seed)
    while True:
        lines = chance.choice(files).read_text(encoding="utf-8").split("\n")
        line = chance.randrange(len(lines) // 4, 3 * len(lines) // 4)
        code = lines[line].strip()
        if len(code) <= KEYS + 4 or code.startswith("#"):
            continue
        indent = lines[line][: len(lines[line]) - len(lines[line].lstrip())]
        before = "\n".join([*lines[:line], indent])[-ABOVE:]
        yield Place(before, code[:KEYS], ("\n" + "\n".join(lines[line + 1 :]))[:BELOW])


async def _typed(target: Target, place: Place, way: str) -> list[tuple[float, float]]:
    """Seconds to first text and end for each key. A client of its own: nothing is remembered of the other way."""
    headers = {"codeassist-context": way, "codeassist-client": f"typist-{way}"}
    timings = []
    async with connected(replace(target, headers=headers)) as connection:
        for n_keys in range(1, KEYS + 1):
            timing = await connection.ask(_body(place, n_keys))
            timings.append((timing.first_s, timing.total_s))
            await asyncio.sleep(PAUSE_S)
    return timings


def _body(place: Place, n_keys: int) -> dict[str, Any]:
    prefix = place.before + place.typed[:n_keys]
    return {"prompt": prefix, "suffix": place.after, "max_tokens": MAX_TOKENS, "stream": True}


async def _indexed(target: Target) -> None:
    """Wait until the index is ready. Raises TimeoutError."""
    async with asyncio.timeout(_DEADLINE_S), httpx.AsyncClient(base_url=f"http://127.0.0.1:{target.port}") as client:
        while True:
            if (await client.get("/health")).json()["index"]["state"] == "ready":
                return
            await asyncio.sleep(0.3)


def _figures(timings: dict[str, list[tuple[float, float]]]) -> dict[str, object]:
    ways = {way: _summary(values) for way, values in timings.items()}
    firsts = {way: statistics.median(value[0] for value in values) for way, values in timings.items()}
    return {**ways, "first_text_p50_ratio": round(firsts["on"] / firsts["off"], 2)}


def _summary(values: list[tuple[float, float]]) -> dict[str, float]:
    first, total = ([value[part] * 1000 for value in values] for part in (0, 1))
    return {
        "first_text_p50_ms": round(statistics.median(first), 1),
        "first_text_p95_ms": round(percentile(first, 0.95), 1),
        "total_p50_ms": round(statistics.median(total), 1),
        "total_p95_ms": round(percentile(total, 0.95), 1),
        "n": len(values),
    }
