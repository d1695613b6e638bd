"""A client that costs little: HTTP/1.1 over asyncio's streams, one kept connection, the clock at the first text."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Timing:
    """One answer: seconds to its first text and to its end, and its tokens."""

    first_s: float
    total_s: float
    n_tokens: int


@dataclass(frozen=True)
class Target:
    """A server, and what every request to it carries."""

    port: int
    path: str = "/v1/completions"
    headers: Mapping[str, str] | None = None


class Connection:
    """One kept connection to a server."""

    def __init__(self, target: Target, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        more = "".join(f"{name}: {value}\r\n" for name, value in (target.headers or {}).items())
        self._head = f"POST {target.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n{more}"

    async def ask(self, body: Mapping[str, Any]) -> Timing:
        """Ask and read to the end. Raises RuntimeError for what is no answer."""
        content = json.dumps(body).encode()
        begun = time.perf_counter()
        self._writer.write(f"{self._head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        if not head.startswith(b"http/1.1 200"):
            raise RuntimeError(f"{head!r}: {await self._reader.read(1000)!r}")
        if b"content-length:" in head:
            length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
            answer = json.loads(await self._reader.readexactly(length))
            total_s = time.perf_counter() - begun
            return Timing(total_s, total_s, answer["usage"]["completion_tokens"])
        return await self._read_events(begun)

    async def _read_events(self, begun: float) -> Timing:
        first_s, n_tokens = 0.0, 0
        while size := int(await self._reader.readline(), 16):
            part = await self._reader.readexactly(size + 2)
            if not first_s and b'"text":"' in part and b'"text":""' not in part:
                first_s = time.perf_counter() - begun
            if b'"completion_tokens":' in part:
                n_tokens = int(part.split(b'"completion_tokens":')[1].split(b",")[0].rstrip(b"}"))
        await self._reader.readline()
        total_s = time.perf_counter() - begun
        return Timing(first_s or total_s, total_s, n_tokens)

    async def close(self) -> None:
        """Leave."""
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()


@contextlib.asynccontextmanager
async def connected(target: Target) -> AsyncIterator[Connection]:
    """A connection for the length of the block."""
    connection = Connection(target, *await asyncio.open_connection("127.0.0.1", target.port))
    try:
        yield connection
    finally:
        await connection.close()


async def load(target: Target, bodies: Sequence[Mapping[str, Any]], n_clients: int) -> tuple[list[Timing], float]:
    """All bodies, by so many clients at once, each with a connection of its own; and the seconds that it took."""
    left, timings = iter(bodies), list[Timing]()
    begun = time.perf_counter()
    async with asyncio.TaskGroup() as clients:
        for _ in range(n_clients):
            clients.create_task(_client(target, left, timings))
    return timings, time.perf_counter() - begun


async def _client(target: Target, left: Iterator[Mapping[str, Any]], timings: list[Timing]) -> None:
    async with connected(target) as connection:
        timings.extend([await connection.ask(body) for body in left])
