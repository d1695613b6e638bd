"""From what a client asks to what the service is asked."""

from __future__ import annotations

from dataclasses import dataclass

from codeassist.fim import TEMPLATES
from codeassist.server.caller import Caller
from codeassist.server.choices import Choice
from codeassist.server.completion_request import CompletionRequest, Prompt
from codeassist.server.connection import computed
from codeassist.server.problems import Problem
from codeassist.server.service import Answering, Service
from codeassist.types import FimRequest, GenerationRequest, ModelInfo, Priority
from codeassist.unwrapping import Unwrapped, unwrap, unwrap_gap, without_sentinels


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks for what, how urgently, and under which id and route it is answered."""

    request: CompletionRequest
    id: str
    route: str
    caller: Caller
    priority: Priority = Priority.COMPLETION


async def ask(service: Service, asking: Asking) -> list[Choice]:
    """The answers, which are being made once they are read. Raises EngineUnavailable at once where none can come, and
    Problem for what this engine cannot do."""
    asked, info = asking.request, service.assistant.engine.info
    if asked.top_logprobs is not None and not info.supports_logprobs:
        message = f"the engine that runs {info.name} gives no log-probabilities; leave `logprobs` out"
        raise Problem(400, message, param="logprobs", code="unsupported_field")
    gaps = [await _gap(prompt, asked.suffix) for prompt in asked.prompts]
    choices: list[Choice] = []
    n_made = 1 if asked.temperature == 0 else asked.n
    for number, (prompt, gap) in enumerate(zip(asked.prompts, gaps, strict=True)):
        for turn in range(n_made):
            first = number * asked.n + turn
            indexes = tuple(range(first, first + asked.n)) if n_made == 1 else (first,)
            answered = answering(service, asking, prompt if gap is None else gap, first, turn)
            choices.append(Choice(answered, number, indexes))
    return choices


async def _gap(prompt: Prompt, suffix: str | None) -> Unwrapped | None:
    """The gap that is asked for; None for a prompt that is to be continued as it is."""
    if not isinstance(prompt, str):
        return None
    gap = await computed(lambda: unwrap(prompt), len(prompt)) if not suffix else None
    if gap is None and suffix is not None:
        gap = await computed(lambda: unwrap_gap(prompt, suffix), len(prompt))
    return gap


def answering(service: Service, asking: Asking, prompt: Prompt | Unwrapped, index: int, turn: int) -> Answering:
    """One answer. index: of the answer among all; turn: among those to this prompt, none of which is drawn alike."""
    asked, info = asking.request, service.assistant.engine.info
    request_id = f"{asking.id}-{index}" if index else asking.id
    seed = asked.seed if asked.seed is None else (asked.seed + turn) % 2**63
    if isinstance(prompt, Unwrapped):
        gap = _fim_request(asking, prompt, info, request_id, seed)
        return service.fim(gap, asking.caller, asking.route, is_streamed=asked.stream)
    request = GenerationRequest(
        id=request_id,
        prompt=prompt,
        max_tokens=_max_tokens(asked, prompt, info),
        stop=asked.stop,
        temperature=asked.temperature,
        top_p=asked.top_p,
        seed=seed,
        logprobs=asked.top_logprobs is not None,
        top_logprobs=asked.top_logprobs or 0,
        client=asking.caller.name,
        priority=asking.priority,
    )
    return service.continue_prompt(request, asking.caller, asking.route, is_streamed=asked.stream)


def _fim_request(asking: Asking, gap: Unwrapped, info: ModelInfo, request_id: str, seed: int | None) -> FimRequest:
    asked = asking.request
    own = TEMPLATES[info.template].specials if info.template in TEMPLATES else ()
    return FimRequest(
        id=request_id,
        prefix=gap.prefix,
        suffix=gap.suffix,
        max_tokens=_max_tokens(asked, gap.prefix, info),
        stop=without_sentinels(asked.stop, own),
        temperature=asked.temperature,
        top_p=asked.top_p,
        seed=seed,
        top_logprobs=asked.top_logprobs,
        path=gap.path,
        language=gap.language,
        snippets=gap.snippets,
        wants_context=asking.caller.wants_context,
        client=asking.caller.name,
        priority=asking.priority,
    )


def _max_tokens(asked: CompletionRequest, prompt: Prompt, info: ModelInfo) -> int:
    """Clients ask for thousands as a matter of course; the prompt is not cut down to make room for them."""
    room = max(info.context_tokens - info.prompt_tokens, info.completion_tokens)
    if isinstance(prompt, tuple):
        room = max(info.context_tokens - len(prompt), 1)
    return min(asked.max_tokens or info.completion_tokens, room)
