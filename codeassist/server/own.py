"""For our own other processes, which share this one's engine: `codeassist/engine/attached.py` is the client."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from codeassist.adapters.registry import registered_folders
from codeassist.adapters.serving import named_folder
from codeassist.assistant import Assistant
from codeassist.engine import wire
from codeassist.engine.attached import ENGINE_PATH, GENERATE_PATH, MODEL_HEADER, model_mark
from codeassist.errors import CodeassistError, EngineError, EngineUnavailable, RequestRejected
from codeassist.server.caller import caller_of
from codeassist.server.connection import EventStream, compact_json, read_as
from codeassist.server.protocol import OWN_STATE
from codeassist.server.service import Answering, Service
from codeassist.types import ModelInfo


def own_routes(service: Service) -> list[Route]:
    """Routes of this dialect."""

    async def describe(_: Request) -> Response:
        return JSONResponse(wire.engine_to_json(service.assistant.engine.info, service.assistant.engine.status))

    async def generate(request: Request) -> Response:
        _require_model(request.headers.get(MODEL_HEADER), service.assistant.engine.info)
        asked = await read_as(request, wire.request_from_json)
        is_own = getattr(request.state, OWN_STATE, False)
        if asked.adapter:
            await asyncio.to_thread(require_adapter, asked.adapter, service.assistant, is_own=is_own)
        # Every process counts its requests from 1; the engine wants ids that differ.
        caller = caller_of(request)
        # On whose behalf one asks is believed of the user's own processes alone: turns are counted by client.
        client = asked.client if is_own else ""
        unique = replace(asked, id=f"{asked.id}-{os.urandom(4).hex()}", client=client or caller.name)
        return EventStream(_events(service.generate(unique, caller, GENERATE_PATH, is_streamed=True)), _error_event)

    return [Route(ENGINE_PATH, describe), Route(GENERATE_PATH, generate, methods=["POST"])]


def _require_model(mark: str | None, info: ModelInfo) -> None:
    """Raises EngineUnavailable for a prompt that was made for another model; a request need not say."""
    if mark not in (None, model_mark(info)):
        raise EngineUnavailable(f"the prompt was made for another model than {info.name}, which runs here now")


def require_adapter(folder: str, assistant: Assistant, *, is_own: bool) -> None:
    """Raises RequestRejected for a folder that this user has not enabled: files are opened for it, and loaded. The
    user's own processes may name the adapter of any repository, others that of the workspace alone."""
    named = named_folder(assistant.settings.engine.lora)
    allowed = {Path(assistant.adapter)} if assistant.adapter else set()
    if is_own:
        allowed |= registered_folders(assistant.engine.info.base) | ({named} if named is not None else set())
    if not Path(folder).is_absolute() or Path(folder) not in allowed:
        raise RequestRejected("this adapter is not enabled here; `codeassist adapters list` shows those that are")


async def _events(answering: Answering) -> AsyncGenerator[str, None]:
    async with aclosing(answering):
        async for delta in answering:
            yield compact_json(wire.delta_event(delta))


def _error_event(error: CodeassistError) -> str:
    told = error if isinstance(error, EngineError) else EngineUnavailable(str(error))
    return compact_json(wire.error_event(told))
