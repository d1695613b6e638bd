from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from codeassist.assistant import Assistant
from codeassist.engine.discovery import running_server
from codeassist.errors import AddressInUse, ConfigError, ModelError
from codeassist.server.listening import listen, serve, url_of
from indexer.errors import IndexDamaged
from tests.engine.asking import until


class Life:
    """One run of a server, and what it told."""

    def __init__(self, assistant: Assistant, runtime: Path) -> None:
        self.listener = listen("127.0.0.1", 0)
        self.url = url_of(self.listener)
        self.runtime = runtime
        self.ready = asyncio.Event()
        self.task = asyncio.create_task(
            serve(assistant, self.listener, runtime, on_ready=lambda seconds: self.ready.set())
        )

    async def health(self) -> dict[str, Any]:
        async with httpx.AsyncClient() as client:
            answer: dict[str, Any] = (await client.get(f"{self.url}/health")).json()
            return answer

    async def end(self, number: int = signal.SIGTERM) -> None:
        os.kill(os.getpid(), number)
        async with asyncio.timeout(5):
            await self.task


@pytest.fixture
def live(make_assistant: Callable[..., Assistant], tmp_path: Path) -> Callable[..., Life]:
    return lambda *arguments: Life(make_assistant(*arguments), tmp_path / "run")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_ends_it_in_good_order(live: Callable[..., Life], number: int) -> None:
    life = live()
    await life.ready.wait()
    assert running_server(life.runtime) == life.url
    assert (await life.health())["index"]["files"] == 3
    await life.end(number)
    assert running_server(life.runtime) is None
    with pytest.raises(httpx.ConnectError):
        await life.health()


async def test_it_answers_while_the_engine_loads(
    live: Callable[..., Life], monkeypatch: pytest.MonkeyPatch, make_assistant: Callable[..., Assistant], tmp_path: Path
) -> None:
    assistant, loaded = make_assistant(), asyncio.Event()

    async def load_slowly() -> None:
        await loaded.wait()
        await assistant.engine.start()

    monkeypatch.setattr(assistant, "start_engine", load_slowly)
    life = Life(assistant, tmp_path / "run")
    async with httpx.AsyncClient(base_url=life.url) as client:
        assert (await client.post("/v1/completions", json={"prompt": "x"})).status_code == 503
        loaded.set()
        await life.ready.wait()
        assert (await client.post("/v1/completions", json={"prompt": "x"})).status_code == 200
    await life.end()


async def test_an_engine_that_can_not_be_started_ends_the_server_with_its_error(
    make_assistant: Callable[..., Assistant], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assistant = make_assistant()

    async def fail() -> None:
        raise ModelError("no model in /nowhere; set engine.model")

    monkeypatch.setattr(assistant, "start_engine", fail)
    life = Life(assistant, tmp_path / "run")
    with pytest.raises(ModelError, match="/nowhere"):
        await life.task
    assert running_server(life.runtime) is None


async def test_a_failed_index_is_told_and_hinders_nothing(
    make_assistant: Callable[..., Assistant], tmp_path: Path
) -> None:
    assistant = make_assistant()
    index: Any = assistant.index
    index.error = IndexDamaged("delete the folder")
    life = Life(assistant, tmp_path / "run")
    await life.ready.wait()
    health = await life.health()
    await life.end()
    assert (health["status"], health["index"]["state"]) == ("ready", "failed")
    assert health["index"]["message"] == "delete the folder"


async def test_an_answer_that_does_not_end_does_not_hold_up_the_end(
    make_assistant: Callable[..., Assistant], gate: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("codeassist.server.listening.GRACE_S", 0)
    assistant = make_assistant(("one two",), gate)
    engine: Any = assistant.engine
    life = Life(assistant, tmp_path / "run")
    await life.ready.wait()
    reader, writer = await asyncio.open_connection(*life.listener.getsockname())
    body = json.dumps({"prompt": "x", "stream": True}).encode()
    writer.write(b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    await until(lambda: engine.requests)
    await life.end()
    assert engine.aborted == [engine.requests[0].id]
    assert await reader.read() is not None
    writer.close()


async def test_a_runtime_directory_that_can_not_be_written_is_survived(
    make_assistant: Callable[..., Assistant], tmp_path: Path
) -> None:
    (tmp_path / "run").write_text("a file, no folder")
    life = Life(make_assistant(), tmp_path / "run")
    await life.ready.wait()
    await life.end()


def test_a_port_in_use_names_the_remedy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(AddressInUse, match=f"port {port} .* in use.*--port"):
            listen("127.0.0.1", port)


def test_an_address_of_another_machine_is_a_config_error() -> None:
    with pytest.raises(ConfigError, match=r"server\.host"):
        listen("192.0.2.1", 8311)


def test_the_address_of_ipv6_is_written_in_brackets() -> None:
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    try:
        listener = listen("::1", 0)
    except ConfigError:
        pytest.skip("no IPv6 loopback here")
    with listener:
        assert url_of(listener).startswith("http://[::1]:")


async def test_an_answer_in_several_pieces_does_not_wait_for_acknowledgements() -> None:
    delays: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def look(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = writer.get_extra_info("socket")
        delays.set_result(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    listener = listen("127.0.0.1", 0)
    async with await asyncio.start_server(look, sock=listener):
        _, writer = await asyncio.open_connection(*listener.getsockname()[:2])
        assert await delays
        writer.close()
