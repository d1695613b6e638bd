"""A whole session in one process: a raw client, the real server, a fake assistant."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fake_assistant import FakeAssistant
from lsp_client import LspClient

from lsp.language_server import CodeassistServer


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
    """A client, the server it talks to, and the fake assistant behind it."""

    client: LspClient
    server: CodeassistServer
    assistant: FakeAssistant
    running: asyncio.Task[int]
    hang_up: Callable[[], None]
    opened: list[tuple[Path, dict[str, object]]] = field(default_factory=list)
    open_error: Exception | None = None
    warnings: list[str] = field(default_factory=list)

    def open(self, workspace: Path, overrides: Mapping[str, object], warn: Callable[[str], None]) -> FakeAssistant:
        """What the server is given to open a workspace with."""
        self.opened.append((workspace, dict(overrides)))
        for warning in self.warnings:
            warn(warning)
        if self.open_error is not None:
            raise self.open_error
        return self.assistant

    async def ready(self, capabilities: dict[str, Any] | None = None, **params: Any) -> dict[str, Any]:
        """Initialize, and wait until engine and index are ready; the server's capabilities."""
        announced = await self.client.initialize(capabilities, **params)
        await self.client.notification(
            "codeassist/status",
            lambda status: status["engine"]["state"] == "ready" and status["index"]["state"] == "ready",
        )
        return announced

    async def end(self) -> int:
        """Shutdown and exit; the exit code."""
        assert await self.client.request("shutdown") is None
        self.client.notify("exit")
        return await self.client.within(self.running)
