"""Ollama's dialect: streams are lines of JSON, durations are nanoseconds, and an error is a sentence.

`/api/generate` fills gaps and continues prompts; a prompt that is rendered for a model is rendered anew. A prompt that
is not `raw`, for a model that chats, is a message to it, as where a template is put around it (`ollama_chat.py`).
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from codeassist import __version__
from codeassist.engine.fields import flag, text
from codeassist.errors import CodeassistError
from codeassist.server.body import Body
from codeassist.server.caller import caller_of
from codeassist.server.connection import NDJSON, EventStream, WhileConnected, compact_json, read_as, read_json
from codeassist.server.deltas import Answer, collect
from codeassist.server.ollama_answer import ended, generated, now
from codeassist.server.ollama_chat import chat_response
from codeassist.server.ollama_models import OLLAMA_VERSION, described_models, find_model, is_chat_model
from codeassist.server.ollama_request import GenerateRequest, read_generate
from codeassist.server.problems import error_event
from codeassist.server.service import Answering, Service
from codeassist.server.wanted import ask, sorted_out, unwrapped
from codeassist.server.watch import Watch, watched
from codeassist.types import Usage

# Clients look here whether anybody is there, and people what this is.
ROOT = "/"
_HERE = "codeassist is running. /ui is its dashboard, /openapi.json tells what it answers.\n"
VERSION, TAGS, PS, SHOW, GENERATE = "/api/version", "/api/tags", "/api/ps", "/api/show", "/api/generate"


def ollama_routes(service: Service) -> list[Route]:
    """Routes of this dialect that need no other model than the one that fills gaps."""
    since = now()

    async def root(_: Request) -> Response:
        return PlainTextResponse(_HERE)

    async def version(_: Request) -> Response:
        return JSONResponse({"version": OLLAMA_VERSION, "codeassist": __version__})

    async def tags(_: Request) -> Response:
        return JSONResponse({"models": [model.listed(since) for model in described_models(service)]})

    async def running(_: Request) -> Response:
        return JSONResponse({"models": [model.running() for model in described_models(service)]})

    async def show(request: Request) -> Response:
        name = _read_show(await read_json(request))
        return JSONResponse(find_model(described_models(service), name).shown(since))

    async def generate(request: Request) -> Response:
        return await _generate(service, request)

    return [
        Route(ROOT, root),
        Route(VERSION, version),
        Route(TAGS, tags),
        Route(PS, running),
        Route(SHOW, show, methods=["POST"]),
        Route(GENERATE, generate, methods=["POST"]),
    ]


def _read_show(fields: dict[str, Any]) -> str:
    body = Body(fields)
    names = body.take("model", text, ""), body.take("name", text, "")
    body.take("verbose", flag, False)
    body.ignore(("options", "system", "template"))
    body.finish()
    return names[0] or names[1]


async def _generate(service: Service, request: Request) -> Response:
    asked, caller = await read_as(request, read_generate), caller_of(request)
    if asked.chat is not None and await _is_to_chat(service, asked):
        return chat_response(service, asked.chat, caller, GENERATE, generated)
    told = _Telling(service.assistant.engine.info.name, asked)
    if asked.to_ask is None:
        loaded = told.whole(Answer("", Usage(), "stop"), Watch()) | {"done_reason": "load"}
        return JSONResponse(loaded) if not asked.stream else EventStream(_once(loaded), _error_event, framing=NDJSON)
    wanted = await unwrapped(await sorted_out(asked.to_ask))
    watch, request_id = Watch(), f"ollama-{os.urandom(12).hex()}"
    answering = ask(service, wanted, request_id, GENERATE, caller, is_streamed=asked.stream)
    if asked.stream:
        lines = _lines(told, answering, watch)
        return EventStream(lines, _error_event, lambda: answering.headers, NDJSON)

    async def make() -> Response:
        answer = await collect(watched(answering, watch))
        return JSONResponse(told.whole(answer, watch), headers=answering.headers)

    return WhileConnected(make)


async def _is_to_chat(service: Service, asked: GenerateRequest) -> bool:
    """Whether the model that chats is asked. A prompt that is rendered for a model that fills gaps is none of its."""
    if asked.must_chat:
        return True
    can_chat = is_chat_model(service, asked.model)
    return can_chat and asked.wanted is not None and isinstance((await unwrapped(asked.wanted)).prompt, str)


class _Telling:
    """How an answer is told."""

    def __init__(self, model: str, asked: GenerateRequest) -> None:
        self._model = model
        self._is_prompt_alone = asked.num_predict == 0

    def piece(self, said: str) -> dict[str, Any]:
        """A line before the last one."""
        shown = "" if self._is_prompt_alone else said
        return generated(self._model, shown)

    def whole(self, answer: Answer, watch: Watch) -> dict[str, Any]:
        """All of an answer, or the last line of one whose text is out already."""
        reason = "length" if self._is_prompt_alone or answer.finish_reason != "stop" else "stop"
        told = ended(self.piece(answer.text), reason, answer.usage, watch)
        return told | {"eval_count": 0} if self._is_prompt_alone else told


async def _lines(told: _Telling, answering: Answering, watch: Watch) -> AsyncGenerator[str, None]:
    usage, reason = Usage(), None
    async with aclosing(watched(answering, watch)) as deltas:
        async for delta in deltas:
            usage, reason = delta.usage, delta.finish_reason
            if delta.text:
                yield compact_json(told.piece(delta.text))
    yield compact_json(told.whole(Answer("", usage, reason or "stop"), watch))


async def _once(value: dict[str, Any]) -> AsyncGenerator[str, None]:
    yield compact_json(value)


def _error_event(error: CodeassistError) -> str:
    return error_event(error, GENERATE)
