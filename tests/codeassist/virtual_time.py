"""Time that passes when a test says so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class VirtualTime:
    """A clock, and a sleep that ends when the clock has been moved on far enough."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if seconds > 0:
            woken = asyncio.get_running_loop().create_future()
            self._sleepers.append((self.now + seconds, woken))
            await woken

    @property
    def n_asleep(self) -> int:
        return sum(not woken.done() for _, woken in self._sleepers)

    def pass_by(self, seconds: float) -> None:
        """Move on, and wake whoever is due."""
        self.now += seconds
        for due, woken in self._sleepers:
            if due <= self.now + 1e-9 and not woken.done():
                woken.set_result(None)


_MAX_TURNS = 10_000_000


async def until(condition: Callable[[], bool]) -> None:
    """Let everything run until something is so."""
    for _ in range(_MAX_TURNS):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came to that")
