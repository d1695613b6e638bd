"""How many tokens vLLM drafted, and how many of them the model took."""

from __future__ import annotations

from typing import Any

from codeassist.types import Speculation


class Drafts:
    """Counts what the scheduler tells of drafted tokens, and nothing else of what vLLM measures: it stands in the place
    of all loggers of vLLM's (`vllm.v1.metrics.loggers.StatLoggerBase` says what they are asked)."""

    def __init__(self) -> None:
        self.counted = Speculation()

    def record(self, scheduler_stats: Any, *_: Any, **__: Any) -> None:
        """One step of the engine."""
        step = getattr(scheduler_stats, "spec_decoding_stats", None)
        if step is not None:
            drafted = self.counted.drafted_tokens + step.num_draft_tokens
            self.counted = Speculation(drafted, self.counted.accepted_tokens + step.num_accepted_tokens)

    def log(self) -> None:
        """Nothing is logged."""

    def record_sleep_state(self, *_: Any, **__: Any) -> None:
        """It never sleeps."""

    def record_admission_rejection(self, reason: str) -> None:
        """Nothing is rejected at admission."""
