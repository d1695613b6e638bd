"""Mistral's dialect: `/v1/fim/completions`, which Continue sends to this and to other providers.

`prompt` and `suffix` are plain code; the answer is shaped like a chat's.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from codeassist.server.asking import Asking, ask
from codeassist.server.caller import caller_of
from codeassist.server.completion_request import CompletionRequest, read_completion_request
from codeassist.server.connection import EventStream, WhileConnected, compact_json, read_json
from codeassist.server.deltas import collect
from codeassist.server.problems import Problem, error_event
from codeassist.server.reply import Reply, standard_reason
from codeassist.server.service import Answering, Service
from codeassist.types import FinishReason

FIM = "/v1/fim/completions"
# Without `/v1`: what Continue's adapters make of an address without a slash at its end.
ALIASES = ("/fim/completions",)

# What OpenAI's completions have and Mistral's have not.
UNKNOWN = ("n", "best_of", "logprobs", "echo", "stream_options")


def mistral_routes(service: Service) -> list[Route]:
    """Routes of this dialect."""

    async def fim(request: Request) -> Response:
        asked = read_fim_request(await read_json(request))
        kind = "chat.completion.chunk" if asked.stream else "chat.completion"
        reply = Reply("fim", kind, service.assistant.engine.info.name)
        answering = (await ask(service, Asking(asked, reply.id, FIM, caller_of(request))))[0].answering
        if asked.stream:
            return EventStream(_events(reply, answering), error_event, lambda: answering.headers)

        async def make() -> Response:
            answer = await collect(answering)
            choice = _choice("message", answer.text, answer.finish_reason)
            return JSONResponse(reply.part([choice], answer.usage, answering.n_context), headers=answering.headers)

        return WhileConnected(make)

    return [Route(path, fim, methods=["POST"]) for path in (FIM, *ALIASES)]


def read_fim_request(body: Mapping[str, Any]) -> CompletionRequest:
    """The request; it differs from OpenAI's in `random_seed`, and in that a missing suffix is an empty one."""
    for name in UNKNOWN:
        if body.get(name) is not None:
            raise Problem(400, f"unknown field `{name}`; Mistral has none", param=name, code="unknown_field")
    if "seed" in body:
        raise Problem(400, "unknown field `seed`; it is called `random_seed` here", param="seed", code="unknown_field")
    renamed = {"seed" if name == "random_seed" else name: value for name, value in body.items()}
    if renamed.get("suffix") is None:
        renamed["suffix"] = ""
    asked = read_completion_request(renamed)
    if len(asked.prompts) > 1:
        raise Problem(400, "`prompt` must be one text", param="prompt")
    return asked


async def _events(reply: Reply, answering: Answering) -> AsyncGenerator[str, None]:
    """Mistral tells the usage in the last event without being asked."""
    async with aclosing(answering):
        async for delta in answering:
            if delta.text or delta.finish_reason:
                choice = _choice("delta", delta.text, delta.finish_reason)
                usage = delta.usage if delta.finish_reason else None
                yield compact_json(reply.part([choice], usage, answering.n_context))
    yield "[DONE]"


def _choice(key: str, text: str, finish_reason: FinishReason | None) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {"index": 0, key: message, "finish_reason": standard_reason(finish_reason)}
