"""A client that leaves stops the work that was done for it: on real sockets, for a test client would wait."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from codeassist.engine import wire
from codeassist.types import GenerationRequest
from tests.engine.asking import until


async def post(url: str, path: str, body: dict[str, Any]) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Send a request and leave the answer unread."""
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    content = json.dumps(body).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(content)}\r\n\r\n"
    writer.write(head.encode() + content)
    await writer.drain()
    return reader, writer


async def leave(writer: asyncio.StreamWriter) -> None:
    writer.close()
    await writer.wait_closed()


FIM = {"prompt": "x = ", "suffix": "\n"}
RAW = {"prompt": "x = "}
OURS = wire.request_to_json(GenerationRequest("complete-1", (1, 2, 3), 8))


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/completions", FIM),
        ("/v1/completions", {**FIM, "stream": True}),
        ("/v1/completions", RAW),
        ("/v1/completions", {**RAW, "stream": True}),
        ("/codeassist/v1/generate", OURS),
    ],
)
async def test_leaving_before_the_first_token_aborts(endpoint: Any, gate: Any, path: str, body: dict[str, Any]) -> None:
    async with endpoint("one two three", gate=gate) as e:
        _, writer = await post(e.url, path, body)
        await until(lambda: e.engine.requests)
        await leave(writer)
        await until(lambda: e.engine.aborted)
        assert e.engine.aborted == [e.engine.requests[0].id]


@pytest.mark.parametrize(
    ("path", "body"), [("/v1/completions", {**RAW, "stream": True}), ("/codeassist/v1/generate", OURS)]
)
async def test_leaving_in_the_middle_aborts(endpoint: Any, gate: Any, path: str, body: dict[str, Any]) -> None:
    async with endpoint("one two three", gate=gate) as e:
        gate.let(1)
        reader, writer = await post(e.url, path, body)
        await reader.readuntil(b"data: ")
        assert not e.engine.aborted
        await leave(writer)
        await until(lambda: e.engine.aborted)


async def test_others_are_answered_while_one_waits(endpoint: Any, gate: Any) -> None:
    async with endpoint("one", gate=gate) as e:
        _, writer = await post(e.url, "/v1/completions", RAW)
        await until(lambda: e.engine.requests)
        assert (await e.client.get("/health")).json()["status"] == "ready"
        gate.let(2)
        assert (await e.client.post("/v1/completions", json=RAW)).status_code == 200
        await leave(writer)
