"""From what a client asks to what the engine is asked."""

from __future__ import annotations

from collections.abc import AsyncIterator

from codeassist.assistant import Assistant, FimOptions
from codeassist.errors import EngineUnavailable
from codeassist.server.completion_request import CompletionRequest
from codeassist.server.deltas import limited
from codeassist.types import Delta, EngineStatus, GenerationRequest, ModelInfo


def ask(assistant: Assistant, asked: CompletionRequest, request_id: str) -> AsyncIterator[Delta]:
    """The engine's answer. Leaving the loop aborts it. Raises EngineUnavailable at once where none can come."""
    _require_loaded(assistant.engine.status)
    info = assistant.engine.info
    if asked.suffix is not None and isinstance(asked.prompt, str):
        options = _fim_options(asked, info)
        return limited(assistant.fim(asked.prompt, asked.suffix, options), options.max_tokens)
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


def _require_loaded(status: EngineStatus) -> None:
    """Before anything is tokenised: a tokenizer that is read for an answer that cannot come would stop the loop.

    An engine that has been ready once judges for itself: after a failure, a remote one finds out by trying.
    """
    if status.state in ("stopped", "starting"):
        said = f" ({status.message})" if status.message else ""
        raise EngineUnavailable(f"the engine is {status.state}{said}; GET /health tells when it is ready")


def _fim_options(asked: CompletionRequest, info: ModelInfo) -> FimOptions:
    return FimOptions(_max_tokens(asked, info), asked.stop, asked.temperature, asked.top_p, asked.seed)


def _max_tokens(asked: CompletionRequest, info: ModelInfo) -> int:
    """Clients ask for thousands as a matter of course; the prompt is not cut down to make room for them."""
    room = max(info.context_tokens - info.prompt_tokens, info.completion_tokens)
    if isinstance(asked.prompt, tuple):
        room = max(info.context_tokens - len(asked.prompt), 1)
    return min(asked.max_tokens or info.completion_tokens, room)
