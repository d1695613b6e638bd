"""An endpoint in front of a remote engine, whose server has its moments."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from codeassist.assistant import Assistant
from codeassist.engine.remote import RemoteEngine
from codeassist.engine.scripted import SCRIPTED_INFO
from codeassist.server.app import create_app
from codeassist.server.health import IndexHealth
from codeassist.server.service import Service
from codeassist.settings import Settings
from tests.engine.loopback import serving

BODIES = [{"prompt": "x"}, {"prompt": "x = ", "suffix": "\n"}, {"prompt": "x", "stream": True}]
CHUNK = {"choices": [{"index": 0, "text": "a + b", "finish_reason": "stop"}]}


@dataclass
class Upstream:
    """The remote server; `status` is that of its next answers."""

    status: int = 200
    asked: list[str] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/models"):
            return httpx.Response(200, json={"data": [{"id": "coder"}]})
        self.asked.append(request.url.path)
        return httpx.Response(self.status, text=f"data: {json.dumps(CHUNK)}\n\n")


Connect = Callable[[Upstream], Any]


@pytest.fixture
def in_front_of(tmp_path: Path, byte_tokenizer: Path, fake_index: Any) -> Connect:
    """`async with in_front_of(upstream) as (client, engine)`: an endpoint whose engine is connected."""

    @asynccontextmanager
    async def opened(upstream: Upstream) -> AsyncIterator[tuple[httpx.AsyncClient, RemoteEngine]]:
        info = replace(SCRIPTED_INFO, tokenizer=byte_tokenizer)
        engine = RemoteEngine("http://upstream/v1", info, transport=httpx.MockTransport(upstream))
        assistant = Assistant(Settings(), tmp_path, engine, fake_index)
        await engine.start()
        async with (
            serving(create_app(Service(assistant), IndexHealth())) as url,
            httpx.AsyncClient(base_url=url, verify=False) as client,
        ):
            yield client, engine
        await assistant.close()

    return opened


@pytest.mark.parametrize("status", [429, 500, 401])
@pytest.mark.parametrize("body", BODIES)
async def test_one_hiccup_of_the_server_costs_one_answer(in_front_of: Connect, status: int, body: Any) -> None:
    upstream = Upstream(status)
    async with in_front_of(upstream) as (client, engine):
        refused = await client.post("/v1/completions", json=body)
        health = (await client.get("/health")).json()
        upstream.status = 200
        answered = await client.post("/v1/completions", json=body)
        assert engine.status.state == "ready"
    assert (refused.status_code, answered.status_code) == (503, 200)
    assert health["status"] == ("failed" if status == 401 else "restarting")
    assert str(status) in health["engine"]["message"]
    assert "a + b" in answered.text


async def test_a_closed_engine_is_not_asked(in_front_of: Connect) -> None:
    upstream = Upstream()
    async with in_front_of(upstream) as (client, engine):
        await engine.close()
        assert (await client.post("/v1/completions", json=BODIES[1])).status_code == 503
    assert upstream.asked == []
