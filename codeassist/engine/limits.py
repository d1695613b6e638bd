"""What an engine refuses before any work is done."""

from __future__ import annotations

from codeassist.errors import RequestRejected
from codeassist.types import GenerationRequest, ModelInfo

# At most so many tokens are scored at once: the logits of each are a number per token of the vocabulary, in 16 bits and
# in 32, which is 0.6 GB beside all that vLLM has reserved, for DeepSeek's vocabulary of 102,400.
MOST_SCORED = 1024


def is_whole(text: str) -> bool:
    """Whether a text is all characters, and no half of a surrogate pair is in it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def require_fitting(request: GenerationRequest, n_prompt_tokens: int, info: ModelInfo) -> None:
    """Raises RequestRejected when the model cannot hold the request or the engine cannot force its prefix."""
    if request.forced_prefix and not info.supports_forced_prefix:
        raise RequestRejected("this engine cannot force the start of an answer; leave forced_prefix empty")
    if request.adapter and not info.base:
        raise RequestRejected("this engine answers with the model as it is; leave adapter empty")
    if request.score_last:
        require_scorable(request, info)
    if request.max_tokens < 1:
        raise RequestRejected("max_tokens must be at least 1")
    if request.seed is not None and not 0 <= request.seed < 2**63:
        raise RequestRejected("the seed must be at least 0 and less than 2**63")
    texts = [request.forced_prefix, *request.stop, request.prompt if isinstance(request.prompt, str) else ""]
    if any(not is_whole(text) for text in texts):
        raise RequestRejected("a text of the request holds half of a surrogate pair, which is no character")
    n_asked = n_prompt_tokens + request.max_tokens
    if n_asked > info.context_tokens:
        raise RequestRejected(too_long(n_prompt_tokens, request.max_tokens, info.context_tokens))


def require_scorable(request: GenerationRequest, info: ModelInfo) -> None:
    """Raises RequestRejected when the prompt's end cannot be scored as asked."""
    if not info.supports_scoring:
        raise RequestRejected("this engine cannot score a prompt; leave score_last at 0")
    if isinstance(request.prompt, str) or not 0 < request.score_last < len(request.prompt):
        raise RequestRejected("score_last wants a prompt of token ids that is longer than what is scored")
    if request.score_last > MOST_SCORED:
        raise RequestRejected(
            f"at most {MOST_SCORED} tokens are scored at once; ask for the end of a shorter prompt first"
        )
    if request.max_tokens != 1 or request.forced_prefix:
        raise RequestRejected("a prompt is scored with max_tokens 1 and without a forced prefix")


def too_long(n_prompt_tokens: int, max_tokens: int, context_tokens: int) -> str:
    """What to tell whoever asks for more than the model's context holds."""
    return (
        f"the prompt's {n_prompt_tokens} tokens and max_tokens {max_tokens} are more than the model's context holds, "
        f"which is {context_tokens}; shorten the prompt or lower max_tokens"
    )
