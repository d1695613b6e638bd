"""Chats that are passed through to a server on a real socket that answers well, badly, or not at all."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from asking import until
from loopback import serving, unused_address
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from codeassist.chat.endpoint import ChatReply
from codeassist.chat.fallback import FallbackEndpoint
from codeassist.chat.scripted_endpoint import ScriptedEndpoint
from codeassist.engine.exchange import WrongSettings
from codeassist.engine.remote_endpoint import RemoteEndpoint
from codeassist.errors import EngineCrashed, EngineError, EngineUnavailable
from codeassist.settings import ChatSettings
from codeassist.types import Priority

BODY: dict[str, Any] = {
    "model": "whatever",
    "messages": [{"role": "user", "content": "héllo \ud800"}],
    "tools": [{"type": "function", "function": {"name": "look"}}],
    "unheard_of": {"kept": True},
}
WHOLE = {"choices": [{"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}]}
STREAM = b'data: {"choices": [{"delta": {"content": "h\xc3\xa9"}}]}\n\n: ping\n\ndata: [DONE]\n\n'


class Upstream:
    """Answers every chat with what a test gives it."""

    def __init__(self, answer: Callable[[], Response]) -> None:
        self.answer = answer
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []

    def app(self) -> Starlette:
        async def models(request: Request) -> Response:
            return JSONResponse({"data": [{"id": "first", "max_model_len": 4096}, {"id": "second"}]})

        async def chat(request: Request) -> Response:
            self.asked.append(await request.json())
            self.headers.append(dict(request.headers))
            return self.answer()

        return Starlette(routes=[Route("/v1/models", models), Route("/v1/chat/completions", chat, methods=["POST"])])


@asynccontextmanager
async def reaching(upstream: Upstream, **settings: Any) -> AsyncIterator[RemoteEndpoint]:
    async with serving(upstream.app()) as address:
        endpoint = RemoteEndpoint(ChatSettings(url=f"{address}/v1", **settings))
        try:
            yield endpoint
        finally:
            await endpoint.close()


async def ask(endpoint: Any, body: dict[str, Any] = BODY) -> tuple[ChatReply, bytes]:
    async with endpoint.answer(body, priority=Priority.CHAT, client="me") as reply:
        return reply, b"".join([chunk async for chunk in reply.chunks])


async def test_the_body_goes_through_as_it_is_but_for_the_model() -> None:
    upstream = Upstream(lambda: JSONResponse(WHOLE, headers={"x-request-id": "7"}))
    async with reaching(upstream, model="second", api_key="secret") as endpoint:
        reply, content = await ask(endpoint)
    assert upstream.asked == [BODY | {"model": "second"}]
    assert upstream.headers[0]["authorization"] == "Bearer secret"
    assert (reply.status, json.loads(content), reply.model) == (200, WHOLE, "second")
    assert reply.headers == {"x-request-id": "7"}


async def test_a_stream_comes_through_byte_by_byte() -> None:
    upstream = Upstream(lambda: Response(STREAM, media_type="text/event-stream"))
    async with reaching(upstream) as endpoint:
        reply, content = await ask(endpoint, BODY | {"stream": True})
        assert (endpoint.name, endpoint.context_tokens) == ("first", 4096)
    assert reply.media_type.startswith("text/event-stream")
    assert content == STREAM
    assert upstream.asked[0]["model"] == "first"


async def test_leaving_closes_the_connection() -> None:
    is_gone = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"data: {}\n\n"
                await asyncio.sleep(0.01)
        finally:
            is_gone.set()

    upstream = Upstream(lambda: StreamingResponse(endless(), media_type="text/event-stream"))
    async with reaching(upstream) as endpoint:
        async with endpoint.answer(BODY | {"stream": True}, priority=Priority.CHAT, client="") as reply:
            assert (await anext(reply.chunks)).startswith(b"data: {}")
        async with asyncio.timeout(5):
            await is_gone.wait()


@pytest.mark.parametrize(
    ("answer", "status", "said"),
    [
        (lambda: JSONResponse({"error": {"message": "n is 1", "param": "n"}}, 400), 400, "n is 1"),
        (lambda: JSONResponse({"detail": "no field `x`"}, 422), 422, "no field `x`"),
        (lambda: JSONResponse({"error": {"message": "slow down"}}, 429, {"retry-after": "3"}), 429, "slow down"),
        (lambda: PlainTextResponse("<html>bad gateway", 502), 502, "bad gateway"),
    ],
)
async def test_a_refusal_is_told_in_openais_shape(answer: Callable[[], Response], status: int, said: str) -> None:
    async with reaching(Upstream(answer)) as endpoint:
        reply, content = await ask(endpoint)
    assert (reply.status, reply.media_type) == (status, "application/json")
    assert said in json.loads(content)["error"]["message"]
    assert reply.headers.get("retry-after") == ("3" if status == 429 else None)


@pytest.mark.parametrize(
    ("answer", "remedy"),
    [
        (lambda: JSONResponse({"error": {"message": "bad key"}}, 401), "CODEASSIST_CHAT_API_KEY"),
        (lambda: JSONResponse({"error": {"message": "no such model"}}, 404), "chat.model"),
        (lambda: RedirectResponse("http://127.0.0.1:1/"), "chat.url"),
    ],
)
async def test_what_the_user_has_to_set_right_is_said(answer: Callable[[], Response], remedy: str) -> None:
    async with reaching(Upstream(answer)) as endpoint:
        with pytest.raises(WrongSettings, match=remedy):
            await ask(endpoint)
        assert endpoint.status.state == "restarting"


async def test_a_server_that_is_not_there_is_told() -> None:
    endpoint = RemoteEndpoint(ChatSettings(url=f"{unused_address()}/v1"))
    await endpoint.start()
    assert endpoint.status.state == "restarting"
    with pytest.raises(EngineUnavailable, match="is the server running"):
        await ask(endpoint)
    await endpoint.close()


async def test_a_server_that_falls_silent_is_given_up() -> None:
    async def silent() -> AsyncIterator[bytes]:
        yield b"data: {}\n\n"
        await asyncio.Event().wait()

    upstream = Upstream(lambda: StreamingResponse(silent(), media_type="text/event-stream"))
    async with reaching(upstream, timeout_s=0.2) as endpoint:
        with pytest.raises(EngineCrashed, match="fell silent"):
            await ask(endpoint, BODY | {"stream": True})


def standby(*answers: str | EngineError) -> ScriptedEndpoint:
    return ScriptedEndpoint(answers or ("in its place",), name="second")


@pytest.mark.parametrize(
    "first",
    [
        lambda: ScriptedEndpoint([EngineUnavailable("gone")], name="first"),
        lambda: ScriptedEndpoint([EngineCrashed("broke off")], name="first"),
    ],
)
async def test_another_model_stands_in_once_it_is_loaded(first: Callable[[], ScriptedEndpoint]) -> None:
    opened: list[ScriptedEndpoint] = []

    def open_second() -> ScriptedEndpoint:
        opened.append(standby())
        return opened[0]

    endpoint = FallbackEndpoint(first(), open_second)
    with pytest.raises(EngineUnavailable, match="the model that stands in is being loaded"):
        await ask(endpoint)
    await until(lambda: opened)
    await until(lambda: endpoint._second.ready())
    reply, content = await ask(endpoint)
    assert (reply.model, json.loads(content)["choices"][0]["message"]["content"]) == ("second", "in its place")
    await endpoint.close()
    assert opened[0].status.state == "stopped"


@pytest.mark.parametrize(("status", "model"), [(429, "second"), (503, "second"), (400, "first"), (200, "first")])
async def test_a_server_that_is_too_busy_is_stood_in_for(status: int, model: str) -> None:
    async with reaching(Upstream(lambda: JSONResponse(WHOLE, status))) as first:
        endpoint = FallbackEndpoint(first, standby)
        endpoint._second.ready()
        await until(lambda: endpoint._second.ready())
        reply, _ = await ask(endpoint)
        assert reply.model == model
        await endpoint.close()


async def test_a_wrong_key_is_not_glossed_over() -> None:
    async with reaching(Upstream(lambda: JSONResponse({}, 401))) as first:
        endpoint = FallbackEndpoint(first, standby)
        with pytest.raises(WrongSettings):
            await ask(endpoint)
        assert endpoint._second._loading is None
        await endpoint.close()
