"""What the endpoint says of the context that it adds: with a real index, through the dialects that clients speak."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from codeassist.assistant import Assistant
from codeassist.engine.scripted import SCRIPTED_INFO, ScriptedEngine
from codeassist.server.app import create_app
from codeassist.server.health import IndexHealth
from codeassist.server.service import Service
from codeassist.settings import Settings
from indexer.index import CodeIndex
from tests.engine.loopback import serving

TAX = "def tax_of_price(price: float, country: str) -> float:\n    return price * RATES[country]\n"
SHOP = "\n".join(["from lib.tax import tax_of_price", "", *(f"ORDER_{row} = order_of({row})" for row in range(20)), ""])
FIM = {"prompt": f"{SHOP}taxes = tax_of_price(", "suffix": "\n"}


@pytest.fixture
def index(tmp_path: Path) -> CodeIndex:
    root = tmp_path / "workspace"
    (root / "lib").mkdir(parents=True)
    (root / "lib" / "tax.py").write_text(TAX, encoding="utf-8")
    (root / "shop.py").write_text(SHOP, encoding="utf-8")
    subprocess.run(["git", "init", "-q", str(root)], check=True, timeout=60)
    index = CodeIndex.open(root, directory=tmp_path / "index", embedder=None)
    index.refresh()
    return index


@pytest.fixture
async def client(index: CodeIndex, byte_tokenizer: Path) -> AsyncIterator[httpx.AsyncClient]:
    info = replace(SCRIPTED_INFO, tokenizer=byte_tokenizer, prompt_tokens=3000, context_tokens=6000)
    engine = ScriptedEngine(["price)"], info=info)
    await engine.start()
    settings = Settings()
    settings = replace(settings, completion=replace(settings.completion, retrieve_deadline_ms=10_000))
    assistant = Assistant(settings, index.root, engine, index)
    async with serving(create_app(Service(assistant), IndexHealth())) as url, httpx.AsyncClient(base_url=url) as client:
        yield client
    await assistant.close()


async def test_the_response_says_which_file_was_found_and_what_was_added(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/completions", json=FIM)
    report = response.headers["codeassist-context-report"]
    assert report.startswith("path=shop.py; pieces=")
    details = response.json()["usage"]["prompt_tokens_details"]
    assert f"tokens={details['context_tokens']};" in report
    assert details["context_tokens"] > 0


@pytest.mark.parametrize("route", ["/v1/completions", "/v1/fim/completions"])
async def test_a_header_turns_context_off(client: httpx.AsyncClient, route: str) -> None:
    response = await client.post(route, json=FIM, headers={"codeassist-context": "off"})
    assert response.headers["codeassist-context-report"].startswith("reason=the client wants none; pieces=0; tokens=0")
    assert response.json()["usage"]["prompt_tokens_details"]["context_tokens"] == 0


async def test_a_stream_has_the_same_header(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/completions", json={**FIM, "stream": True})
    assert "path=shop.py" in response.headers["codeassist-context-report"]


async def test_a_text_of_no_file_is_answered_all_the_same(client: httpx.AsyncClient) -> None:
    body: dict[str, Any] = {"prompt": "x = ", "suffix": ""}
    response = await client.post("/v1/completions", json=body)
    assert response.json()["choices"][0]["text"]
    assert "path=" not in response.headers["codeassist-context-report"]


async def test_several_prompts_tell_what_all_of_them_got(client: httpx.AsyncClient) -> None:
    one = (await client.post("/v1/completions", json=FIM)).json()["usage"]["prompt_tokens_details"]["context_tokens"]
    both = await client.post("/v1/completions", json={**FIM, "prompt": [FIM["prompt"], FIM["prompt"]]})
    assert both.json()["usage"]["prompt_tokens_details"]["context_tokens"] == 2 * one
