"""A queue for a few seats: the most urgent waits least, equals go in order of arrival."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """At most `n_seats` may work at once."""

    def __init__(self, n_seats: int) -> None:
        self._free = n_seats
        self._arrivals = 0
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []

    @asynccontextmanager
    async def seat(self, priority: int) -> AsyncIterator[None]:
        """Hold a seat for the length of the block; a smaller priority is seated first."""
        await self._take(priority)
        try:
            yield
        finally:
            self._free += 1
            self._wake()

    async def _take(self, priority: int) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._arrivals += 1
        heapq.heappush(self._waiting, (priority, self._arrivals, turn))
        self._wake()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._free += 1
                self._wake()
            raise

    def _wake(self) -> None:
        while self._free and self._waiting:
            _, _, turn = heapq.heappop(self._waiting)
            if not turn.done():
                self._free -= 1
                turn.set_result(None)
