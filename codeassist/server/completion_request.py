"""The body of `POST /v1/completions`, read strictly: what we would not honour is refused, not ignored."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from codeassist.engine.fields import flag, positive, text
from codeassist.server.completion_fields import (
    characters,
    count,
    few,
    prompts,
    seed,
    stop,
    stream_options,
    take,
    temperature,
    top_logprobs,
    top_p,
)
from codeassist.server.problems import Problem

Prompt = str | tuple[int, ...]

# Answers to one request, those to several prompts taken together.
MAX_CHOICES = 16

# Fields of the standard and of other servers that we accept only where they ask for nothing: the values that do.
NEUTRAL: Mapping[str, tuple[object, ...]] = {
    "echo": (False,),
    "presence_penalty": (0,),
    "frequency_penalty": (0,),
    "repetition_penalty": (1,),
    "length_penalty": (1,),
    "logit_bias": ({},),
    "min_tokens": (0,),
    "ignore_eos": (False,),
    "use_beam_search": (False,),
    "skip_special_tokens": (True,),
    "spaces_between_special_tokens": (True,),
    "add_special_tokens": (True,),
    "include_stop_str_in_output": (False,),
    "stop_token_ids": ([],),
    "store": (False,),
    "response_format": ({"type": "text"},),
}
# These only cut off unlikely tokens: without a temperature there is nothing for them to cut off, and any value will do.
FILTERS: Mapping[str, tuple[object, ...]] = {
    "top_k": (0, -1),
    "min_p": (0,),
    "typical_p": (1,),
    "tfs_z": (1,),
    "top_a": (0,),
}
# What has no effect on an answer: who asks, and how another server would keep its caches.
IGNORED = (
    "user",
    "metadata",
    "request_id",
    "cache_prompt",
    "cache_salt",
    "id_slot",
    "keep_alive",
    "priority",
    "prompt_cache_key",
    "safety_identifier",
    "service_tier",
)


@dataclass(frozen=True, slots=True)
class CompletionRequest:
    """What a client asks for.

    prompts: each is text or token ids; with a `suffix` it is the text before the gap. n: answers to each of them.
    top_logprobs: None for no log-probabilities, else how many of the likeliest tokens each comes with.
    continuous_usage: whether every event of a stream has the usage so far.
    """

    prompts: tuple[Prompt, ...]
    suffix: str | None
    max_tokens: int | None
    temperature: float
    top_p: float
    seed: int | None
    stop: tuple[str, ...]
    stream: bool
    include_usage: bool
    continuous_usage: bool = False
    n: int = 1
    top_logprobs: int | None = None
    model: str = ""

    @property
    def prompt(self) -> Prompt:
        """The first prompt, which mostly is the only one."""
        return self.prompts[0]


def read_completion_request(body: Mapping[str, Any]) -> CompletionRequest:
    """The request; null counts as not given. Raises Problem naming the field."""
    rest = {key: value for key, value in body.items() if value is not None and key not in IGNORED}
    if "prompt" not in rest:
        raise Problem(400, "`prompt` is missing", param="prompt", code="missing_field")
    include_usage, continuous_usage = take(rest, "stream_options", stream_options, (False, False))
    request = CompletionRequest(
        prompts=take(rest, "prompt", prompts, ()),
        suffix=take(rest, "suffix", characters, None),
        max_tokens=take(rest, "max_tokens", positive, None),
        temperature=take(rest, "temperature", temperature, 0.0),
        top_p=take(rest, "top_p", top_p, 1.0),
        seed=take(rest, "seed", seed, None),
        stop=take(rest, "stop", stop, ()),
        stream=take(rest, "stream", flag, False),
        include_usage=include_usage,
        continuous_usage=continuous_usage,
        n=take(rest, "n", few(MAX_CHOICES), 1),
        top_logprobs=take(rest, "logprobs", top_logprobs, None),
        model=take(rest, "model", text, ""),
    )
    _require_answerable(request)
    _refuse_best(rest, request)
    _refuse_rest(rest, is_greedy=request.temperature == 0)
    return request


def _require_answerable(request: CompletionRequest) -> None:
    if request.suffix is not None and not all(isinstance(prompt, str) for prompt in request.prompts):
        raise Problem(400, "a `suffix` needs a `prompt` that is text, not token ids", param="prompt")
    n_choices = len(request.prompts) * request.n
    if n_choices > MAX_CHOICES:
        message = f"{len(request.prompts)} prompts with {request.n} answers each are {n_choices}; at most {MAX_CHOICES}"
        raise Problem(400, f"{message} are given, ask in several requests", param="n")


def _refuse_best(rest: dict[str, Any], request: CompletionRequest) -> None:
    """Of as many answers as are wanted, all are the best ones."""
    if take(rest, "best_of", count, request.n) != request.n:
        message = "`best_of` is not supported; leave it out (or send what `n` says), and ask for `n` answers"
        raise Problem(400, message, param="best_of", code="unsupported_field")


def _refuse_rest(rest: Mapping[str, Any], *, is_greedy: bool) -> None:
    neutral = {**NEUTRAL, **FILTERS}
    for name, value in rest.items():
        if name not in neutral:
            raise Problem(400, f"unknown field `{name}`; it would not be honoured", param=name, code="unknown_field")
        if name in FILTERS and is_greedy and isinstance(value, int | float):
            continue
        if not any(value == other and isinstance(value, bool) == isinstance(other, bool) for other in neutral[name]):
            allowed = " or ".join([*map(json.dumps, neutral[name]), "null"])
            remedy = f"leave it out (or send {allowed})" + (", or send a `temperature` of 0" * (name in FILTERS))
            raise Problem(400, f"`{name}` is not supported; {remedy}", param=name, code="unsupported_field")
