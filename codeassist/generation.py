"""One answer of the engine, read until nothing more of it is wanted."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from codeassist.engine.streams import closing
from codeassist.gate import confidence_in
from codeassist.protocols import Engine
from codeassist.trim import TrimLimits, trim
from codeassist.types import Delta, FinishReason, GenerationRequest, Token, Usage
from codeassist.window import Window


@dataclass(slots=True)
class Answer:
    """What has come from the engine so far; `raw` includes the forced prefix. given_up_at: the confidence at which
    nobody wanted to know the rest."""

    raw: str = ""
    tokens: list[Token] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    finish_reason: FinishReason | None = None
    first_token_at: float | None = None
    given_up_at: float | None = None

    def add(self, delta: Delta) -> None:
        """Take over what one step of the engine brought."""
        if self.first_token_at is None:
            self.first_token_at = time.perf_counter()
        self.raw += delta.text
        self.tokens.extend(delta.tokens)
        self.usage = delta.usage
        self.finish_reason = delta.finish_reason


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of an answer would be shown: `n_forced` characters of it are there already, and its first line, which only
    becomes less certain with every token, must be as certain as `least`."""

    window: Window
    limits: TrimLimits
    n_forced: int
    least: float

    def ends(self, answer: Answer, delta: Delta) -> bool:
        """Whether nothing more could change what is shown; an answer that is too doubtful is given up."""
        answer.given_up_at = self._too_doubtful(answer)
        if answer.given_up_at is not None:
            return True
        return (
            "\n" in delta.text and trim(answer.raw[self.n_forced :], self.window, self.limits, finished=False).settled
        )

    def _too_doubtful(self, answer: Answer) -> float | None:
        """The confidence in what would be shown of an answer so far where it is below the least, else None."""
        raw = answer.raw[self.n_forced :]
        confidence = confidence_in(answer.tokens, self.n_forced, raw) if self.least > 0.0 else None
        if confidence is None or confidence >= self.least:
            return None
        shown = trim(raw, self.window, self.limits, finished=True).text
        confidence = confidence_in(answer.tokens, self.n_forced, shown)
        return confidence if confidence is not None and confidence < self.least else None


async def read(
    engine: Engine, request: GenerationRequest, answer: Answer, ends: Callable[[Answer, Delta], bool]
) -> None:
    """Read the engine's answer to a request until it ends or `ends` says so, which aborts the rest."""
    async with closing(engine.stream(request)) as stream:
        async for delta in stream:
            answer.add(delta)
            if ends(answer, delta):
                break


def engine_ms(sent: float, answer: Answer) -> dict[str, float]:
    """Milliseconds from `sent` to the first token, and from there until now."""
    first = answer.first_token_at or time.perf_counter()
    return {"first_token": (first - sent) * 1000, "decode": ms_since(first)}


def ms_since(moment: float) -> float:
    """Milliseconds since a moment of `time.perf_counter`."""
    return (time.perf_counter() - moment) * 1000
