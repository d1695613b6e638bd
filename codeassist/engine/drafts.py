"""How many tokens vLLM drafted, and how many of them the model took: counted, and told to the parent process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from itertools import zip_longest
from typing import Any

from codeassist.speculation import Speculation


class Drafts:
    """Counts what the scheduler tells of drafted tokens, and nothing else of what vLLM measures: it stands in the place
    of all loggers of vLLM's (`vllm.v1.metrics.loggers.StatLoggerBase` says what they are asked)."""

    def __init__(self, method: str) -> None:
        self.counted = Speculation(method=method)

    def record(self, scheduler_stats: Any, iteration_stats: Any = None, *_: Any, **__: Any) -> None:
        """One step of the engine."""
        # One latency for each answer that went on in this step; that of a first token is told elsewhere.
        n_steps = len(getattr(iteration_stats, "inter_token_latencies_iter", ()))
        self.counted = replace(self.counted, steps=self.counted.steps + n_steps)
        step = getattr(scheduler_stats, "spec_decoding_stats", None)
        if step is not None:
            before = self.counted
            self.counted = replace(
                before,
                drafted_tokens=before.drafted_tokens + step.num_draft_tokens,
                accepted_tokens=before.accepted_tokens + step.num_accepted_tokens,
                drafts=before.drafts + step.num_drafts,
                accepted_at=_sums(before.accepted_at, step.num_accepted_tokens_per_pos),
            )

    def log(self) -> None:
        """Nothing is logged."""

    def record_sleep_state(self, *_: Any, **__: Any) -> None:
        """It never sleeps."""

    def record_admission_rejection(self, reason: str) -> None:
        """Nothing is rejected at admission."""


def drafts_to_json(speculation: Speculation) -> dict[str, Any]:
    """What the host process tells."""
    return asdict(speculation)


def drafts_from_json(told: Mapping[str, Any]) -> Speculation:
    """What it told."""
    return Speculation(**{**told, "accepted_at": tuple(told["accepted_at"])})


def _sums(one: Sequence[int], other: Sequence[int]) -> tuple[int, ...]:
    return tuple(a + b for a, b in zip_longest(one, other, fillvalue=0))
