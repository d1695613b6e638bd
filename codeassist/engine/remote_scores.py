"""The end of a prompt scored by a vLLM that serves OpenAI's completions (pure).

Source: vLLM's `prompt_logprobs`, of /v1/completions without `stream`: per token of the prompt an object of what could
have stood there, by token id, {"logprob", "rank", "decoded_token"}; null for the first token.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from codeassist.engine.completions import completion_body
from codeassist.engine.fields import Misfit, mapping, number
from codeassist.engine.vllm_scores import scored_tokens
from codeassist.engine.vocabulary import Vocabulary
from codeassist.errors import RequestRejected
from codeassist.types import Delta, GenerationRequest, Usage

_VLLM = "vllm"


@dataclass(frozen=True, slots=True)
class _Candidate:
    logprob: float


def serves_scores(listing: object, model: str) -> bool:
    """Whether a server's list of models says that vLLM serves this one: others know no `prompt_logprobs`."""
    entries = listing.get("data") if isinstance(listing, dict) else None
    named = [entry for entry in entries or () if isinstance(entry, dict) and entry.get("id") == model]
    return any(entry.get("owned_by") == _VLLM for entry in named)


def scoring_body(request: GenerationRequest, model: str) -> dict[str, Any]:
    """The JSON body."""
    body = completion_body(request, model) | {"stream": False, "prompt_logprobs": request.top_logprobs}
    del body["stream_options"]
    return body


def read_scores(answer: object, request: GenerationRequest, vocabulary: Vocabulary) -> Delta:
    """The one delta of the answer. Raises RequestRejected where the server has not scored the prompt."""
    assert not isinstance(request.prompt, str)
    try:
        choice = _choice(answer)
        found = choice.get("prompt_logprobs")
        if not isinstance(found, list):
            raise Misfit("no prompt_logprobs")
        rows = [_row(row) for row in found]
        scored = scored_tokens(vocabulary, request.prompt, rows, request.score_last, 0, request.top_logprobs)
    except (Misfit, KeyError, ValueError) as fault:
        raise RequestRejected(f"the server scores no prompt as vLLM does: {fault}; leave score_last at 0") from None
    if len(rows) != len(request.prompt) or len(scored) != request.score_last:
        raise RequestRejected("the server has scored other tokens than the prompt's; check engine.tokenizer")
    return Delta("", Usage(len(request.prompt), 0, 1), (), "length", scored=scored)


def _choice(answer: object) -> dict[str, Any]:
    choices = mapping(answer).get("choices")
    if not isinstance(choices, list) or not choices:
        raise Misfit("no choices")
    return mapping(choices[0])


def _row(value: object) -> Mapping[int, _Candidate] | None:
    if value is None:
        return None
    return {int(token): _Candidate(number(mapping(found).get("logprob"))) for token, found in mapping(value).items()}
