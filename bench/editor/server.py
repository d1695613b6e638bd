"""One `codeassist lsp --stdio` in a workspace, watched, with an index and logs that are no user's."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.editor.figures import Generation
from bench.probes import LspProbe
from bench.startup import end
from codeassist.settings import Settings

READY_WITHIN_S = 600.0
# Where a server may keep what it is to remember of its user.
KEPT = ("XDG_STATE_HOME", "XDG_DATA_HOME")
WATCHED = "bench.editor.watched"


@dataclass(frozen=True)
class Server:
    """A running server. notes: what its engine, or its loop, did. log: its own."""

    probe: LspProbe
    workspace: Path
    notes: Path
    log: Path

    def generations(self) -> list[Generation]:
        """What the engine was asked so far."""
        return [Generation(*json.loads(line)) for line in self.notes.read_text(encoding="utf-8").splitlines()]


@asynccontextmanager
async def running(
    workspace: Path, settings: Settings, options: Sequence[str], work: Path, watch: str = WATCHED
) -> AsyncIterator[Server]:
    """A server that is ready: engine started, index up to date. watch: the module that starts and watches it."""
    scene = new_folder(work)
    notes, log = scene / "notes.jsonl", scene / "server.log"
    own = (*options, f"index.directory={settings.index.directory}", f"log.file={log}", "log.level=info")
    command = [sys.executable, "-m", watch, str(notes), "lsp", "--stdio"]
    command += [word for each in own for word in ("-o", each)]
    probe = await LspProbe.start(command, environment(scene), scene / "stderr.log")
    reading = asyncio.create_task(probe.read())
    server = Server(probe, workspace, notes, log)
    try:
        await shake_hands(probe, workspace)
        await until_ready(probe)
        yield server
        await probe.request("shutdown", None)
        await probe.notify("exit", None)
        await asyncio.wait_for(probe.process.wait(), 30)
    finally:
        reading.cancel()
        end(probe.process.pid)


def new_folder(work: Path) -> Path:
    """A folder for one server, with an empty file for its notes."""
    work.mkdir(parents=True, exist_ok=True)
    scene = Path(tempfile.mkdtemp(prefix="server-", dir=work))
    (scene / "notes.jsonl").touch()
    return scene


def environment(scene: Path) -> dict[str, str]:
    """The user's environment with folders of our own for everything but the compilers' caches, so that a server starts
    as it does on every day but the first."""
    folders = {name: scene / name.lower() for name in ("XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", *KEPT)}
    for path in folders.values():
        path.mkdir(mode=0o700)
    return {**os.environ, **{name: str(path) for name, path in folders.items()}}


async def shake_hands(probe: LspProbe, workspace: Path) -> None:
    """From `initialize` to `initialized`, as VS Code: it has ghost text of its own."""
    root = workspace.as_uri()
    capabilities = {"textDocument": {"inlineCompletion": {"dynamicRegistration": True}}}
    folders = [{"uri": root, "name": workspace.name}]
    await probe.request("initialize", {"rootUri": root, "workspaceFolders": folders, "capabilities": capabilities})
    await probe.notify("initialized", {})


async def until_ready(probe: LspProbe) -> None:
    """Wait for engine and index. Raises TimeoutError, and SystemExit when the engine cannot start."""
    async with asyncio.timeout(READY_WITHIN_S):
        while True:
            status = await probe.request("codeassist/status", None)
            engine, index = status["engine"], status["index"]
            if engine["state"] == "failed":
                raise SystemExit(f"the engine does not start: {engine['message']}")
            if engine["state"] == index["state"] == "ready":
                return
            await asyncio.sleep(0.2)
