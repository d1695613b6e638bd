"""`POST /v1/chat/completions`: relayed to the chat model, whose response comes back as it is.

The body is read only as far as we depend on it. What vLLM or another server refuses, it says itself.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from codeassist.chat.choose import no_chat
from codeassist.chat.endpoint import ChatEndpoint, ChatReply
from codeassist.errors import CodeassistError
from codeassist.server import shapes
from codeassist.server.caller import Caller, caller_of
from codeassist.server.chat_gaps import read_chat_gap
from codeassist.server.chat_watch import ChatWatch
from codeassist.server.connection import WhileConnected, read_as
from codeassist.server.headers import FALLBACK_HEADER
from codeassist.server.journal import Entry
from codeassist.server.problems import Problem, error_event
from codeassist.server.service import Service
from codeassist.server.text_completions import answer

CHAT = "/v1/chat/completions"


def chat_routes(service: Service) -> list[Route]:
    """Routes of this dialect."""

    async def chat(request: Request) -> Response:
        body = await read_as(request, read_chat)
        gap = await read_chat_gap(body)
        if gap is not None:
            return await answer(service, request, gap, CHAT, shapes.CHAT)
        endpoint = service.chat
        if endpoint is None:
            raise Problem(400, no_chat(service.assistant.engine), code="no_chat_model")
        if asks_for_nothing(body):
            return JSONResponse(nothing(endpoint.name))
        entry = open_entry(service, endpoint, CHAT, caller_of(request), is_streamed=bool(body.get("stream")))
        entry.asks(body)
        return WhileConnected(lambda: _begin(endpoint, body, entry))

    return [Route(CHAT, chat, methods=["POST"])]


def read_chat(body: dict[str, Any]) -> dict[str, Any]:
    """The body itself. Raises Problem for what we could not relay."""
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise Problem(400, "`messages` must be a list of at least one message", param="messages")
    if not all(isinstance(message, dict) and isinstance(message.get("role"), str) for message in messages):
        raise Problem(400, "`messages` must be objects, each with a text as `role`", param="messages")
    if not isinstance(body.get("stream"), bool | None):
        raise Problem(400, "`stream` must be true or false", param="stream")
    if not isinstance(body.get("model"), str | None):
        raise Problem(400, "`model` must be a text", param="model")
    return body


def asks_for_nothing(body: Mapping[str, Any]) -> bool:
    """Whether a client of llama.cpp (llama.vim) only wants the prompt computed ahead, as that server does it: another
    one would not know the field, and write a whole answer that nobody reads."""
    return body.get("n_predict") == 0 and not body.get("stream")


def nothing(model: str) -> dict[str, Any]:
    """The answer to that."""
    choice = {"index": 0, "message": {"role": "assistant", "content": ""}, "finish_reason": "length"}
    usage = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
    head = {"id": f"chat-{os.urandom(12).hex()}", "object": "chat.completion", "created": int(time.time())}
    return {**head, "model": model, "choices": [choice], "usage": usage}


def open_entry(service: Service, endpoint: ChatEndpoint, route: str, caller: Caller, *, is_streamed: bool) -> Entry:
    """The request's line in the journal."""
    number = f"chat-{os.urandom(12).hex()}"
    return service.journal.open(number, route, caller, endpoint.name, is_streamed=is_streamed)


def fallback_header(reply: ChatReply, asked_of: str, endpoint: ChatEndpoint) -> dict[str, str]:
    """Who answers in place of the model that was asked. A remote one may have learned its name meanwhile: that is no
    other model."""
    return {FALLBACK_HEADER: quote(reply.model)} if reply.model not in (asked_of, endpoint.name) else {}


async def _begin(endpoint: ChatEndpoint, body: dict[str, Any], entry: Entry) -> Response:
    """The response, once its head is there."""
    stack = AsyncExitStack()
    asked_of, caller = endpoint.name, entry.record.caller
    try:
        answering = endpoint.answer(body, priority=caller.priority, client=caller.name)
        reply = await stack.enter_async_context(answering)
    except BaseException as error:
        entry.end("left" if isinstance(error, asyncio.CancelledError) else "failed", str(error))
        raise
    entry.note(model=reply.model)
    return Relay(reply, stack, entry, fallback_header(reply, asked_of, endpoint))


class Relay(Response):
    """A reply that is passed on as it comes in; leaving it ends the answer at its source."""

    def __init__(self, reply: ChatReply, stack: AsyncExitStack, entry: Entry, more: Mapping[str, str]) -> None:
        """stack: holds the answer open."""
        super().__init__()
        self._reply = reply
        self._stack = stack
        self._entry = entry
        self._more = more

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send all of it. What breaks in the middle is told in the stream."""
        watch = ChatWatch(self._entry, is_stream=self._reply.media_type.startswith("text/event-stream"))
        try:
            async with self._stack:
                await send(self._start())
                try:
                    async for chunk in self._reply.chunks:
                        watch.saw(chunk)
                        await send({"type": "http.response.body", "body": chunk, "more_body": True})
                except CodeassistError as error:
                    watch.broke(error)
                    if watch.is_stream:
                        event = f"data: {error_event(error)}\n\n".encode()
                        await send({"type": "http.response.body", "body": event, "more_body": True})
                await watch.ended(self._reply)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._entry.end("left")  # where nothing else has ended it

    def _start(self) -> dict[str, Any]:
        reply = self._reply
        headers = {**reply.headers, **self._more, "content-type": reply.media_type, "cache-control": "no-store"}
        raw = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers.items()]
        return {"type": "http.response.start", "status": reply.status, "headers": raw}
