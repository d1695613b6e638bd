"""From what a client asks to what the service is asked."""

from __future__ import annotations

from codeassist.server.caller import Caller
from codeassist.server.completion_request import CompletionRequest
from codeassist.server.service import Answering, Service
from codeassist.types import FimRequest, GenerationRequest, ModelInfo


def ask(service: Service, asked: CompletionRequest, request_id: str, route: str, caller: Caller) -> Answering:
    """The answer. Leaving the loop aborts it. Raises EngineUnavailable at once where none can come."""
    info = service.assistant.engine.info
    if asked.suffix is not None and isinstance(asked.prompt, str):
        return service.fim(_fim_request(asked, request_id, info, caller), caller, route, is_streamed=asked.stream)
    request = GenerationRequest(
        id=request_id,
        prompt=asked.prompt,
        max_tokens=_max_tokens(asked, info),
        stop=asked.stop,
        temperature=asked.temperature,
        top_p=asked.top_p,
        seed=asked.seed,
        client=caller.name,
    )
    return service.generate(request, caller, route, is_streamed=asked.stream)


def _fim_request(asked: CompletionRequest, request_id: str, info: ModelInfo, caller: Caller) -> FimRequest:
    assert isinstance(asked.prompt, str)
    return FimRequest(
        id=request_id,
        prefix=asked.prompt,
        suffix=asked.suffix or "",
        max_tokens=_max_tokens(asked, info),
        stop=asked.stop,
        temperature=asked.temperature,
        top_p=asked.top_p,
        seed=asked.seed,
        wants_context=caller.wants_context,
        client=caller.name,
    )


def _max_tokens(asked: CompletionRequest, info: ModelInfo) -> int:
    """Clients ask for thousands as a matter of course; the prompt is not cut down to make room for them."""
    room = max(info.context_tokens - info.prompt_tokens, info.completion_tokens)
    if isinstance(asked.prompt, tuple):
        room = max(info.context_tokens - len(asked.prompt), 1)
    return min(asked.max_tokens or info.completion_tokens, room)
