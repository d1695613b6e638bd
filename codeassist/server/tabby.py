"""Tabby's dialect, for its plugins: `/v1/completions` with `segments`, its health, events and settings.

A completion is shaped as `{"id", "choices": [{"index", "text"}]}`; with its id an event later says what became of it.
"""

from __future__ import annotations

import asyncio
import os
import platform
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from codeassist import __version__
from codeassist.assistant import Assistant
from codeassist.engine.hardware import has_gpu, processor_name, vllm_runs_on_cpu
from codeassist.server.caller import Caller, caller_of
from codeassist.server.connection import WhileConnected, read_json
from codeassist.server.deltas import collect
from codeassist.server.reply import Reply
from codeassist.server.service import Answering, Service
from codeassist.server.tabby_request import TabbyRequest, read_tabby_event, read_tabby_request
from codeassist.types import FimRequest, GenerationRequest

# Whose interface this is. From 0.9.0 on clients ask for the settings, which turn off what they would send elsewhere.
TABBY_VERSION = "0.32.0"


def tabby_routes(service: Service) -> list[Route]:
    """Routes of this dialect that no other one has."""

    async def health(_: Request) -> Response:
        return JSONResponse(await asyncio.to_thread(_health, service.assistant))

    async def events(request: Request) -> Response:
        event = read_tabby_event(await read_json(request), request.query_params.get("select_kind", ""))
        service.outcomes.tell(event.completion_id, event.what, is_line=event.is_line)
        return Response()

    async def server_setting(_: Request) -> Response:
        return JSONResponse({"disable_client_side_telemetry": True})

    return [
        Route("/v1/health", health, methods=["GET", "POST"]),
        Route("/v1/events", events, methods=["POST"]),
        Route("/v1beta/server_setting", server_setting),
    ]


async def complete(service: Service, request: Request, body: Mapping[str, Any], route: str) -> Response:
    """The response to a completion request of Tabby's. Raises Problem for what would not be honoured."""
    asked = read_tabby_request(body)
    begun = time.perf_counter()
    reply_id = Reply("cmpl", "", "").id
    answering = _ask(service, asked, reply_id, route, caller_of(request))

    async def make() -> Response:
        answer = await collect(answering)
        service.outcomes.given(reply_id, answer.text, asked.language, (time.perf_counter() - begun) * 1000)
        told = {"id": reply_id, "choices": [{"index": 0, "text": answer.text}], "mode": "standard"}
        return JSONResponse(told, headers=answering.headers)

    return WhileConnected(make)


def _ask(service: Service, asked: TabbyRequest, request_id: str, route: str, caller: Caller) -> Answering:
    n_tokens = service.assistant.engine.info.completion_tokens
    if asked.raw_prompt:
        raw = GenerationRequest(request_id, asked.raw_prompt, n_tokens)
        raw = replace(raw, temperature=asked.temperature, seed=asked.seed, client=caller.name)
        return service.continue_prompt(raw, caller, route, is_streamed=False)
    gap = FimRequest(
        id=request_id,
        prefix=asked.prefix,
        suffix=asked.suffix,
        max_tokens=n_tokens,
        temperature=asked.temperature,
        seed=asked.seed,
        path=asked.path,
        language=asked.language,
        snippets=asked.snippets,
        wants_context=caller.wants_context and asked.wants_context,
        client=caller.name,
    )
    return service.fim(gap, caller, route, is_streamed=False)


def _health(assistant: Assistant) -> dict[str, Any]:
    return {
        "model": assistant.engine.info.name,
        "device": "remote" if assistant.settings.engine.kind == "remote" else _device(),
        "arch": platform.machine(),
        "cpu_info": _processor(),
        "cpu_count": os.cpu_count() or 1,
        "cuda_devices": [],
        "version": {
            "build_date": "",
            "build_timestamp": "",
            "git_sha": "",
            "git_describe": f"v{TABBY_VERSION}-codeassist-{__version__}",
        },
    }


@cache
def _device() -> str:
    return "cuda" if has_gpu() and not vllm_runs_on_cpu() else "cpu"


@cache
def _processor() -> str:
    return processor_name()
