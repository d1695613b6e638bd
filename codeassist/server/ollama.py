"""Ollama's dialect: streams are lines of JSON, durations are nanoseconds, and an error is a sentence.

`/api/generate` fills gaps and continues prompts; `raw` makes no difference, since no template is put around a prompt
(`ollama_request.py` says what else has no effect). A prompt that is rendered for a model is rendered anew.
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from codeassist import __version__
from codeassist.engine.fields import flag, text
from codeassist.errors import CodeassistError
from codeassist.server.body import Body
from codeassist.server.caller import caller_of
from codeassist.server.connection import NDJSON, EventStream, WhileConnected, compact_json, read_json
from codeassist.server.deltas import Answer, collect
from codeassist.server.ollama_models import OLLAMA_VERSION, described_models, find_model
from codeassist.server.ollama_request import GenerateRequest, read_generate
from codeassist.server.problems import error_event
from codeassist.server.service import Answering, Service
from codeassist.server.wanted import ask, sorted_out, unwrapped
from codeassist.server.watch import Watch, watched
from codeassist.types import Usage

VERSION, TAGS, PS, SHOW, GENERATE = "/api/version", "/api/tags", "/api/ps", "/api/show", "/api/generate"


def ollama_routes(service: Service) -> list[Route]:
    """Routes of this dialect that need no other model than the one that fills gaps."""
    since = _now()

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
    asked, caller = read_generate(await read_json(request)), caller_of(request)
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


class _Telling:
    """How an answer is told."""

    def __init__(self, model: str, asked: GenerateRequest) -> None:
        self._model = model
        self._is_prompt_alone = asked.num_predict == 0

    def piece(self, said: str) -> dict[str, Any]:
        """A line before the last one."""
        shown = "" if self._is_prompt_alone else said
        return {"model": self._model, "created_at": _now(), "response": shown, "done": False}

    def whole(self, answer: Answer, watch: Watch) -> dict[str, Any]:
        """All of an answer, or the last line of one whose text is out already."""
        reason = "length" if self._is_prompt_alone or answer.finish_reason != "stop" else "stop"
        figures = durations(answer.usage, watch)
        if self._is_prompt_alone:
            figures["eval_count"] = 0
        return self.piece(answer.text) | {"done": True, "done_reason": reason} | figures


def durations(usage: Usage, watch: Watch) -> dict[str, int]:
    """What took how long, in nanoseconds. Nothing is loaded for a request."""
    return {
        "total_duration": _ns(watch.prompt_ms + watch.predict_ms),
        "load_duration": 0,
        "prompt_eval_count": usage.prompt_tokens,
        "prompt_eval_duration": _ns(watch.prompt_ms),
        "eval_count": usage.completion_tokens,
        "eval_duration": _ns(watch.predict_ms),
    }


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


def _now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def _ns(ms: float) -> int:
    return round(ms * 1_000_000)
