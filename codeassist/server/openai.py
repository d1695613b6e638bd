"""OpenAI's dialect: `/v1/models` and `/v1/completions`, with `suffix` for filling in the middle.

Where the standard leaves room: `temperature` is 0 when it is not given, for code wants the likeliest answer, and
`max_tokens` is what the model advises.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from codeassist.assistant import Assistant
from codeassist.server.asking import ask
from codeassist.server.completion_request import CompletionRequest, read_completion_request
from codeassist.server.connection import EventStream, WhileConnected, compact_json, read_json
from codeassist.server.deltas import closing, collect
from codeassist.server.problems import error_event
from codeassist.server.reply import Reply, standard_reason
from codeassist.types import Delta, FinishReason, ModelInfo, Usage


def openai_routes(assistant: Assistant) -> list[Route]:
    """Routes of this dialect."""
    started = int(time.time())

    async def models(_: Request) -> Response:
        return JSONResponse({"object": "list", "data": [_model(assistant.engine.info, started)]})

    async def completions(request: Request) -> Response:
        asked = read_completion_request(await read_json(request))
        reply = Reply("cmpl", "text_completion", assistant.engine.info.name)
        deltas = ask(assistant, asked, reply.id)
        if asked.stream:
            return EventStream(_events(reply, deltas, asked), error_event)

        async def make() -> Response:
            answer = await collect(deltas)
            reply.log(answer.usage, answer.finish_reason)
            choice = _choice(answer.text, answer.finish_reason)
            return JSONResponse(reply.part([choice], answer.usage))

        return WhileConnected(make)

    return [Route("/v1/models", models), Route("/v1/completions", completions, methods=["POST"])]


async def _events(reply: Reply, deltas: AsyncIterator[Delta], asked: CompletionRequest) -> AsyncGenerator[str, None]:
    usage, reason = Usage(), None
    async with closing(deltas):
        async for delta in deltas:
            usage, reason = delta.usage, delta.finish_reason
            if delta.text or reason:
                yield compact_json(reply.part([_choice(delta.text, reason)]))
    reply.log(usage, reason)
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
