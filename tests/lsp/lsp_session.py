"""A whole session in one process: a raw client, the real server, and an assistant of the test's choice."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lsp_client import LspClient

from codeassist.configuration import load_settings
from codeassist.settings import Settings
from lsp.language_server import CodeassistServer
from lsp.server import build_server
from lsp.transport import serve
from lsp.wiring import Wiring


class ToClient:
    """The server's writer in one process with the client."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader

    def write(self, data: bytes) -> None:
        self._reader.feed_data(data)

    def close(self) -> None:
        self._reader.feed_eof()


@dataclass
class Session:
    """A client, the server it talks to, and the assistant behind it.

    assistants: those of certain folders; `assistant` is that of all others. engines: what each was to run on.
    open_errors: what opening a folder ends with; open_error: what opening any does.
    """

    client: LspClient
    server: CodeassistServer
    assistant: Any
    running: asyncio.Task[int]
    hang_up: Callable[[], None]
    opened: list[tuple[Path, dict[str, object]]] = field(default_factory=list)
    open_error: Exception | None = None
    open_errors: dict[Path, Exception] = field(default_factory=dict)
    assistants: dict[Path, Any] = field(default_factory=dict)
    engines: list[Any] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    loaded: list[tuple[Path, dict[str, object]]] = field(default_factory=list)
    may_open: threading.Event = field(default_factory=threading.Event)

    def open(self, workspace: Path, overrides: Mapping[str, object], warn: Callable[[str], None], engine: Any) -> Any:
        """What the server is given to open a folder with."""
        self.may_open.wait(self.client.wait_s)
        self.opened.append((workspace, dict(overrides)))
        for warning in self.warnings:
            warn(warning)
        if (error := self.open_errors.get(workspace, self.open_error)) is not None:
            raise error
        self.engines.append(engine)
        return self.assistants.get(workspace, self.assistant)

    def load(self, workspace: Path, overrides: Mapping[str, object], warn: Callable[[str], None]) -> Settings:
        """What the server is given to read a folder's settings with."""
        self.loaded.append((workspace, dict(overrides)))
        return load_settings(workspace, overrides=overrides, environ={}, user_file=Path("/no/user/file")).settings

    async def ready(self, capabilities: dict[str, Any] | None = None, **params: Any) -> dict[str, Any]:
        """Initialize, and wait until engine and index are ready; the server's capabilities."""
        self.may_open.set()
        announced = await self.client.initialize(capabilities, **params)
        await self.is_ready()
        return announced

    async def is_ready(self) -> None:
        """Wait until engine and index are ready."""
        await self.client.notification(
            "codeassist/status",
            lambda status: status["engine"]["state"] == "ready" and status["index"]["state"] == "ready",
        )

    async def end(self) -> int:
        """Shutdown and exit; the exit code."""
        assert await self.client.request("shutdown") is None
        self.client.notify("exit")
        return await self.client.within(self.running)


@asynccontextmanager
async def connected(assistant: Any, statistics: Path | None = None) -> AsyncIterator[Session]:
    """A client and a server that opens this assistant; the session ends with the block."""
    to_server, to_client = asyncio.StreamReader(), asyncio.StreamReader()

    def open_assistant(
        workspace: Path, overrides: Mapping[str, object], warn: Callable[[str], None], engine: Any
    ) -> Any:
        return session.open(workspace, overrides, warn, engine)

    def load(workspace: Path, overrides: Mapping[str, object], warn: Callable[[str], None]) -> Settings:
        return session.load(workspace, overrides, warn)

    server = build_server(Wiring(open_assistant, load, Settings(), statistics))
    running = asyncio.ensure_future(serve(server, to_server, ToClient(to_client)))
    client = LspClient(to_client, to_server.feed_data)
    session = Session(client, server, assistant, running, to_server.feed_eof)
    session.may_open.set()
    yield session
    session.may_open.set()
    if not running.done():
        to_server.feed_eof()
        await client.within(running)
    to_client.feed_eof()
    await client.closed()
