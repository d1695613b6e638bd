"""So many requests a minute for each client."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import pytest

from codeassist.server.app import create_app
from codeassist.server.health import IndexHealth
from codeassist.server.rate_limits import KEPT_CLIENTS, Buckets
from codeassist.server.service import Service
from codeassist.settings import ServerSettings, Settings
from tests.engine.loopback import serving


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("per_minute", [1, 3, 7, 60, 1000])
def test_a_minutes_requests_may_come_at_once_and_then_one_after_the_other(per_minute: int) -> None:
    clock = Clock()
    buckets = Buckets(per_minute, clock)
    assert [buckets.take("a") for _ in range(per_minute)] == [0.0] * per_minute
    wait_s = buckets.take("a")
    assert wait_s == pytest.approx(60 / per_minute)
    assert buckets.take("b") == 0.0
    clock.now += wait_s
    assert buckets.take("a") == 0.0
    assert buckets.take("a") > 0


def test_who_asks_evenly_is_never_refused() -> None:
    clock = Clock()
    buckets = Buckets(30, clock)
    for _ in range(500):
        assert buckets.take("a") == 0.0
        clock.now += 2.0


def test_clients_without_number_do_not_fill_the_memory() -> None:
    clock = Clock()
    buckets = Buckets(10, clock)
    for _ in range(10):
        buckets.take("greedy")
    for n in range(3 * KEPT_CLIENTS):
        buckets.take(f"{n}")
        assert buckets.n_clients <= KEPT_CLIENTS + 1
    assert buckets.take("greedy") > 0  # who has asked most is remembered longest
    clock.now += 60
    for n in range(2 * KEPT_CLIENTS):
        buckets.take(f"again {n}")
    assert buckets.n_clients <= KEPT_CLIENTS + 1


async def test_beyond_the_limit_the_answer_is_429_and_says_when(make_assistant: Any) -> None:
    assistant = make_assistant()
    assistant.settings = replace(Settings(), server=ServerSettings(requests_per_minute=2))
    await assistant.start_engine()
    async with serving(create_app(Service(assistant), IndexHealth())) as url, httpx.AsyncClient(base_url=url) as client:
        asked = [await client.post("/v1/completions", json={"prompt": "x"}) for _ in range(3)]
        assert [answer.status_code for answer in asked] == [200, 200, 429]
        assert 0 < int(asked[2].headers["retry-after"]) <= 30
        assert asked[2].json()["error"]["code"] == "rate_limit_exceeded"
        infill, chat = [await client.post(path, json={}) for path in ("/infill", "/api/chat")]  # in their dialects
        assert (infill.status_code, infill.json()["error"]["code"]) == (429, 429)
        assert (chat.status_code, type(chat.json()["error"])) == (429, str)
        other = await client.post("/v1/completions", json={"prompt": "x"}, headers={"codeassist-client": "other"})
        assert other.status_code == 200
        assert (await client.get("/health")).status_code == 200
        bad = await client.post("/v1/completions", json={"prompt": "x"}, headers={"codeassist-context": "maybe"})
        assert bad.status_code == 400
    await assistant.close()
