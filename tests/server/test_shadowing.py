"""A second engine behind a server: which requests it gets, in whose template, and that no client notices."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from codeassist.assistant import Assistant
from codeassist.engine.scripted import SCRIPTED_INFO, ScriptedEngine
from codeassist.errors import EngineUnavailable
from codeassist.server.app import create_app
from codeassist.server.health import IndexHealth
from codeassist.server.service import Service
from codeassist.server.shadowing import plan_of, shadow
from codeassist.settings import EngineSettings, ServerSettings, Settings, ShadowSettings
from codeassist.shadow.comparison import Prices
from codeassist.shadow.second import RETRY_S, SecondEngine, destination, is_local
from codeassist.shadow.store import ShadowLog
from codeassist.types import FimRequest
from tests.engine.asking import until
from tests.engine.loopback import serving, unused_address

ASKED = {"prompt": "def add(a, b):\n    return ", "suffix": "\n", "max_tokens": 8}


@dataclass
class Shadowed:
    """A server with a second engine, and what it logged."""

    client: httpx.AsyncClient
    service: Service
    log: ShadowLog

    async def status(self) -> Any:
        return (await self.client.get("/codeassist/v1/status")).json()["shadow"]

    async def compared(self, n_gaps: int = 1) -> None:
        await until(lambda: self.service.shadow is not None and self.service.shadow.compared == n_gaps)


Opened = Callable[..., Any]


@pytest.fixture
def shadowed(
    make_assistant: Callable[..., Assistant], byte_tokenizer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Opened:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "script").write_text(json.dumps("a - b") + "\n")

    @asynccontextmanager
    async def opened(**changes: Any) -> AsyncIterator[Shadowed]:
        assistant = make_assistant()
        given = {"share": 1.0, "kind": "scripted", "model": str(tmp_path / "script"), "tokenizer": str(byte_tokenizer)}
        assistant.settings = replace(Settings(), shadow=ShadowSettings(**given | changes))
        await assistant.start_engine()
        service = Service(assistant)
        working = asyncio.create_task(shadow(service))
        async with (
            serving(create_app(service, IndexHealth())) as url,
            httpx.AsyncClient(base_url=url, verify=False) as client,
        ):
            yield Shadowed(client, service, ShadowLog(tmp_path / "state" / "codeassist" / "shadow.sqlite"))
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        await assistant.close()

    return opened


async def test_a_gap_is_asked_of_both_and_the_client_gets_the_first_answer(shadowed: Opened) -> None:
    async with shadowed() as s:
        answer = (await s.client.post("/v1/completions", json=ASKED, headers={"codeassist-client": "zed"})).json()
        await s.compared()
        status = await s.status()
    assert answer["choices"][0]["text"] == "a + b"
    (row,) = s.log.read(0.0)
    assert (row.is_exact, row.client, row.route) == (False, "zed", "/v1/completions")
    assert row.similarity == pytest.approx(0.8)
    assert row.first_ms >= row.first_begin_ms > 0
    assert row.second_prompt_tokens > 0
    assert (status["compared"], status["where"], status["state"]) == (1, "a second engine in this process", "ready")
    assert row.prefix is None


async def test_prompts_as_they_are_and_drawn_answers_are_not_compared(shadowed: Opened) -> None:
    async with shadowed() as s:
        await s.client.post("/v1/completions", json={"prompt": "x = "})
        await s.client.post("/v1/completions", json=ASKED | {"temperature": 0.8})
        await s.client.post("/v1/completions", json=ASKED)
        await s.compared()
    assert len(s.log.read(0.0)) == 1


async def test_the_answer_is_no_longer_than_the_client_asked_for(shadowed: Opened) -> None:
    async with shadowed(keep_text=True) as s:
        await s.client.post("/v1/completions", json=ASKED | {"max_tokens": 2})
        await s.compared()
    (row,) = s.log.read(0.0)
    assert (row.prefix, row.first_text, row.second_text) == (ASKED["prompt"], "a +", "a -")


async def test_a_second_engine_that_is_away_harms_nobody(shadowed: Opened) -> None:
    async with shadowed(kind="remote", url=f"{unused_address()}/v1", model="", tokenizer="") as s:
        assert (await s.client.post("/v1/completions", json=ASKED)).status_code == 200
        await until(lambda: s.service.shadow is not None and s.service.shadow.failed == 1)
        status = await s.status()
    assert status["state"] == "failed"
    assert "cannot be reached" in status["message"]


async def test_without_a_share_there_is_none(shadowed: Opened) -> None:
    async with shadowed(share=0.0) as s:
        await s.client.post("/v1/completions", json=ASKED)
        assert await s.status() is None


async def test_a_secret_is_asked_of_no_second_engine(shadowed: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    async with shadowed() as s:
        s.service.shadow._withheld = lambda path, text: "it looks like a secret" if "def" in text else None
        await s.client.post("/v1/completions", json=ASKED)
        await until(lambda: s.service.shadow is not None and s.service.shadow.dropped == 1)
    assert s.log.read(0.0) == []


async def test_prompts_are_in_the_second_models_own_template(make_assistant: Callable[..., Assistant]) -> None:
    assistant = make_assistant()
    info = replace(SCRIPTED_INFO, template="starcoder2", tokenizer=None)
    engine = ScriptedEngine(["x"], info=info)
    second = SecondEngine(assistant, open_second=lambda _: engine)
    await second.start()
    async for _ in second.fill(FimRequest("1", "left", "right", max_tokens=4)):
        pass
    assert "<fim_suffix>right<fim_middle>" in str(engine.requests[-1].prompt)
    await second.close()
    await assistant.close()


async def test_what_does_not_start_is_left_alone_for_a_while(make_assistant: Callable[..., Assistant]) -> None:
    now, tries = [0.0], []

    def refuse(settings: EngineSettings) -> ScriptedEngine:
        tries.append(settings)
        raise EngineUnavailable("engine.url: nobody is there; set CODEASSIST_ENGINE_API_KEY")

    assistant = make_assistant()
    second = SecondEngine(assistant, open_second=refuse, clock=lambda: now[0])
    for moment, n_tries in ((0.0, 1), (RETRY_S / 2, 1), (RETRY_S + 1, 2)):
        now[0] = moment
        with pytest.raises(EngineUnavailable, match=r"shadow\.url.*CODEASSIST_SHADOW_API_KEY"):
            await second.start()
        assert len(tries) == n_tries
    await assistant.close()


def test_where_copies_go_and_who_gives_way() -> None:
    assert destination(ShadowSettings()) == ""
    remote = ShadowSettings(share=0.1, url="https://provider.example/v1")
    assert destination(remote) == "https://provider.example/v1"
    assert not is_local(remote)
    assert is_local(replace(remote, url="http://127.0.0.1:8000/v1"))
    assert is_local(replace(remote, kind="embedded"))


def test_only_what_a_provider_computes_has_a_price() -> None:
    own = Settings(server=ServerSettings(price_input=1.0), shadow=ShadowSettings(price_output=2.0))
    assert plan_of(own).first == Prices()
    assert plan_of(own).second == Prices(0.0, 2.0)
    assert plan_of(replace(own, engine=EngineSettings(kind="remote"))).first == Prices(1.0, 0.0)
