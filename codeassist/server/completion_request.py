"""The body of `POST /v1/completions`, read strictly: what we would not honour is refused, not ignored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from codeassist.engine.fields import flag, number, positive, text
from codeassist.server.body import Body
from codeassist.server.completion_fields import (
    MAX_CHOICES,
    characters,
    count,
    few,
    prompts,
    seed,
    stop,
    stream_options,
    temperature,
    top_logprobs,
    top_p,
)
from codeassist.server.problems import Problem

Prompt = str | tuple[int, ...]

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
    fields = Body(body)
    fields.ignore(IGNORED)
    include_usage, continuous_usage = fields.take("stream_options", stream_options, (False, False))
    request = CompletionRequest(
        prompts=fields.require("prompt", prompts),
        suffix=fields.take("suffix", characters, None),
        max_tokens=fields.take("max_tokens", positive, None),
        temperature=fields.take("temperature", temperature, 0.0),
        top_p=fields.take("top_p", top_p, 1.0),
        seed=fields.take("seed", seed, None),
        stop=fields.take("stop", stop, ()),
        stream=fields.take("stream", flag, False),
        include_usage=include_usage,
        continuous_usage=continuous_usage,
        n=fields.take("n", few(MAX_CHOICES), 1),
        top_logprobs=fields.take("logprobs", top_logprobs, None),
        model=fields.take("model", text, ""),
    )
    _require_answerable(request)
    _refuse_best(fields, request)
    if request.temperature == 0:
        for name in FILTERS:
            fields.take(name, number, 0.0)
    fields.require_neutral(NEUTRAL)
    fields.require_neutral(FILTERS, ", or send a `temperature` of 0")
    fields.finish()
    return request


def _require_answerable(request: CompletionRequest) -> None:
    if request.suffix is not None and not all(isinstance(prompt, str) for prompt in request.prompts):
        raise Problem(400, "a `suffix` needs a `prompt` that is text, not token ids", param="prompt")
    n_choices = len(request.prompts) * request.n
    if n_choices > MAX_CHOICES:
        message = f"{len(request.prompts)} prompts with {request.n} answers each are {n_choices}; at most {MAX_CHOICES}"
        raise Problem(400, f"{message} are given, ask in several requests", param="n")


def _refuse_best(fields: Body, request: CompletionRequest) -> None:
    """Of as many answers as are wanted, all are the best ones."""
    if fields.take("best_of", count, request.n) != request.n:
        message = "`best_of` is not supported; leave it out (or send what `n` says), and ask for `n` answers"
        raise Problem(400, message, param="best_of", code="unsupported_field")
