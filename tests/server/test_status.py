"""`/codeassist/v1/status` and `/codeassist/v1/requests`: what `codeassist status` and the dashboard are told."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from codeassist.server.caller import Caller
from codeassist.server.journal import Journal
from codeassist.server.status_counts import MAX_CLIENTS, Counts, Prices, latencies, waiting
from codeassist.server.status_feed import Feed
from codeassist.types import ContextReport, Usage

ASKED = {"prompt": "def add(a, b):\n    return ", "suffix": "\n"}


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


async def test_status_tells_engine_index_requests_and_who_asked(endpoint: Any) -> None:
    async with endpoint() as e:
        await e.client.post("/v1/completions", json=ASKED, headers={"codeassist-client": "continue"})
        answer = (await e.client.get("/codeassist/v1/status")).json()
    assert (answer["engine"]["state"], answer["index"]["state"], answer["model"]) == ("ready", "none", "scripted")
    assert answer["requests"] == {
        "running": 0,
        "waiting": 0,
        "done": 1,
        "left": 0,
        "superseded": 0,
        "failed": 0,
        "shared": 0,
    }
    assert answer["tokens"]["prompt_tokens"] > 0
    assert answer["tokens"]["completion_tokens"] > 0
    assert [(client["name"], client["requests"]) for client in answer["clients"]] == [("continue@127.0.0.1", 1)]
    assert answer["latency_ms"]["total"]["n"] == 1
    assert (answer["saved"], answer["shadow"], answer["speculation"]) == (None, None, None)


async def test_what_clients_tell_of_completions_is_told(endpoint: Any) -> None:
    async with endpoint() as e:
        e.service.outcomes.given("known", "a + b", "python", 20.0)
        for what in ("view", "select"):
            e.service.outcomes.tell("known", what)
        status = (await e.client.get("/codeassist/v1/status")).json()
        metrics = (await e.client.get("/metrics")).text
    assert status["completions"]["clients"] == {"shown": 1, "accepted": 1, "dismissed": 0}
    assert 'codeassist_completions_total{fate="accepted"} 1.0' in metrics


async def test_requests_tell_why_and_how_long_and_no_text(endpoint: Any) -> None:
    async with endpoint("secret answer") as e:
        await e.client.post("/v1/completions", json=ASKED)
        response = await e.client.get("/codeassist/v1/requests")
    (request,) = response.json()["requests"]
    assert (request["route"], request["state"], request["finish_reason"]) == ("/v1/completions", "done", "stop")
    assert request["context"]["reason"]
    assert {"context", "first_token", "decode", "total"} <= set(request["ms"])
    assert "secret" not in response.text
    assert "def add" not in response.text


async def test_who_asks_for_news_gets_them_when_they_come(endpoint: Any) -> None:
    async with endpoint() as e:
        latest = (await e.client.get("/codeassist/v1/requests")).json()["latest"]
        asking = asyncio.create_task(e.client.get("/codeassist/v1/requests", params={"after": latest, "wait": 9}))
        await e.client.post("/v1/completions", json=ASKED)
        news = (await asking).json()
        assert [request["number"] for request in news["requests"]] == [1]
        assert news["latest"] > latest


@pytest.mark.parametrize("query", ["after=x", "after=-1", "wait=nan", "after=1e999x"])
async def test_a_question_that_is_no_number_is_refused(endpoint: Any, query: str) -> None:
    async with endpoint() as e:
        response = await e.client.get(f"/codeassist/v1/requests?{query}")
    assert response.status_code == 400
    assert "must be a number" in response.json()["error"]["message"]


async def test_a_number_from_an_earlier_server_gets_everything(endpoint: Any) -> None:
    async with endpoint() as e:
        await e.client.post("/v1/completions", json=ASKED)
        answer = (await e.client.get("/codeassist/v1/requests?after=999&wait=2")).json()
    assert len(answer["requests"]) == 1


def test_of_many_clients_the_latest_are_told() -> None:
    journal = Journal()
    counts = Counts(journal)
    for number in range(MAX_CLIENTS + 5):
        journal.open("1", "/infill", Caller(key=str(number)), "small").end("done")
    names = {client.name for client in counts.clients}
    assert len(names) == MAX_CLIENTS
    assert str(MAX_CLIENTS + 4) in names
    assert "0" not in names


def test_tokens_are_summed_over_requests() -> None:
    journal = Journal()
    counts = Counts(journal)
    for _ in range(2):
        entry = journal.open("1", "/infill", Caller(), "small")
        entry.note(usage=Usage(10, 5, 2), context=ContextReport(n_tokens=3))
        entry.end("done")
    assert counts.usage == Usage(20, 10, 4)
    assert counts.context_tokens == 6
    assert Prices(1.0, 10.0).cost(1_000_000, 100_000) == 2.0


def test_latencies_are_of_answered_requests_alone() -> None:
    journal = Journal()
    journal.open("1", "/infill", Caller(), "small").end("failed")
    assert latencies(journal.ended) == {}
    journal.open("2", "/infill", Caller(), "small").end("done")
    assert set(latencies(journal.ended)) == {"total"}


def test_a_request_waits_until_the_engine_takes_it_up() -> None:
    journal = Journal()
    entry = journal.open("1", "/infill", Caller(), "small")
    assert waiting(journal.running) == 1
    entry.mark("queue")
    assert waiting(journal.running) == 0


async def test_the_feed_returns_at_once_where_there_is_news_and_after_a_while_where_none_is() -> None:
    journal = Journal()
    feed = Feed(journal)
    journal.open("1", "/infill", Caller(), "small")
    await feed.news(0, 60.0)
    await feed.news(feed.latest, 0.001)
    assert feed.ended_after(0) == []
