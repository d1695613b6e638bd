"""The answers of llama.cpp's dialect."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from codeassist.server.deltas import Answer
from codeassist.server.llama_request import LlamaRequest
from codeassist.server.wanted import Wanted
from codeassist.server.watch import Watch
from codeassist.types import Delta, ModelInfo

# No slot is the client's own here: every request has one for as long as it runs.
_NO_SLOT = -1


def whole_answer(asked: LlamaRequest, wanted: Wanted, info: ModelInfo, answer: Answer, watch: Watch) -> dict[str, Any]:
    """One answer with all that llama.cpp says of it.

    stop_type: the engine does not tell the model's own end from a text of `stop`: "eos" where no texts were sent, else
    "word", without saying which.
    """
    n_predicted = 0 if asked.n_predict == 0 else answer.usage.completion_tokens
    stopped = "word" if wanted.stop else "eos"
    return {
        "index": 0,
        "content": answer.text,
        "tokens": [],
        "id_slot": _NO_SLOT,
        "stop": True,
        "model": info.name,
        "tokens_predicted": n_predicted,
        "tokens_evaluated": answer.usage.prompt_tokens,
        "generation_settings": _settings(asked, wanted, info),
        "has_new_line": "\n" in answer.text,
        "truncated": answer.usage.prompt_tokens + n_predicted >= info.context_tokens,
        "stop_type": stopped if answer.finish_reason == "stop" else "limit",
        "stopping_word": "",
        "tokens_cached": answer.usage.cached_tokens,
        "timings": _timings(answer, n_predicted, watch),
    }


def partial_answer(delta: Delta) -> dict[str, Any]:
    """One event of a stream before its last."""
    return {
        "index": 0,
        "content": delta.text,
        "tokens": [],
        "stop": False,
        "id_slot": _NO_SLOT,
        "tokens_predicted": delta.usage.completion_tokens,
        "tokens_evaluated": delta.usage.prompt_tokens,
    }


def only(answer: dict[str, Any], paths: Sequence[str]) -> dict[str, Any]:
    """The fields that a client wants, all for (): those inside of an object under their whole path; missing ones are
    left out."""
    if not paths:
        return answer
    found: dict[str, Any] = {}
    for path in paths:
        value: Any = answer
        for name in path.split("/"):
            value = value.get(name) if isinstance(value, dict) else None
        if value is not None:
            found[path] = value
    return found


def _settings(asked: LlamaRequest, wanted: Wanted, info: ModelInfo) -> dict[str, Any]:
    return {
        "n_ctx": info.context_tokens,
        "n_predict": -1 if asked.n_predict is None else asked.n_predict,
        "temperature": wanted.temperature,
        "top_p": wanted.top_p,
        "seed": -1 if wanted.seed is None else wanted.seed,
        "stop": list(wanted.stop),
        "stream": asked.stream,
    }


def _timings(answer: Answer, n_predicted: int, watch: Watch) -> dict[str, float]:
    n_prompt = answer.usage.prompt_tokens - answer.usage.cached_tokens
    return {
        "cache_n": answer.usage.cached_tokens,
        **_pace("prompt", n_prompt, watch.prompt_ms),
        **_pace("predicted", n_predicted, watch.predict_ms),
    }


def _pace(name: str, n_tokens: int, ms: float) -> dict[str, float]:
    return {
        f"{name}_n": n_tokens,
        f"{name}_ms": ms,
        f"{name}_per_token_ms": ms / n_tokens if n_tokens else 0.0,
        f"{name}_per_second": 1000 * n_tokens / ms if ms else 0.0,
    }
