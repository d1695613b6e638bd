"""Real processes and real pipes, with an assistant that prints."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from lsp_client import LspClient, insertion

from lsp.parent import watch_parent
from lsp.stdio import InputThread, OutputThread

HERE = Path(__file__).parent
URI = "file:///project/sample.py"


@asynccontextmanager
async def started(mode: str) -> AsyncIterator[asyncio.subprocess.Process]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    environment["PYTHONPATH"] = str(HERE.parents[1])
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(HERE / "noisy_server.py"), mode, stdin=pipe, stdout=pipe, stderr=pipe, env=environment
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def client_of(process: asyncio.subprocess.Process) -> LspClient:
    assert process.stdin is not None
    assert process.stdout is not None
    return LspClient(process.stdout, process.stdin.write)


async def ended(process: asyncio.subprocess.Process, client: LspClient) -> tuple[int | None, str]:
    """Exit code and stderr."""
    assert process.stderr is not None
    errors = await client.within(process.stderr.read())
    await client.closed()
    return await client.within(process.wait()), errors.decode()


async def test_stdout_carries_the_protocol_alone() -> None:
    async with started("stdio") as process:
        client = client_of(process)
        capabilities = await client.initialize(rootUri="file:///w")
        assert capabilities["inlineCompletionProvider"] == {}
        await client.notification("codeassist/status", lambda status: status["engine"]["state"] == "ready")
        client.open(URI, "x😀\n")
        client.change(URI, 2, insertion(0, 3, "y"))
        answer = await client.complete(URI, 0, 4)
        # Nothing that the server starts can read the client's bytes either.
        assert answer["items"][0]["insertText"] == "'x😀y' ''"
        assert await client.request("shutdown") is None
        client.notify("exit")
        code, errors = await ended(process, client)
    assert code == 0
    assert client.stray == []
    for noise in ("that waits in a buffer", "from print", "from a descriptor", "from a subprocess"):
        assert f"noise {noise}" in errors
    assert "assistant closed" in errors


@pytest.mark.parametrize(
    "leave", [lambda process: process.stdin.close(), lambda process: process.send_signal(signal.SIGTERM)]
)
async def test_a_client_that_is_gone_and_a_signal_end_the_process_cleanly(
    leave: Callable[[asyncio.subprocess.Process], None],
) -> None:
    async with started("stdio") as process:
        client = client_of(process)
        await client.initialize(rootUri="file:///w")
        await client.notification("codeassist/status", lambda status: status["engine"]["state"] == "ready")
        leave(process)
        code, errors = await ended(process, client)
    assert code == 1
    assert "assistant closed" in errors
    assert "Traceback" not in errors


async def test_tcp_serves_one_client() -> None:
    async with started("tcp") as process:
        assert process.stderr is not None
        heard = b""
        while (port := re.search(rb"'127\.0\.0\.1', (\d+)", heard)) is None:
            heard += await asyncio.wait_for(process.stderr.readline(), 20)
        reader, writer = await asyncio.open_connection("127.0.0.1", int(port[1]))
        client = LspClient(reader, writer.write)
        await client.initialize(rootUri="file:///w")
        await client.request("shutdown")
        client.notify("exit")
        code, _ = await ended(process, client)
        writer.close()
        await writer.wait_closed()
    assert code == 0


@pytest.mark.e2e
async def test_a_thread_that_never_ends_does_not_keep_the_process() -> None:
    async with started("stuck") as process:
        client = client_of(process)
        await client.initialize(rootUri="file:///w")
        await client.notification("codeassist/status", lambda status: status["index"]["state"] == "indexing")
        await client.request("shutdown")
        client.notify("exit")
        code, errors = await ended(process, client)
    assert code == 0
    assert "a thread is still at work" in errors


async def test_a_client_that_does_not_read_holds_nothing_up() -> None:
    lost = asyncio.Event()
    source, sink = os.pipe()
    output = OutputThread(sink, on_lost=lost.set)
    for _ in range(100):
        output.write(b"x" * 65_536)  # a pipe takes one of these
    os.close(source)
    async with asyncio.timeout(20):
        await lost.wait()
    output.close()
    os.close(sink)


async def test_input_ends_where_the_descriptor_ends() -> None:
    source, sink = os.pipe()
    reader = InputThread(source).reader
    os.write(sink, b"some bytes")
    os.close(sink)
    async with asyncio.timeout(20):
        assert await reader.read() == b"some bytes"
    os.close(source)


async def test_the_death_of_the_editor_ends_the_session() -> None:
    editor = await asyncio.create_subprocess_exec("sleep", "60")
    died = asyncio.Event()
    watching = asyncio.ensure_future(watch_parent(editor.pid, died.set, every_s=0.001))
    await asyncio.sleep(0)
    assert not died.is_set()
    editor.kill()
    await editor.wait()
    async with asyncio.timeout(20):
        await watching
    assert died.is_set()


@pytest.mark.parametrize("pid", [0, -1, 2**22 + 1, 2**70])
async def test_an_editor_that_is_not_visible_is_not_watched(pid: int) -> None:
    died = asyncio.Event()
    await watch_parent(pid, died.set)
    assert not died.is_set()
