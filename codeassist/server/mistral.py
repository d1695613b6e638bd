"""Mistral's dialect: `/v1/fim/completions`, which Continue sends to this and to other providers.

`prompt` and `suffix` are plain code; the answer is shaped like a chat's.
"""

from __future__ import annotations

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
from codeassist.server.problems import Problem, error_event
from codeassist.server.reply import Reply, standard_reason
from codeassist.server.service import Answering, Service
from codeassist.types import FinishReason

FIM = "/v1/fim/completions"


def mistral_routes(service: Service) -> list[Route]:
    """Routes of this dialect."""

    async def fim(request: Request) -> Response:
        asked = read_fim_request(await read_json(request))
        kind = "chat.completion.chunk" if asked.stream else "chat.completion"
        reply = Reply("fim", kind, service.assistant.engine.info.name)
        answering = ask(service, asked, reply.id, FIM, caller_of(request))
        if asked.stream:
            return EventStream(_events(reply, answering), error_event, lambda: answering.headers)

        async def make() -> Response:
            answer = await collect(answering)
            choice = _choice("message", answer.text, answer.finish_reason)
            return JSONResponse(reply.part([choice], answer.usage), headers=answering.headers)

        return WhileConnected(make)

    return [Route(FIM, fim, methods=["POST"])]


def read_fim_request(body: dict[str, Any]) -> CompletionRequest:
    """The request; it differs from OpenAI's in `random_seed` and in that a missing suffix is an empty one."""
    if "seed" in body:
        raise Problem(400, "unknown field `seed`; it is called `random_seed` here", param="seed", code="unknown_field")
    renamed = {"seed" if name == "random_seed" else name: value for name, value in body.items()}
    if renamed.get("suffix") is None:
        renamed["suffix"] = ""
    return read_completion_request(renamed)


async def _events(reply: Reply, answering: Answering) -> AsyncGenerator[str, None]:
    """Mistral tells the usage in the last event without being asked."""
    async with aclosing(answering):
        async for delta in answering:
            if delta.text or delta.finish_reason:
                choice = _choice("delta", delta.text, delta.finish_reason)
                yield compact_json(reply.part([choice], delta.usage if delta.finish_reason else None))
    yield "[DONE]"


def _choice(key: str, text: str, finish_reason: FinishReason | None) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {"index": 0, key: message, "finish_reason": standard_reason(finish_reason)}
