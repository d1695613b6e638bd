"""OpenAI's dialect: `/v1/models` and `/v1/completions`, with `suffix` for filling in the middle.

Where the standard leaves room: `temperature` is 0 when it is not given, for code wants the likeliest answer;
`max_tokens` is what the model advises when it is not given, and is capped so that the prompt keeps its place in the
model's context.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from codeassist.assistant import Assistant, FimOptions
from codeassist.errors import CodeassistError
from codeassist.server.completion_request import CompletionRequest, read_completion_request
from codeassist.server.connection import EventStream, WhileConnected, compact_json, read_json
from codeassist.server.deltas import Answer, closing, collect
from codeassist.server.problems import problem_body, problem_of
from codeassist.types import Delta, FinishReason, GenerationRequest, ModelInfo, Usage

logger = logging.getLogger(__name__)


def openai_routes(assistant: Assistant) -> list[Route]:
    """Routes of this dialect."""
    started = int(time.time())

    async def models(_: Request) -> Response:
        return JSONResponse({"object": "list", "data": [_model(assistant.engine.info, started)]})

    async def completions(request: Request) -> Response:
        asked = read_completion_request(await read_json(request))
        reply = _Reply(assistant.engine.info.name)
        deltas = _deltas(assistant, asked, reply.id)
        if asked.stream:
            return EventStream(_events(reply, deltas, asked), _error_event)

        async def make() -> Response:
            answer = await collect(deltas)
            _log(reply, answer.usage, answer.finish_reason)
            return JSONResponse(reply.whole(answer))

        return WhileConnected(make)

    return [Route("/v1/models", models), Route("/v1/completions", completions, methods=["POST"])]


@dataclass(frozen=True, slots=True)
class _Reply:
    """What all parts of one answer have in common."""

    model: str
    id: str = field(default_factory=lambda: f"cmpl-{os.urandom(12).hex()}")
    created: int = field(default_factory=lambda: int(time.time()))
    begun: float = field(default_factory=time.perf_counter)

    def whole(self, answer: Answer) -> dict[str, Any]:
        return self.part([_choice(answer.text, answer.finish_reason)]) | {"usage": _usage(answer.usage)}

    def part(self, choices: Sequence[dict[str, Any]]) -> dict[str, Any]:
        head = {"id": self.id, "object": "text_completion", "created": self.created, "model": self.model}
        return head | {"choices": list(choices)}


async def _events(reply: _Reply, deltas: AsyncIterator[Delta], asked: CompletionRequest) -> AsyncGenerator[str, None]:
    usage, reason = Usage(), None
    async with closing(deltas):
        async for delta in deltas:
            usage, reason = delta.usage, delta.finish_reason
            if delta.text or reason:
                yield compact_json(reply.part([_choice(delta.text, reason)]))
    _log(reply, usage, reason)
    if asked.include_usage:
        yield compact_json(reply.part([]) | {"usage": _usage(usage)})
    yield "[DONE]"


def _deltas(assistant: Assistant, asked: CompletionRequest, request_id: str) -> AsyncIterator[Delta]:
    info = assistant.engine.info
    if asked.suffix is not None and isinstance(asked.prompt, str):
        return assistant.fim(asked.prompt, asked.suffix, _fim_options(asked, info))
    request = GenerationRequest(
        id=request_id,
        prompt=asked.prompt,
        max_tokens=_max_tokens(asked, info),
        stop=asked.stop,
        temperature=asked.temperature,
        top_p=asked.top_p,
        seed=asked.seed,
    )
    return assistant.generate(request)


def _fim_options(asked: CompletionRequest, info: ModelInfo) -> FimOptions:
    return FimOptions(_max_tokens(asked, info), asked.stop, asked.temperature, asked.top_p, asked.seed)


def _max_tokens(asked: CompletionRequest, info: ModelInfo) -> int:
    """Clients ask for thousands as a matter of course; the prompt is not cut down to make room for them."""
    room = max(info.context_tokens - info.prompt_tokens, info.completion_tokens)
    if isinstance(asked.prompt, tuple):
        room = max(info.context_tokens - len(asked.prompt), 1)
    return min(asked.max_tokens or info.completion_tokens, room)


def _model(info: ModelInfo, created: int) -> dict[str, Any]:
    return {
        "id": info.name,
        "object": "model",
        "created": created,
        "owned_by": "codeassist",
        "max_model_len": info.context_tokens,
    }


def _choice(text: str, finish_reason: FinishReason | None) -> dict[str, Any]:
    # The standard knows no "abort"; an engine says it when it stopped early, and then the text is cut.
    reason = "length" if finish_reason == "abort" else finish_reason
    return {"index": 0, "text": text, "logprobs": None, "finish_reason": reason}


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
    }


def _error_event(error: CodeassistError) -> str:
    return compact_json(problem_body(problem_of(error)))


def _log(reply: _Reply, usage: Usage, finish_reason: FinishReason | None) -> None:
    logger.info(
        "%s %s prompt=%d cached=%d out=%d total=%.1fms",
        reply.id,
        finish_reason,
        usage.prompt_tokens,
        usage.cached_tokens,
        usage.completion_tokens,
        (time.perf_counter() - reply.begun) * 1000,
    )
