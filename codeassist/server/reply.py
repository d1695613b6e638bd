"""What all parts of one answer have in common, in every dialect that descends from OpenAI's."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from codeassist.types import FinishReason, Usage


@dataclass(frozen=True, slots=True)
class Reply:
    """prefix: how its id begins. object: what the answer calls itself."""

    prefix: str
    object: str
    model: str
    created: int = field(default_factory=lambda: int(time.time()))
    number: str = field(default_factory=lambda: os.urandom(12).hex())

    @property
    def id(self) -> str:
        """The answer's id, in the engine's log too."""
        return f"{self.prefix}-{self.number}"

    def part(self, choices: Sequence[dict[str, Any]], usage: Usage | None = None, n_context: int = 0) -> dict[str, Any]:
        """The whole answer, or one event of it. n_context: tokens that were added to the prompt, for the usage."""
        head = {"id": self.id, "object": self.object, "created": self.created, "model": self.model}
        counts = {"usage": _usage(usage, n_context)} if usage is not None else {}
        return head | {"choices": list(choices)} | counts


def standard_reason(finish_reason: FinishReason | None) -> str | None:
    """The standard knows no "abort"; an engine says it when it stopped early, and then the text is cut."""
    return "length" if finish_reason == "abort" else finish_reason


def _usage(usage: Usage, n_context: int) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens, "context_tokens": n_context},
    }
