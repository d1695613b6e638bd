"""What an engine refuses before any work is done."""

from __future__ import annotations

from codeassist.errors import RequestRejected
from codeassist.types import GenerationRequest, ModelInfo


def require_fitting(request: GenerationRequest, n_prompt_tokens: int, info: ModelInfo) -> None:
    """Raises RequestRejected when the model cannot hold the request or the engine cannot force its prefix."""
    if request.forced_prefix and not info.supports_forced_prefix:
        raise RequestRejected("this engine cannot force the start of an answer; leave forced_prefix empty")
    if request.max_tokens < 1:
        raise RequestRejected("max_tokens must be at least 1")
    n_asked = n_prompt_tokens + request.max_tokens
    if n_asked > info.context_tokens:
        raise RequestRejected(f"{n_asked} tokens asked for, the model's context holds {info.context_tokens}")
