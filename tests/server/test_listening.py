from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from codeassist.assistant import Assistant
from codeassist.engine.attached import AttachedEngine, probe
from codeassist.engine.discovery import RunningServer, running_server
from codeassist.errors import AddressInUse, ConfigError, ModelError
from codeassist.server.guard import Access
from codeassist.server.hosting import Hosting, url_of
from codeassist.server.keys import KeyRing
from codeassist.server.listening import listen, serve
from codeassist.types import GenerationRequest
from indexer.errors import IndexDamaged
from tests.engine.asking import until
from tests.server.raw import completion


class Life:
    """One run of a server, and what it told."""

    def __init__(self, assistant: Assistant, runtime: Path, hosting: Hosting | None = None, port: int = 0) -> None:
        self.listener = listen("127.0.0.1", port)
        self.url = url_of(self.listener, tls=hosting is not None and hosting.tls is not None)
        self.runtime = runtime
        self.ready = asyncio.Event()
        self.task = asyncio.create_task(
            serve(assistant, self.listener, runtime, on_ready=lambda seconds: self.ready.set(), hosting=hosting)
        )

    async def health(self) -> dict[str, Any]:
        async with httpx.AsyncClient() as client:
            answer: dict[str, Any] = (await client.get(f"{self.url}/health")).json()
            return answer

    async def end(self, number: int = signal.SIGTERM) -> None:
        os.kill(os.getpid(), number)
        async with asyncio.timeout(5):
            await self.task


@pytest.fixture(autouse=True)
def warmed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was loaded ahead of the first review."""
    told: list[str] = []
    monkeypatch.setattr("codeassist.server.listening.warm_up", lambda: told.append("rules"))
    return told


@pytest.fixture
def live(make_assistant: Callable[..., Assistant], tmp_path: Path) -> Callable[..., Life]:
    return lambda *arguments: Life(make_assistant(*arguments), tmp_path / "run")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_ends_it_in_good_order(live: Callable[..., Life], number: int) -> None:
    life = live()
    await life.ready.wait()
    port = life.listener.getsockname()[1]
    assert running_server(life.runtime) == RunningServer(life.url, str(life.runtime / f"serve-127.0.0.1-{port}.sock"))
    assert (await life.health())["index"]["files"] == 3
    await life.end(number)
    assert running_server(life.runtime) is None
    with pytest.raises(httpx.ConnectError):
        await life.health()


async def test_rules_of_the_review_are_loaded_behind_the_engine(live: Callable[..., Life], warmed: list[str]) -> None:
    life = live()
    assert not warmed
    await life.ready.wait()
    await life.end()
    assert warmed == ["rules"]


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
    make_assistant: Callable[..., Assistant], gate: Any, tmp_path: Path
) -> None:
    assistant = make_assistant(("one two",), gate)
    engine: Any = assistant.engine
    life = Life(assistant, tmp_path / "run", Hosting(drain_s=0))
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


async def test_answers_do_not_wait_for_more_to_send() -> None:
    transports: list[asyncio.Transport] = []

    class Accepting(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            transports.append(transport)

    listener = listen("127.0.0.1", 0)
    server = await asyncio.get_running_loop().create_server(Accepting, sock=listener)
    _, writer = await asyncio.open_connection(*listener.getsockname())
    await until(lambda: transports)
    accepted = transports[0].get_extra_info("socket")
    assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    writer.close()
    transports[0].close()
    server.close()


def test_the_address_of_ipv6_is_written_in_brackets() -> None:
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    try:
        listener = listen("::1", 0)
    except ConfigError:
        pytest.skip("no IPv6 loopback here")
    with listener:
        assert url_of(listener, tls=False).startswith("http://[::1]:")


def test_what_is_written_in_two_packets_is_not_held_back() -> None:
    with listen("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP  # asyncio turns Nagle's algorithm off for those, and only for those


def own(life: Life) -> RunningServer:
    server = running_server(life.runtime)
    assert server is not None
    return server


@pytest.fixture
def closed(tmp_path: Path) -> Hosting:
    """As on an address of the network: nobody without a key."""
    return Hosting(Access(keys=KeyRing(tmp_path / "keys.json"), requires_key=True))


async def test_this_users_editors_share_the_engine_of_a_server_that_requires_keys(
    make_assistant: Callable[..., Assistant], tmp_path: Path, closed: Hosting
) -> None:
    life = Life(make_assistant(), tmp_path / "run", closed)
    await life.ready.wait()
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{life.url}/health")).status_code == 401
    info = await asyncio.to_thread(probe, own(life))
    assert info is not None
    engine = AttachedEngine(own(life), info)
    await engine.start()
    deltas = [delta async for delta in engine.stream(GenerationRequest("complete-1", (1, 2, 3), 8))]
    assert "".join(delta.text for delta in deltas) == "a + b"
    await engine.close()
    await life.end()


async def test_the_socket_of_this_users_editors_is_theirs_alone_and_goes_with_the_server(
    live: Callable[..., Life],
) -> None:
    life = live()
    await life.ready.wait()
    path = Path(own(life).socket)
    state, folder = await asyncio.to_thread(path.stat), await asyncio.to_thread(path.parent.stat)
    assert (stat.S_IMODE(state.st_mode), stat.S_IMODE(folder.st_mode)) == (0o600, 0o700)
    await life.end()
    assert list(life.runtime.iterdir()) == []


async def test_editors_find_a_server_again_that_was_killed_and_started_anew(
    make_assistant: Callable[..., Assistant], tmp_path: Path
) -> None:
    first = Life(make_assistant(), tmp_path / "run")
    await first.ready.wait()
    engine = AttachedEngine(own(first), first_info := make_assistant().engine.info)
    await engine.start()
    left = own(first)
    await first.end()
    killed = socket.socket(socket.AF_UNIX)
    killed.bind(left.socket)  # what a killed server leaves
    killed.close()
    again = Life(make_assistant(), tmp_path / "run", port=int(left.url.rpartition(":")[2]))
    await again.ready.wait()
    assert own(again) == left
    deltas = [delta async for delta in engine.stream(GenerationRequest("complete-1", (1, 2, 3), 8))]
    assert (deltas[-1].finish_reason, engine.info) == ("stop", first_info)
    await engine.close()
    await again.end()


async def test_where_no_socket_can_be_made_editors_are_told_the_address_if_it_asks_for_nothing(
    make_assistant: Callable[..., Assistant], tmp_path: Path, closed: Hosting
) -> None:
    for hosting in (Hosting(), closed):
        runtime = tmp_path / ("deep" * 30)  # longer than a socket's path may be
        life = Life(make_assistant(), runtime, hosting)
        await life.ready.wait()
        found = running_server(runtime)
        assert found == (RunningServer(life.url) if hosting.is_plain else None)
        if found is not None:
            assert await asyncio.to_thread(probe, found) is not None
        await life.end()


async def streaming(life: Life) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A client that is in the middle of its answer."""
    reader, writer = await asyncio.open_connection(*life.listener.getsockname()[:2])
    writer.write(completion(stream=True))
    await reader.readuntil(b"data: ")
    return reader, writer


