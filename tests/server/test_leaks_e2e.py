"""After 10,000 requests of all kinds, many of them broken off, nothing of them is left."""

from __future__ import annotations

import asyncio
import gc
import json
import random
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from codeassist.engine import wire
from codeassist.types import GenerationRequest, Priority
from tests.engine.asking import until

pytestmark = pytest.mark.e2e

N_REQUESTS = 10_000
N_CLIENTS = 32
# A round of so many, looked at before and after the others. What was cached in the first one stays.
WARM_UP = 2_000
MOST_GROWTH_KIB = 8 * 1024

Address = tuple[str, int]


def body_of(chance: random.Random) -> tuple[str, dict[str, Any]]:
    """A route and a body that it takes, or refuses."""
    prefix = "x = " + "f" * chance.randint(0, 40)
    prompt = (chance.randint(1, 50), 2, 3)
    priority = chance.choice(list(Priority))
    own = GenerationRequest("r", prompt, 8, priority=priority, temperature=chance.choice([0.0, 1.0]))
    is_streamed = chance.random() < 0.5
    asked: list[tuple[str, dict[str, Any]]] = [
        ("/v1/completions", {"prompt": prefix, "suffix": "\n", "stream": is_streamed}),
        ("/v1/completions", {"prompt": prefix, "stream": is_streamed, "n": 2}),
        ("/v1/completions", {"prompt": prefix, "no_such_field": 1}),
        ("/v1/fim/completions", {"prompt": prefix, "suffix": ")", "stream": is_streamed}),
        ("/v1/completions", {"segments": {"prefix": prefix, "suffix": "\n"}}),
        ("/codeassist/v1/generate", wire.request_to_json(own)),
        ("/nowhere", {}),
    ]
    return chance.choice(asked)


async def exchange(address: Address, chance: random.Random) -> None:
    """One request on a connection of its own: read to its end, or left at some point."""
    path, body = body_of(chance)
    content = json.dumps(body).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {len(content)}\r\n"
    head += f"codeassist-client: c{chance.randint(0, N_CLIENTS)}\r\n\r\n"
    sent = head.encode() + content
    way = chance.random()
    reader, writer = await asyncio.open_connection(*address)
    try:
        writer.write(sent[: chance.randint(1, len(sent))] if way < 0.05 else sent)
        await writer.drain()
        if way < 0.2:
            return
        if way < 0.35:
            await reader.read(chance.randint(1, 400))
            return
        answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 "), answer
    finally:
        writer.close()


async def many(n: int, ask: Callable[[], Awaitable[None]]) -> None:
    """n requests, as many at a time as there are clients."""
    left = iter(range(n))

    async def client(numbers: Iterator[int]) -> None:
        for _ in numbers:
            await ask()

    async with asyncio.TaskGroup() as clients:
        for _ in range(N_CLIENTS):
            clients.create_task(client(left))


def n_descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def resident_kib() -> int:
    gc.collect()
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


async def settled(e: Any, n_tasks: int, n_open: int) -> None:
    """Wait until all that was asked has ended; a connection that was left is noticed a moment later."""
    await until(lambda: not e.service.journal.running)
    await until(lambda: e.service.shared.n_readers == e.service.shared.n_running == e.service.shared.n_waiting == 0)
    await until(lambda: e.service.n_open == 0)
    await until(lambda: len(asyncio.all_tasks()) <= n_tasks, seconds=10)
    await until(lambda: n_descriptors() <= n_open, seconds=10)


async def test_ten_thousand_requests_leave_nothing_behind(endpoint: Any) -> None:
    chance = random.Random(6)
    async with endpoint("one two three", "four\nfive six seven eight", "nine") as e:
        url = urlsplit(e.url)
        address = (str(url.hostname), int(url.port or 0))
        await asyncio.to_thread(int)  # the pool of threads is there to stay
        n_tasks, n_open = len(asyncio.all_tasks()), n_descriptors()
        await many(WARM_UP, lambda: exchange(address, chance))
        await settled(e, n_tasks, n_open)
        before = resident_kib()
        await many(N_REQUESTS - WARM_UP, lambda: exchange(address, chance))
        await settled(e, n_tasks, n_open)
        assert resident_kib() - before < MOST_GROWTH_KIB
        states = {record.state for record in e.service.journal.ended}
    assert states >= {"done", "left"}
