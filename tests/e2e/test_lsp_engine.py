"""The Language Server with the real engine behind it: loading is shown, answers come, and nothing is left running."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from codeassist.engine.hardware import vllm_is_installed
from tests.engine.tiny_model import write_model
from tests.kept import keep_compiled_rules
from tests.lsp.lsp_client import LspClient, ResponseError, insertion

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(600),  # a loaded machine takes minutes to start the engine
    pytest.mark.skipif(not vllm_is_installed(), reason="vLLM is not installed (extra `cpu` or `gpu`)"),
]

ROOT = Path(__file__).resolve().parents[2]
LOAD_WITHIN_S = 500.0
TEXT = "def area(width, height):\n    result = width * height\n    \n"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("model"), [TEXT] * 20)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "area.py").write_text(TEXT, encoding="utf-8")
    subprocess.run(["git", "init", "-q", str(folder)], check=True, timeout=30)
    return folder


class Server:
    """A server process with a client on its pipes, and its log."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.process = process
        self.log = log
        self.client = LspClient(process.stdout, process.stdin.write)

    async def ready(self, model: Path, repository: Path, **params: Any) -> None:
        settings = {
            "engine": {"kind": "embedded", "model": str(model), "kv_cache_gib": 0.25},
            "index.vectors": False,
            "completion.min_confidence": 0.0,
        }
        await self.client.initialize(
            {"window": {"workDoneProgress": True}},
            rootUri=repository.as_uri(),
            initializationOptions=settings,
            **params,
        )
        self.client.wait_s = LOAD_WITHIN_S
        await self.client.notification("codeassist/status", lambda status: status["engine"]["state"] == "ready")

    def descendants(self) -> list[int]:
        """Processes that the server has started, and theirs."""
        return list(_descendants(self.process.pid))

    async def ended(self) -> int:
        async with asyncio.timeout(60):
            return await self.process.wait()


@asynccontextmanager
async def started(folder: Path) -> AsyncIterator[Server]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CODEASSIST")}
    keep_compiled_rules(folder)
    environment |= {f"XDG_{kind}_HOME": str(folder) for kind in ("CACHE", "CONFIG", "STATE")}
    pipe, log = asyncio.subprocess.PIPE, folder / "server.log"
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "codeassist.cli", "lsp", "--stdio"),
            stdin=pipe,
            stdout=pipe,
            stderr=errors,
            cwd=ROOT,
            env=environment,
        )
    try:
        yield Server(process, log)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def _descendants(pid: int) -> Iterator[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:
        return
    for child in children:
        yield child
        yield from _descendants(child)


def assert_gone(processes: list[int]) -> None:
    """Wait until none of them runs any more."""
    deadline = time.monotonic() + 30
    while alive := [pid for pid in processes if Path(f"/proc/{pid}").exists()]:
        assert time.monotonic() < deadline, f"still running: {alive}"
        time.sleep(0.05)


async def test_a_session_with_the_real_engine(tmp_path: Path, model: Path, repository: Path) -> None:
    async with started(tmp_path) as server:
        client = server.client
        await server.ready(model, repository, processId=os.getpid())
        begun = await client.notification(
            "$/progress", lambda item: item["value"].get("title") == "codeassist: loading the model"
        )
        await client.notification(
            "$/progress", lambda item: item["token"] == begun["token"] and item["value"]["kind"] == "end"
        )

        uri = (repository / "area.py").as_uri()
        client.open(uri, TEXT)
        answer = await client.complete(uri, 2, 4, triggerKind=1)
        assert isinstance(answer["items"], list)  # the weights are random: what it says does not matter
        client.change(uri, 2, insertion(2, 4, "r"))
        number, cancelled = client.ask_completion(uri, 2, 5, triggerKind=1)
        client.notify("$/cancelRequest", {"id": number})
        with pytest.raises(ResponseError):
            await client.within(cancelled)
        assert await client.complete(uri, 2, 5, triggerKind=1) is not None

        processes = server.descendants()
        assert processes
        assert await client.request("shutdown") is None
        client.notify("exit")
        assert await server.ended() == 0
        assert_gone(processes)
        assert client.stray == []
    assert re.search(r"area\.py:3 .* prompt=\d+ cached=\d+ out=[1-9]", server.log.read_text())


async def test_an_editor_that_dies_takes_server_and_engine_with_it(
    tmp_path: Path, model: Path, repository: Path
) -> None:
    editor = await asyncio.create_subprocess_exec("sleep", "1000")
    async with started(tmp_path) as server:
        await server.ready(model, repository, processId=editor.pid)
        processes = server.descendants()
        assert processes
        editor.kill()  # stdin stays open: another process may hold the editor's end of the pipe
        await editor.wait()
        assert await server.ended() == 1
        assert_gone(processes)


async def test_several_folders_have_one_engine(tmp_path: Path, model: Path, repository: Path) -> None:
    folders = [repository, tmp_path / "other", tmp_path / "late"]
    for folder in folders[1:]:
        folder.mkdir()
        (folder / "area.py").write_text(TEXT, encoding="utf-8")
    named = [{"uri": folder.as_uri(), "name": folder.name} for folder in folders]
    async with started(tmp_path) as server:
        client = server.client
        await server.ready(model, repository, processId=os.getpid(), workspaceFolders=named[:2])
        before = server.descendants()
        change = {"added": named[2:], "removed": named[:1]}
        client.notify("workspace/didChangeWorkspaceFolders", {"event": change})
        await client.notification(
            "codeassist/status",
            lambda status: (
                [(one["name"], one["index"]["state"]) for one in status["folders"]]
                == [("other", "ready"), ("late", "ready")]
            ),
        )
        for folder in folders:
            uri = (folder / "area.py").as_uri()
            client.open(uri, TEXT)
            assert await client.complete(uri, 2, 4, triggerKind=1) is not None
        assert before
        assert set(server.descendants()) <= set(before)
        assert await client.request("shutdown") is None
        client.notify("exit")
        assert await server.ended() == 0
    assert server.log.read_text().count("area.py:3 ") >= len(folders)
