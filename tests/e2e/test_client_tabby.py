"""Tabby's agent, which all of its plugins start, with the configuration that we hand out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.client_server import CHARACTER, EXPECTED, LINE, MARK, ORDERS, ClientServer
from tests.e2e.client_tools import tabby_agent
from tests.lsp.lsp_client import LspClient

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

CONFIG = Path(__file__).resolve().parents[2] / "extension-config" / "tabby" / "config.toml"
CONNECTED_WITHIN_S = 20.0


@asynccontextmanager
async def agent(home: Path, environment: dict[str, str]) -> AsyncIterator[LspClient]:
    """The agent as a language server."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        str(tabby_agent()), "--lsp", "--stdio", stdin=pipe, stdout=pipe, env={**environment, "HOME": str(home)}
    )
    assert process.stdout is not None
    assert process.stdin is not None
    client = LspClient(process.stdout, process.stdin.write)
    try:
        await client.initialize({"textDocument": {"completion": {}}})
        yield client
    finally:
        process.kill()
        await process.wait()
        await client.closed()


async def first_item(client: LspClient, uri: str) -> dict[str, Any]:
    """The agent asks its server how it is before it asks it for completions, and answers with nothing until then."""
    place = {"textDocument": {"uri": uri}, "position": {"line": LINE, "character": CHARACTER}}
    deadline = time.monotonic() + CONNECTED_WITHIN_S
    while True:
        answer = await client.request("textDocument/completion", {**place, "context": {"triggerKind": 1}})
        if answer["items"]:
            return dict(answer["items"][0])
        assert time.monotonic() < deadline, client.notifications
        await asyncio.sleep(0.2)


async def test_a_completion_comes_with_the_repository_behind_it(
    client_server: ClientServer, client_environment: dict[str, str], tmp_path: Path
) -> None:
    before = client_server.latest()
    folder = tmp_path / ".tabby-client" / "agent"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(client_server.configured(CONFIG.read_text(encoding="utf-8")), encoding="utf-8")
    uri = client_server.orders.as_uri()
    async with agent(tmp_path, client_environment) as client:
        client.open(uri, ORDERS.replace(MARK, ""))
        item = await first_item(client, uri)
    assert EXPECTED in item["textEdit"]["newText"]  # which repeats the word that was begun
    record = client_server.record_of("/v1/completions", before)
    assert record["context"]["path"] == "shop/orders.py"
