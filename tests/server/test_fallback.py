"""A response says which model answered in place of the one that was asked."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import httpx
import pytest

from codeassist.assistant import Assistant
from codeassist.chat.fallback import FallbackEndpoint
from codeassist.chat.scripted_endpoint import ScriptedEndpoint
from codeassist.engine.fallback import FallbackEngine
from codeassist.engine.scripted import Answer, ScriptedEngine
from codeassist.errors import EngineUnavailable
from codeassist.server.app import create_app
from codeassist.server.health import IndexHealth
from codeassist.server.service import Service
from tests.engine.asking import until
from tests.engine.loopback import serving

GONE = EngineUnavailable("nobody there")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("suffix", [None, "\n"])
async def test_completions_name_the_model_that_stood_in(
    make_assistant: Callable[..., Assistant], stream: bool, suffix: str | None
) -> None:
    assistant = make_assistant([Answer("", error=GONE)])
    info = replace(assistant.engine.info, supports_forced_prefix=False)
    second = ScriptedEngine(["1"], info=replace(info, name="the sécond"))
    engine = FallbackEngine(ScriptedEngine([Answer("", error=GONE)], info=info), lambda: second)
    await engine.start()
    await engine._second.load()
    assistant.engine = engine
    service = Service(assistant)
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(serving(create_app(service, IndexHealth())))
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=url))
        body = {"prompt": "x = ", "suffix": suffix, "stream": stream}
        answer = await client.post("/v1/completions", json=body)
    assert answer.status_code == 200
    assert answer.headers["codeassist-fallback"] == "the%20s%C3%A9cond"
    assert service.journal.ended[0].model == "the sécond"
    await assistant.close()


async def test_a_chat_names_the_model_that_stood_in(endpoint: Callable[..., Any]) -> None:
    chat = FallbackEndpoint(ScriptedEndpoint([GONE], name="first"), lambda: ScriptedEndpoint(name="second"))
    async with endpoint(chat=chat) as opened:
        body = {"messages": [{"role": "user", "content": "hi"}]}
        first = await opened.client.post("/v1/chat/completions", json=body)
        await until(lambda: chat._second.loaded)
        second = await opened.client.post("/v1/chat/completions", json=body)
        assert [record.model for record in opened.service.journal.ended] == ["first", "second"]
    assert (first.status_code, "codeassist-fallback" in first.headers) == (503, False)
    assert (second.status_code, second.headers["codeassist-fallback"]) == (200, "second")