async def own_health(life: Life, method: str = "GET", path: str = "/health") -> tuple[int, dict[str, Any]]:
    """What the server tells its user's own processes."""
    transport = httpx.AsyncHTTPTransport(uds=own(life).socket)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answer = await client.request(method, path)
        return answer.status_code, answer.json()


async def test_a_running_answer_is_brought_to_its_end_and_nobody_is_let_in_meanwhile(
    make_assistant: Callable[..., Assistant], gate: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assistant = make_assistant(("one two",), gate)
    engine: Any = assistant.engine
    life = Life(assistant, tmp_path / "run", Hosting(drain_s=30))
    await life.ready.wait()
    gate.let(1)
    reader, writer = await streaming(life)
    os.kill(os.getpid(), signal.SIGTERM)
    await until(lambda: life.listener.fileno() < 0)
    assert (await own_health(life))[1]["status"] == "draining"
    assert (await own_health(life, "POST", "/v1/completions"))[0] == 503
    with pytest.raises(httpx.ConnectError):
        await life.health()
    gate.let(5)
    async with asyncio.timeout(5):
        assert (await reader.read()).endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n")
        await life.task
    writer.close()
    assert engine.aborted == []
    assert "get up to 30 s; a second Ctrl-C ends them at once" in caplog.text


async def test_the_second_signal_ends_it_at_once(
    make_assistant: Callable[..., Assistant], gate: Any, tmp_path: Path
) -> None:
    assistant = make_assistant(("one two",), gate)
    engine: Any = assistant.engine
    life = Life(assistant, tmp_path / "run", Hosting(drain_s=30))
    await life.ready.wait()
    gate.let(1)
    _, writer = await streaming(life)
    os.kill(os.getpid(), signal.SIGTERM)
    await until(lambda: life.listener.fileno() < 0)
    assert not life.task.done()
    await life.end(signal.SIGINT)
    writer.close()
    assert len(engine.aborted) == 1
