"""`/metrics`, for Prometheus. Labels are routes, stages and states, never who asks: there may be any number of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from codeassist import __version__
from codeassist.server.health import IndexHealth
from codeassist.server.journal import Journal, Record
from codeassist.server.status_counts import waiting
from codeassist.speculation import Speculation
from codeassist.statistics.store import Shown
from codeassist.types import EngineStatus

METRICS = "/metrics"

# Seconds. A completion in the editor takes a tenth of one, a chat's answer a minute.
_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.5, 5.0, 10.0, 30.0, 60.0)
_ENGINE_STATES = ("stopped", "starting", "ready", "restarting", "failed")
_INDEX_STATES = ("none", "indexing", "ready", "failed")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is so at this moment. speculation: None where nothing is drafted. shown: of suggestions in editors, None
    where they are not counted. shadow: gaps for a second engine, None where there is none."""

    running: tuple[Record, ...]
    fates: dict[str, int]
    engine: EngineStatus
    model: str
    index: IndexHealth
    speculation: Speculation | None
    shown: Shown | None = None
    shadow: Mapping[str, int] | None = None


class Metrics:
    """Counts what the journal tells."""

    def __init__(self, journal: Journal) -> None:
        self._registry = registry = CollectorRegistry()
        self._requests = Counter(
            "codeassist_requests", "Requests that have ended.", ["route", "state"], registry=registry
        )
        self._shared = Counter(
            "codeassist_requests_shared",
            "Requests that another one's generation answered.",
            ["route"],
            registry=registry,
        )
        self._seconds = Histogram(
            "codeassist_request_seconds",
            "Latency of answered requests, by stage.",
            ["route", "stage"],
            registry=registry,
            buckets=_BUCKETS,
        )
        self._tokens = Counter(
            "codeassist_tokens",
            "Tokens: of prompts, those of them that came from the KV cache or were added as context, and of answers.",
            ["route", "kind"],
            registry=registry,
        )
        self._responses = Counter(
            "codeassist_http_responses", "Responses that have begun.", ["route", "status"], registry=registry
        )
        journal.on_change(self._count)

    def answered(self, route: str, status: int) -> None:
        """A response has begun; 429 is told to those who ask too often."""
        self._responses.labels(route, str(status)).inc()

    def text(self, snapshot: Snapshot) -> bytes:
        """The page. Takes milliseconds: for a thread."""
        return generate_latest(_Both(self._registry, snapshot))

    def _count(self, record: Record) -> None:
        if record.state == "running":
            return
        self._requests.labels(record.route, record.state).inc()
        if record.shared:
            self._shared.labels(record.route).inc()
        if record.state == "done":
            for stage, ms in record.ms.items():
                self._seconds.labels(record.route, stage).observe(ms / 1000)
        for kind, n_tokens in _tokens(record).items():
            self._tokens.labels(record.route, kind).inc(n_tokens)


def _tokens(record: Record) -> dict[str, int]:
    return {
        "prompt": record.usage.prompt_tokens,
        "cached": record.usage.cached_tokens,
        "completion": record.usage.completion_tokens,
        "context": record.context.n_tokens if record.context else 0,
    }


class _Both(Collector):
    """What was counted, and what is so now."""

    def __init__(self, counted: CollectorRegistry, snapshot: Snapshot) -> None:
        self._counted = counted
        self._snapshot = snapshot

    def collect(self) -> Iterator[Metric]:
        """All metrics."""
        yield from self._counted.collect()
        yield from _now(self._snapshot)


