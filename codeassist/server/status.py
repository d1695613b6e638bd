"""`/codeassist/v1/status` and `/codeassist/v1/requests`: what `codeassist status` and the dashboard show."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from codeassist import __version__
from codeassist.server.connection import WhileConnected
from codeassist.server.health import IndexHealth
from codeassist.server.journal import Record
from codeassist.server.metrics import Snapshot
from codeassist.server.problems import Problem
from codeassist.server.service import Service
from codeassist.server.status_counts import Counts, Prices, latencies, waiting
from codeassist.server.status_feed import Feed
from codeassist.statistics.store import Shown

STATUS = "/codeassist/v1/status"
REQUESTS = "/codeassist/v1/requests"

# Clients that ask for news wait so long at most: a server that is told to stop has no need to know of them.
MOST_WAIT_S = 2.0
# Of ended requests in one answer.
MOST_RECORDS = 100


@dataclass(frozen=True, slots=True)
class StatusSource:
    """Where the answers come from. snapshot, shadow: called in the event loop. shown: in a thread, reads a file."""

    service: Service
    index: IndexHealth
    counts: Counts
    feed: Feed
    prices: Prices
    snapshot: Callable[[], Snapshot]
    shown: Callable[[], Shown | None]
    shadow: Callable[[], dict[str, Any] | None]
    started: float


def status_routes(source: StatusSource) -> list[Route]:
    """Both routes."""

    async def status(_: Request) -> Response:
        shown = await asyncio.to_thread(source.shown)
        return JSONResponse(_status(source, shown), headers={"cache-control": "no-store"})

    async def requests(request: Request) -> Response:
        after, wait_s = _number(request, "after", math.inf), _number(request, "wait", MOST_WAIT_S)

        async def make() -> Response:
            await source.feed.news(after, wait_s)
            return JSONResponse(_requests(source, after), headers={"cache-control": "no-store"})

        return WhileConnected(make)

    return [Route(STATUS, status), Route(REQUESTS, requests)]


def _number(request: Request, name: str, most: float) -> float:
    """A number from 0 in the query, 0 where there is none. Raises Problem."""
    text = request.query_params.get(name, "0")
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not value >= 0:
        raise Problem(400, f"`{name}` must be a number from 0 on, not {text[:40]!r}", param=name)
    return min(value, most)


def _status(source: StatusSource, shown: Shown | None) -> dict[str, Any]:
    snapshot, counts = source.snapshot(), source.counts
    return {
        "version": __version__,
        "workspace": str(source.service.assistant.workspace),
        "model": snapshot.model,
        "uptime_s": round(time.time() - source.started, 1),
        "engine": asdict(snapshot.engine),
        "speculation": asdict(snapshot.speculation) if snapshot.speculation else None,
        "index": asdict(source.index),
        "requests": {
            "running": len(snapshot.running),
            "waiting": waiting(snapshot.running),
            **{state: counts.states[state] for state in ("done", "left", "superseded", "failed")},
            "shared": counts.shared,
        },
        "latency_ms": {stage: asdict(found) for stage, found in latencies(source.service.journal.ended).items()},
        "tokens": asdict(counts.usage) | {"context_tokens": counts.context_tokens},
        "saved": _saved(source),
        "completions": {"clients": snapshot.fates, "editors": asdict(shown) if shown else None},
        "clients": [asdict(client) for client in counts.clients],
        "shadow": source.shadow(),
    }


def _saved(source: StatusSource) -> dict[str, float] | None:
    """What the tokens would have cost at the prices that the user set; None where there are none."""
    prices, usage = source.prices, source.counts.usage
    if not (prices.input or prices.output):
        return None
    cost = prices.cost(usage.prompt_tokens, usage.completion_tokens)
    return {"cost": cost, "price_input": prices.input, "price_output": prices.output}


def _requests(source: StatusSource, after: float) -> dict[str, Any]:
    """Requests that are being answered, and those that ended after the change numbered `after`, oldest first."""
    ended = source.feed.ended_after(after)[-MOST_RECORDS:]
    records = [record_json(record) for record in (*ended, *source.service.journal.running)]
    return {"started": source.started, "latest": source.feed.latest, "requests": records}


def record_json(record: Record) -> dict[str, Any]:
    """A request with its why and why not. There are no texts in it."""
    return asdict(record) | {"ms": {stage: round(ms, 2) for stage, ms in record.ms.items()}}
