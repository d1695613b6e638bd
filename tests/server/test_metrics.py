"""`/metrics`: what Prometheus reads of requests, engine and index."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families as parse

from codeassist.server.caller import Caller
from codeassist.server.health import IndexHealth
from codeassist.server.journal import Journal
from codeassist.server.metrics import Metrics, Snapshot
from codeassist.speculation import Speculation
from codeassist.statistics.record import Record
from codeassist.statistics.store import Shown, StatisticsStore
from codeassist.types import ContextReport, EngineStatus, Source, Usage

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]

NOW = Snapshot(
    running=(),
    fates={"shown": 3, "accepted": 2, "dismissed": 0},
    engine=EngineStatus("ready", restarts=2),
    model="small",
    index=IndexHealth("ready", files=7),
    speculation=None,
)


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


def read(text: str) -> Samples:
    families = parse(text)
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def sample(samples: Samples, name: str, **labels: str) -> float | None:
    return samples.get((name, tuple(sorted(labels.items()))))


def scraped(metrics: Metrics, snapshot: Snapshot = NOW) -> Samples:
    return read(metrics.text(snapshot).decode())


def test_a_request_is_counted_by_route_state_and_stage() -> None:
    journal = Journal()
    metrics = Metrics(journal)
    entry = journal.open("1", "/infill", Caller(program="llama.vim"), "small")
    entry.note(usage=Usage(100, 60, 4), context=ContextReport("a", (Source("b", 1, 2, "x", 20),), 20), shared=True)
    entry.mark("context")
    entry.end("done")
    samples = scraped(metrics)
    assert sample(samples, "codeassist_requests_total", route="/infill", state="done") == 1
    assert sample(samples, "codeassist_requests_shared_total", route="/infill") == 1
    assert sample(samples, "codeassist_request_seconds_count", route="/infill", stage="context") == 1
    assert sample(samples, "codeassist_request_seconds_count", route="/infill", stage="total") == 1
    tokens = {
        kind: sample(samples, "codeassist_tokens_total", route="/infill", kind=kind)
        for kind in ("prompt", "cached", "completion", "context")
    }
    assert tokens == {"prompt": 100, "cached": 60, "completion": 4, "context": 20}


def test_what_was_not_answered_has_no_latency() -> None:
    journal = Journal()
    metrics = Metrics(journal)
    journal.open("1", "/infill", Caller(), "small").end("superseded")
    samples = scraped(metrics)
    assert sample(samples, "codeassist_requests_total", route="/infill", state="superseded") == 1
    assert sample(samples, "codeassist_request_seconds_count", route="/infill", stage="total") is None


def test_who_asks_is_no_label() -> None:
    journal = Journal()
    metrics = Metrics(journal)
    for number in range(50):
        journal.open("1", "/infill", Caller(program=f"program-{number}"), "small").end("done")
    text = metrics.text(NOW).decode()
    assert "program-" not in text


def test_what_is_so_now_is_told() -> None:
    journal = Journal()
    metrics = Metrics(journal)
    waiting, taken_up = (journal.open(name, "/infill", Caller(), "small") for name in "ab")
    waiting.mark("context")
    taken_up.mark("queue")
    samples = scraped(metrics, replace(NOW, running=journal.running))
    assert sample(samples, "codeassist_requests_running") == 2
    assert sample(samples, "codeassist_queue_depth") == 1
    assert sample(samples, "codeassist_engine_restarts_total") == 2
    assert sample(samples, "codeassist_engine_state", state="ready") == 1
    assert sample(samples, "codeassist_engine_state", state="failed") == 0
    assert sample(samples, "codeassist_index_files") == 7
    assert sample(samples, "codeassist_completions_total", fate="accepted") == 2


def test_drafting_is_told_where_there_is_any() -> None:
    metrics = Metrics(Journal())
    assert sample(scraped(metrics), "codeassist_speculation_tokens_total", kind="drafted") is None
    samples = scraped(metrics, replace(NOW, speculation=Speculation(40, 30, "mtp", 20, (18, 12))))
    assert sample(samples, "codeassist_speculation_drafts_total") == 20
    assert sample(samples, "codeassist_speculation_kept_total", tokens="1") == 18
    assert sample(samples, "codeassist_speculation_kept_total", tokens="2") == 12
    assert sample(samples, "codeassist_speculation_tokens_total", kind="drafted") == 40
    assert sample(samples, "codeassist_speculation_tokens_total", kind="accepted") == 30


def test_a_second_engines_gaps_are_counted_where_there_is_one() -> None:
    metrics = Metrics(Journal())
    assert sample(scraped(metrics), "codeassist_shadow_gaps_total", state="compared") is None
    samples = scraped(metrics, replace(NOW, shadow={"compared": 3, "failed": 1, "dropped": 0}))
    assert sample(samples, "codeassist_shadow_gaps_total", state="compared") == 3


def test_suggestions_in_editors_are_told_where_they_are_counted() -> None:
    metrics = Metrics(Journal())
    assert sample(scraped(metrics), "codeassist_editor_suggestions", fate="shown") is None
    samples = scraped(metrics, replace(NOW, shown=Shown(9, 4, 1)))
    assert sample(samples, "codeassist_editor_suggestions", fate="shown") == 9
    assert sample(samples, "codeassist_editor_suggestions", fate="accepted") == 4


async def test_the_route_tells_requests_and_responses(endpoint: Any, state: Path) -> None:
    StatisticsStore(state / "codeassist" / "statistics.sqlite").write([Record("1", 4e9, "python", 9, 20.0, taken=9)])
    async with endpoint("a + b") as e:
        await e.client.post("/v1/completions", json={"prompt": "x", "suffix": "y"})
        await e.client.post("/v1/completions", json={"prompt": 7})
        await e.client.get("/nowhere/in/particular")
        await e.client.get("/health", headers={"host": "evil.example"})
        response = await e.client.get("/metrics")
    samples = read(response.text)
    assert sample(samples, "codeassist_requests_total", route="/v1/completions", state="done") == 1
    assert sample(samples, "codeassist_http_responses_total", route="/v1/completions", status="200") == 1
    assert sample(samples, "codeassist_http_responses_total", route="/v1/completions", status="400") == 1
    assert sample(samples, "codeassist_http_responses_total", route="other", status="404") == 1
    assert sample(samples, "codeassist_http_responses_total", route="/health", status="403") == 1
    assert sample(samples, "codeassist_editor_suggestions", fate="accepted") == 1
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
