"""llama.cpp's dialect: `/infill` and `/completion`, which llama.vim, llama.vscode and Continue speak.

An answer is JSON without blanks: llama.vim looks for `"content":"` in it. A stream is one of server-sent events without
`[DONE]`. `n_predict: 0` computes the prompt, so that the request that follows finds it in the cache, and answers with
an empty text. `n_cmpl` is answered with a list. At `/completions` a body with `n_predict` is llama.cpp's, too.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from codeassist import __version__
from codeassist.errors import CodeassistError
from codeassist.server.caller import Caller, caller_of
from codeassist.server.connection import EventStream, WhileConnected, compact_json, computed, read_as, read_json
from codeassist.server.deltas import Answer, collect
from codeassist.server.llama_answer import only, partial_answer, whole_answer
from codeassist.server.llama_limits import Limits, within
from codeassist.server.llama_request import LlamaRequest, read_completion, read_infill
from codeassist.server.problems import error_event
from codeassist.server.service import Answering, Service
from codeassist.server.wanted import Wanted, ask, unwrapped
from codeassist.server.watch import Watch
from codeassist.types import Usage

INFILL, COMPLETION = "/infill", "/completion"
PROPS, SLOTS = "/props", "/slots"


def llama_routes(service: Service) -> list[Route]:
    """Routes of this dialect."""

    async def infill(request: Request) -> Response:
        return await _answer(service, request, await read_as(request, read_infill), INFILL)

    async def completion(request: Request) -> Response:
        return await complete(service, request, await read_json(request))

    async def props(_: Request) -> Response:
        return JSONResponse(_props(service))

    async def slots(_: Request) -> Response:
        return JSONResponse(_slots(service))

    return [
        Route(INFILL, infill, methods=["POST"]),
        Route(COMPLETION, completion, methods=["POST"]),
        Route(PROPS, props),
        Route(SLOTS, slots),
    ]


def is_llama(body: Mapping[str, Any]) -> bool:
    """Whether a body for `/completions`, a route of OpenAI's clients as well, is of this dialect."""
    return body.get("n_predict") is not None


async def complete(service: Service, request: Request, body: Mapping[str, Any]) -> Response:
    """The response to a completion request. Raises Problem for what would not be honoured."""
    asked = await computed(lambda: read_completion(body), len(await request.body()))
    return await _answer(service, request, asked, COMPLETION)


async def _answer(service: Service, request: Request, asked: LlamaRequest, route: str) -> Response:
    caller = caller_of(request)
    wanted = [await unwrapped(one) for one in asked.answers()]
    if asked.stream:
        one = _One(service, asked, wanted[0], route, caller)
        return EventStream(_events(one), _error_event, lambda: one.answering.headers)
    ones = [_One(service, asked, each, route, caller) for each in wanted]

    async def make() -> Response:
        bodies = await _together(ones)
        return JSONResponse(bodies if asked.n_cmpl > 1 else bodies[0], headers=ones[0].answering.headers)

    return WhileConnected(make)


class _One:
    """One answer that is under way."""

    def __init__(self, service: Service, asked: LlamaRequest, wanted: Wanted, route: str, caller: Caller) -> None:
        self.asked = asked
        self.wanted = wanted
        self.info = service.assistant.engine.info
        self.watch = Watch()
        request_id = f"llama-{os.urandom(12).hex()}"
        self.answering: Answering = ask(service, wanted, request_id, route, caller, is_streamed=asked.stream)
        limits = Limits(asked.n_indent, asked.t_max_prompt_ms, asked.t_max_predict_ms)
        self.deltas = within(self.answering, limits, self.watch)

    def told(self, answer: Answer) -> dict[str, Any]:
        """The answer as the client wants it."""
        return only(whole_answer(self.asked, self.wanted, self.info, answer, self.watch), self.asked.response_fields)

    async def body(self, index: int) -> dict[str, Any]:
        """All of it at once."""
        answer = await collect(self.deltas)
        if self.asked.n_predict == 0:
            answer = Answer("", answer.usage, "length")
        body = self.told(answer)
        return body | {"index": index} if "index" in body else body


async def _together(ones: list[_One]) -> list[dict[str, Any]]:
    """All answers, which the engine works on at the same time; one that fails ends the others."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one.body(index)) for index, one in enumerate(ones)]
    except* CodeassistError as errors:
        raise errors.exceptions[0] from None
    finally:
        for one in ones:
            await one.answering.aclose()
    return [task.result() for task in tasks]


async def _events(one: _One) -> AsyncGenerator[str, None]:
    """Pieces of text, then the whole answer's figures without its text."""
    usage, reason = Usage(), None
    is_warm_up = one.asked.n_predict == 0
    async with aclosing(one.deltas):
        async for delta in one.deltas:
            usage, reason = delta.usage, delta.finish_reason
            if delta.text and not is_warm_up:
                yield compact_json(partial_answer(delta))
    yield compact_json(one.told(Answer("", usage, "length" if is_warm_up else reason or "stop")))


def _error_event(error: CodeassistError) -> str:
    return error_event(error, COMPLETION)


def _props(service: Service) -> dict[str, Any]:
    """What of llama.cpp's description a client can make something of."""
    info = service.assistant.engine.info
    return {
        "default_generation_settings": {
            "n_ctx": info.context_tokens,
            "params": {"n_predict": info.completion_tokens, "temperature": 0.0, "top_p": 1.0, "stop": []},
        },
        "total_slots": len(_slots(service)),
        "model_alias": info.name,
        "model_path": info.name,
        "chat_template": "",
        "modalities": {"vision": False, "audio": False},
        "build_info": f"codeassist {__version__}",
    }


def _slots(service: Service) -> list[dict[str, Any]]:
    """One for each running request and one that is free: there is always room for another."""
    n_ctx = service.assistant.engine.info.context_tokens
    tasks = [record.number for record in service.journal.running]
    busy = [{"id": number, "id_task": task, "n_ctx": n_ctx, "is_processing": True} for number, task in enumerate(tasks)]
    return [*busy, {"id": len(busy), "id_task": -1, "n_ctx": n_ctx, "is_processing": False}]
