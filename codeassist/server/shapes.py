"""The shapes in which dialects that descend from OpenAI's tell one and the same answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from codeassist.server.completion_request import CompletionRequest
from codeassist.server.reply import standard_reason
from codeassist.types import FinishReason

# Which usage the last events of a stream carry: of the last choice's end, and of an event of its own.
UsagePlaces = Callable[[CompletionRequest], tuple[bool, bool]]


def usage_afterwards(asked: CompletionRequest) -> tuple[bool, bool]:
    """As OpenAI has it: where it is asked for, in an event without choices."""
    return False, asked.include_usage


def usage_at_the_end(_: CompletionRequest) -> tuple[bool, bool]:
    """As DeepSeek and Mistral have it: always, with the last choice; clients read `choices[0]` of every event."""
    return True, False


@dataclass(frozen=True, slots=True)
class Shape:
    """prefix: how ids begin. whole, event: what an answer and an event of a stream call themselves.
    is_message: whether a choice has a message, as a chat's, and not a text."""

    prefix: str
    whole: str
    event: str
    places: UsagePlaces
    is_message: bool = False

    def choice(
        self, index: int, text: str, logprobs: dict[str, Any] | None, reason: FinishReason | None, *, is_event: bool
    ) -> dict[str, Any]:
        """One choice, or what an event adds to it. Messages come without log-probabilities."""
        said = {"text": text, "logprobs": logprobs}
        if self.is_message:
            said = {"delta" if is_event else "message": {"role": "assistant", "content": text}}
        return {"index": index, **said, "finish_reason": standard_reason(reason)}


OPENAI = Shape("cmpl", "text_completion", "text_completion", usage_afterwards)
DEEPSEEK = Shape("cmpl", "text_completion", "text_completion", usage_at_the_end)
MISTRAL = Shape("fim", "chat.completion", "chat.completion.chunk", usage_at_the_end, is_message=True)
CHAT = Shape("chatcmpl", "chat.completion", "chat.completion.chunk", usage_afterwards, is_message=True)
