"""What a client of llama.cpp or of Ollama wants of the model that fills gaps, and how the service is asked for it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from codeassist.server.asking import Asking, answering
from codeassist.server.caller import Caller
from codeassist.server.completion_request import CompletionRequest, Prompt
from codeassist.server.connection import computed
from codeassist.server.service import Answering, Service
from codeassist.types import Priority
from codeassist.unwrapping import Unwrapped, unwrap, unwrap_gap


@dataclass(frozen=True, slots=True)
class Wanted:
    """A gap, or a prompt to be continued as it is. max_tokens: None for what the model advises, 0 to have the prompt
    computed alone, which costs a token that nobody is told."""

    prompt: Prompt | Unwrapped
    max_tokens: int | None = None
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int | None = None
    stop: tuple[str, ...] = ()


async def unwrapped(wanted: Wanted) -> Wanted:
    """The gap that a prompt with a model's sentinels stands for; other prompts as they are."""
    prompt = wanted.prompt
    if not isinstance(prompt, str):
        return wanted
    gap = await computed(lambda: unwrap(prompt), len(prompt))
    return wanted if gap is None else replace(wanted, prompt=gap)


async def sorted_out(wanted: Wanted) -> Wanted:
    """A gap without what its client has put in front of the prefix, as in a rendered prompt; others as they are."""
    gap = wanted.prompt
    if not isinstance(gap, Unwrapped):
        return wanted
    prefix, suffix = gap.prefix, gap.suffix
    return replace(wanted, prompt=await computed(lambda: unwrap_gap(prefix, suffix), len(prefix)))


def ask(
    service: Service, wanted: Wanted, request_id: str, route: str, caller: Caller, *, is_streamed: bool
) -> Answering:
    """The answer; a prompt that is to be computed alone lets all others go first. Leaving the loop aborts it. Raises
    EngineUnavailable at once where none can come."""
    is_ahead = wanted.max_tokens == 0
    request = CompletionRequest(
        prompts=(),
        suffix=None,
        max_tokens=1 if is_ahead else wanted.max_tokens,
        temperature=wanted.temperature,
        top_p=wanted.top_p,
        seed=wanted.seed,
        stop=wanted.stop,
        stream=is_streamed,
        include_usage=False,
    )
    priority = Priority.AHEAD if is_ahead else Priority.COMPLETION
    return answering(service, Asking(request, request_id, route, caller, priority), wanted.prompt, 0, 0)
