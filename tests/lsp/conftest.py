from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from fake_assistant import FakeAssistant
from lsp_client import LspClient
from lsp_session import Session, ToClient

from lsp.server import build_server
from lsp.transport import serve


@pytest.fixture
async def session(tmp_path: Path) -> AsyncIterator[Session]:
    to_server, to_client = asyncio.StreamReader(), asyncio.StreamReader()
    assistant = FakeAssistant(tmp_path)

    def open_assistant(workspace: Path, overrides: Mapping[str, object], warn: Callable[[str], None]) -> Any:
        return made.open(workspace, overrides, warn)

    server = build_server(open_assistant)
    running = asyncio.ensure_future(serve(server, to_server, ToClient(to_client)))
    client = LspClient(to_client, to_server.feed_data)
    made = Session(client, server, assistant, running, to_server.feed_eof)
    yield made
    if not running.done():
        to_server.feed_eof()
        await client.within(running)
    to_client.feed_eof()
    await client.closed()
