"""How long an answer takes, for dialects that tell."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field

from codeassist.server.service import Answering
from codeassist.types import Delta

Clock = Callable[[], float]


@dataclass(slots=True)
class Watch:
    """When things happened, in seconds of `clock`."""

    clock: Clock = time.perf_counter
    started: float = field(default=0.0)
    first_text: float | None = None
    ended: float | None = None

    def __post_init__(self) -> None:
        self.started = self.clock()

    @property
    def prompt_ms(self) -> float:
        """From the request to the first text of the answer, or to its end where there was none."""
        return self._ms(self.started, self.first_text)

    @property
    def predict_ms(self) -> float:
        """From the first text to the end."""
        return 0.0 if self.first_text is None else self._ms(self.first_text, self.ended)

    def see(self, delta: Delta) -> None:
        """A delta has come."""
        if delta.text and self.first_text is None:
            self.first_text = self.clock()
        if delta.finish_reason:
            self.end()

    def end(self) -> None:
        """Nothing follows."""
        self.ended = self.clock()

    def _ms(self, since: float, until: float | None) -> float:
        end = until if until is not None else self.ended
        return ((self.clock() if end is None else end) - since) * 1000


async def watched(answering: Answering, watch: Watch) -> AsyncGenerator[Delta, None]:
    """The deltas, while the watch runs."""
    async with aclosing(answering):
        async for delta in answering:
            watch.see(delta)
            yield delta
