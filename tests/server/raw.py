"""A server with its limits on a real loopback socket, and clients that send bytes, whatever they are."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from codeassist.assistant import Assistant
from codeassist.server.app import create_app
from codeassist.server.health import IndexHealth
from codeassist.server.hosting import Hosting
from codeassist.server.listening import listen
from codeassist.server.running import Server
from codeassist.server.service import Service
from tests.engine.asking import until


@dataclass
class Hosted:
    """A running server. engine: the scripted one behind it."""

    server: Server
    service: Service
    engine: Any
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def say(self, content: bytes) -> bytes:
        """All that the server answers until it closes the connection."""
        reader, writer = await self.connect()
        try:
            writer.write(content)
            async with asyncio.timeout(5):
                return await read_all(reader)
        finally:
            writer.close()

    async def lives(self) -> bool:
        """Whether somebody else is answered."""
        return (await self.say(request("GET", "/health", close=True))).startswith(b"HTTP/1.1 200 ")


@asynccontextmanager
async def hosted(assistant: Assistant, hosting: Hosting) -> AsyncIterator[Hosted]:
    """The server for the length of the block, which leaves no connection, no task and no request in the engine."""
    engine = assistant.engine  # the service puts another in front of it
    await engine.start()
    service = Service(assistant)
    server = Server(create_app(service, IndexHealth(), hosting.access), hosting)
    listener = listen("127.0.0.1", 0)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16_384)  # what is not read soon shows
    await server.startup([listener])
    state = server.server_state
    try:
        yield Hosted(server, service, engine, listener.getsockname()[1])
        await until(lambda: not state.connections and not state.tasks and not service.journal.running)
        await until(lambda: not service.shared.n_running)
        assert not engine._running  # type: ignore[attr-defined]
    finally:
        for each in server.servers:
            each.close()
        for connection in list(state.connections):
            connection.transport.abort()
        await assistant.close()


async def read_all(reader: asyncio.StreamReader) -> bytes:
    """What arrives until the connection is closed, or cut."""
    arrived = b""
    with contextlib.suppress(ConnectionError):
        while part := await reader.read(65_536):
            arrived += part
    return arrived


def request(method: str, path: str, body: bytes = b"", *headers: str, close: bool = False) -> bytes:
    """A request in order."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *headers, *(["Connection: close"] if close else [])]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def completion(*headers: str, close: bool = False, **body: Any) -> bytes:
    """A request for a completion."""
    return request("POST", "/v1/completions", json.dumps({"prompt": "x = "} | body).encode(), *headers, close=close)


def status(answer: bytes) -> int:
    """Of the first response."""
    assert answer.startswith(b"HTTP/1.1 "), answer[:200]
    return int(answer.split(b" ")[1])


def error_code(answer: bytes) -> str | None:
    """What the JSON of the last response calls its error."""
    code: str | None = json.loads(answer.rpartition(b"\r\n\r\n")[2])["error"]["code"]
    return code
