"""An OpenAI-compatible server on a real socket, for the tests of the remote engine."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from loopback import serving
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from codeassist.engine.remote import RemoteEngine
from codeassist.types import ModelInfo

INFO = ModelInfo("remote", "deepseek", 4096, 1536)
MODELS = {"data": [{"id": "coder", "max_model_len": 2048}, {"id": "other"}]}
USAGE = {"prompt_tokens": 4, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 3}}


def chunk(text: str, **changes: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "text": text, "finish_reason": None} | changes]}


GOOD = [chunk("a"), chunk("b", finish_reason="stop"), {"choices": [], "usage": USAGE}]


def sse(events: list[Any]) -> str:
    return "".join(f"data: {json.dumps(event)}\n\n" for event in events)


@dataclass
class Server:
    """An OpenAI-compatible server whose answers a test sets."""

    answer: Callable[[], Response] = lambda: PlainTextResponse(sse(GOOD) + "data: [DONE]\n\n")
    models: Callable[[], Response] = lambda: JSONResponse(MODELS)
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)

    def app(self) -> Starlette:
        async def models(request: Request) -> Response:
            self.keys.append(request.headers.get("authorization"))
            return self.models()

        async def completions(request: Request) -> Response:
            self.asked.append(await request.json())
            return self.answer()

        return Starlette(routes=[Route("/v1/models", models), Route("/v1/completions", completions, methods=["POST"])])


@asynccontextmanager
async def connected(server: Server, **options: Any) -> AsyncIterator[RemoteEngine]:
    async with serving(server.app()) as address:
        engine = RemoteEngine(f"{address}/v1", INFO, **options)
        try:
            yield engine
        finally:
            await engine.close()