def _now(snapshot: Snapshot) -> Iterator[Metric]:
    n_waiting = waiting(snapshot.running)
    model = {"version": __version__, "model": snapshot.model}
    yield InfoMetricFamily("codeassist", "What runs here.", value=model)
    yield GaugeMetricFamily("codeassist_requests_running", "Requests being answered.", len(snapshot.running))
    yield GaugeMetricFamily("codeassist_queue_depth", "Those of them that the engine has not taken up.", n_waiting)
    yield _states(
        "codeassist_engine_state", "1 for the state that the engine is in.", _ENGINE_STATES, snapshot.engine.state
    )
    restarts = CounterMetricFamily("codeassist_engine_restarts", "How often the engine was started again.")
    restarts.add_metric([], snapshot.engine.restarts)
    yield restarts
    yield _states(
        "codeassist_index_state", "1 for the state that the index is in.", _INDEX_STATES, snapshot.index.state
    )
    yield GaugeMetricFamily("codeassist_index_files", "Files in the index.", snapshot.index.files)
    yield GaugeMetricFamily("codeassist_index_chunks", "Chunks in the index.", snapshot.index.chunks)
    fates = CounterMetricFamily(
        "codeassist_completions", "What clients tell of completions: shown, accepted, dismissed.", labels=["fate"]
    )
    for fate in ("shown", "accepted", "dismissed"):
        fates.add_metric([fate], snapshot.fates.get(fate, 0))
    yield fates
    yield from _of_speculation(snapshot.speculation)
    yield from _of_shadow(snapshot.shadow)
    yield from _of_editors(snapshot.shown)


def _states(name: str, text: str, states: Iterable[str], current: str) -> Metric:
    family = GaugeMetricFamily(name, text, labels=["state"])
    for state in states:
        family.add_metric([state], float(state == current))
    return family


def _of_speculation(speculation: Speculation | None) -> Iterator[Metric]:
    if speculation is not None:
        tokens = CounterMetricFamily(
            "codeassist_speculation_tokens", "Tokens that were drafted, and those that the model kept.", labels=["kind"]
        )
        tokens.add_metric(["drafted"], speculation.drafted_tokens)
        tokens.add_metric(["accepted"], speculation.accepted_tokens)
        yield tokens
        yield CounterMetricFamily("codeassist_speculation_drafts", "Drafts that were checked.", speculation.drafts)
        kept = CounterMetricFamily(
            "codeassist_speculation_kept", "Drafts of which the model kept so many tokens or more.", labels=["tokens"]
        )
        for n_tokens, n_drafts in enumerate(speculation.accepted_at, start=1):
            kept.add_metric([str(n_tokens)], n_drafts)
        yield kept


def _of_shadow(shadow: Mapping[str, int] | None) -> Iterator[Metric]:
    if shadow is not None:
        gaps = CounterMetricFamily(
            "codeassist_shadow_gaps", "Gaps that the second engine was to be asked, too.", labels=["state"]
        )
        for state in ("compared", "failed", "dropped"):
            gaps.add_metric([state], shadow[state])
        yield gaps


def _of_editors(shown: Shown | None) -> Iterator[Metric]:
    if shown is not None:
        family = GaugeMetricFamily(
            "codeassist_editor_suggestions",
            "Suggestions in this user's editors in the last 30 days, as `codeassist stats` counts them.",
            labels=["fate"],
        )
        for fate, count in (("shown", shown.shown), ("accepted", shown.accepted), ("typed_along", shown.typed_along)):
            family.add_metric([fate], count)
        yield family


def metrics_routes(
    metrics: Metrics, snapshot: Callable[[], Snapshot], shown: Callable[[], Shown | None]
) -> list[Route]:
    """The route. snapshot: called in the event loop. shown: called in a thread, reads a file."""

    async def answer(_: Request) -> Response:
        now = snapshot()
        body = await asyncio.to_thread(lambda: metrics.text(replace(now, shown=shown())))
        return Response(body, headers={"content-type": CONTENT_TYPE_PLAIN_0_0_4, "cache-control": "no-store"})

    return [Route(METRICS, answer)]


class CountResponses:
    """ASGI middleware, the outermost one: what others refuse counts too."""

    def __init__(self, app: ASGIApp, metrics: Metrics, routes: Iterable[BaseRoute]) -> None:
        self._app = app
        self._metrics = metrics
        self._paths = {route.path for route in routes if isinstance(route, Route) and "{" not in route.path}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and look at the status."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._metrics.answered(self._route(scope), message["status"])
            await send(message)

        await self._app(scope, receive, watched)

    def _route(self, scope: Scope) -> str:
        """As it is registered; "other" for a path that nobody registered, of which there may be any number."""
        route = scope.get("route")
        if isinstance(route, Route):
            return route.path
        path: str = scope["path"]
        return path if path in self._paths else "other"
