"""What a request is in vLLM's words, and how an answer's end is in ours. Importing it imports torch."""

from __future__ import annotations

from typing import Any

from vllm import SamplingParams
from vllm.sampling_params import RequestOutputKind

from codeassist.types import FinishReason, GenerationRequest


def sampling_params(request: GenerationRequest, stop_tokens: list[int], **changes: Any) -> SamplingParams:
    """changes: fields of SamplingParams that differ."""
    return SamplingParams(
        temperature=request.temperature,
        top_p=request.top_p,
        seed=request.seed,
        stop_token_ids=stop_tokens,
        logprobs=request.top_logprobs if request.logprobs else None,
        detokenize=False,
        output_kind=RequestOutputKind.DELTA,
        **changes,
    )


def finish_reason(reason: str | None, *, stopped: bool) -> FinishReason | None:
    """None while the answer goes on. stopped: whether a stop text ended it."""
    if stopped or reason == "stop":
        return "stop"
    if reason is None:
        return None
    return "length" if reason == "length" else "abort"
