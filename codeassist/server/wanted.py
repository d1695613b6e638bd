"""What a client of llama.cpp or of Ollama wants of the model that fills gaps, and how the service is asked for it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from codeassist.server.caller import Caller
from codeassist.server.service import Answering, Service
from codeassist.types import FimRequest, GenerationRequest, ModelInfo, Snippet
from codeassist.unwrapping import unwrap


@dataclass(frozen=True, slots=True)
class Wanted:
    """A gap where there is a `suffix`, else a prompt to be continued as it is.

    snippets: what the client sent of other files, best first. max_tokens: None for what the model advises.
    """

    prompt: str | tuple[int, ...]
    suffix: str | None = None
    path: str = ""
    snippets: tuple[Snippet, ...] = ()
    max_tokens: int | None = None
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int | None = None
    stop: tuple[str, ...] = ()


async def unwrapped(wanted: Wanted) -> Wanted:
    """The gap that a prompt with a model's sentinels stands for; other prompts as they are."""
    if wanted.suffix is not None or not isinstance(wanted.prompt, str):
        return wanted
    gap = await asyncio.to_thread(unwrap, wanted.prompt)
    if gap is None:
        return wanted
    return replace(wanted, prompt=gap.prefix, suffix=gap.suffix, path=gap.path, snippets=gap.snippets)


def ask(
    service: Service, wanted: Wanted, request_id: str, route: str, caller: Caller, *, is_streamed: bool
) -> Answering:
    """The answer. Leaving the loop aborts it. Raises EngineUnavailable at once where none can come."""
    max_tokens = _max_tokens(wanted, service.assistant.engine.info)
    if wanted.suffix is not None and isinstance(wanted.prompt, str):
        gap = FimRequest(
            id=request_id,
            prefix=wanted.prompt,
            suffix=wanted.suffix,
            max_tokens=max_tokens,
            stop=wanted.stop,
            temperature=wanted.temperature,
            top_p=wanted.top_p,
            seed=wanted.seed,
            path=wanted.path,
            snippets=wanted.snippets,
            wants_context=caller.wants_context,
            client=caller.name,
        )
        return service.fim(gap, caller, route, is_streamed=is_streamed)
    request = GenerationRequest(
        id=request_id,
        prompt=wanted.prompt,
        max_tokens=max_tokens,
        stop=wanted.stop,
        temperature=wanted.temperature,
        top_p=wanted.top_p,
        seed=wanted.seed,
        client=caller.name,
    )
    return service.generate(request, caller, route, is_streamed=is_streamed)


def _max_tokens(wanted: Wanted, info: ModelInfo) -> int:
    """Clients ask for thousands as a matter of course; the prompt is not cut down to make room for them."""
    room = max(info.context_tokens - info.prompt_tokens, info.completion_tokens)
    if isinstance(wanted.prompt, tuple):
        room = max(info.context_tokens - len(wanted.prompt), 1)
    return min(wanted.max_tokens or info.completion_tokens, room)
