"""OpenAI's dialect: `/v1/models` and `/v1/completions`, with `suffix` for filling in the middle.

Where the standard leaves room: `temperature` is 0 when it is not given, for code wants the likeliest answer, and
`max_tokens` is what the model advises.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from codeassist.server.asking import ask
from codeassist.server.caller import caller_of
from codeassist.server.completion_request import CompletionRequest, read_completion_request
from codeassist.server.connection import EventStream, WhileConnected, compact_json, read_json
from codeassist.server.deltas import collect
from codeassist.server.problems import error_event
from codeassist.server.reply import Reply, standard_reason
from codeassist.server.service import Answering, Service
from codeassist.types import FinishReason, ModelInfo, Usage

COMPLETIONS = "/v1/completions"


def openai_routes(service: Service) -> list[Route]:
    """Routes of this dialect."""
    started = int(time.time())

    async def models(_: Request) -> Response:
        return JSONResponse({"object": "list", "data": [_model(service.assistant.engine.info, started)]})

    async def completions(request: Request) -> Response:
        asked = read_completion_request(await read_json(request))
        reply = Reply("cmpl", "text_completion", service.assistant.engine.info.name)
        answering = ask(service, asked, reply.id, COMPLETIONS, caller_of(request))
        if asked.stream:
            return EventStream(_events(reply, answering, asked), error_event, lambda: answering.headers)

        async def make() -> Response:
            answer = await collect(answering)
            choice = _choice(answer.text, answer.finish_reason)
            return JSONResponse(reply.part([choice], answer.usage), headers=answering.headers)

        return WhileConnected(make)

    return [Route("/v1/models", models), Route(COMPLETIONS, completions, methods=["POST"])]


async def _events(reply: Reply, answering: Answering, asked: CompletionRequest) -> AsyncGenerator[str, None]:
    usage = Usage()
    async with aclosing(answering):
        async for delta in answering:
            usage, reason = delta.usage, delta.finish_reason
            if delta.text or reason:
                yield compact_json(reply.part([_choice(delta.text, reason)]))
    if asked.include_usage:
        yield compact_json(reply.part([], usage))
    yield "[DONE]"


def _model(info: ModelInfo, created: int) -> dict[str, Any]:
    return {
        "id": info.name,
        "object": "model",
        "created": created,
        "owned_by": "codeassist",
        "max_model_len": info.context_tokens,
    }


def _choice(text: str, finish_reason: FinishReason | None) -> dict[str, Any]:
    return {"index": 0, "text": text, "logprobs": None, "finish_reason": standard_reason(finish_reason)}
