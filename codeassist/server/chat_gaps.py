"""Gaps that come as a chat: Continue's provider `openai` sends the prompt that it has rendered as one user message
where the model's name begins with "o" or "gpt", or `useLegacyCompletionsEndpoint` is off.

The model that fills gaps answers it, in the shape of a chat.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from codeassist.server.completion_request import CompletionRequest, read_completion_request
from codeassist.server.connection import computed
from codeassist.server.problems import Problem
from codeassist.unwrapping import unwrap

# Fields of a chat that say something of messages alone.
_OF_CHATS = ("messages", "max_completion_tokens", "parallel_tool_calls", "reasoning_effort", "tool_choice")
# Fields of a chat that no gap has.
_TELLING = ("tools", "functions", "response_format")


async def read_chat_gap(body: Mapping[str, Any]) -> CompletionRequest | None:
    """The gap that a chat asks for; None for a chat. Raises Problem for what would not be honoured."""
    prompt = _only_text(body["messages"])
    if prompt is None or any(body.get(name) for name in _TELLING):
        return None
    if await computed(lambda: unwrap(prompt), len(prompt)) is None:
        return None
    if body.get("logprobs"):
        message = "`logprobs` is not supported where a chat asks for a gap; ask /v1/completions"
        raise Problem(400, message, param="logprobs", code="unsupported_field")
    rest = {name: value for name, value in body.items() if name not in (*_OF_CHATS, *_TELLING, "prompt", "suffix")}
    if body.get("max_completion_tokens") is not None:
        rest["max_tokens"] = body["max_completion_tokens"]
    return read_completion_request({**rest, "prompt": prompt})


def _only_text(messages: list[Any]) -> str | None:
    """The text of the one message of the user's, where there is nothing else."""
    message = messages[0] if len(messages) == 1 else None
    if not isinstance(message, dict) or message.get("role") != "user":
        return None
    content = message.get("content")
    part = content[0] if isinstance(content, list) and len(content) == 1 else None
    if isinstance(part, dict) and part.get("type") == "text":
        content = part.get("text")
    return content if isinstance(content, str) else None
