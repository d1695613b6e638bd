"""A queue for a few seats: the most urgent first, then the client that has had least, then who came first.

What a client has had is counted in tokens. Who comes, or comes back, starts where the client stands that was seated
last: having been away earns nothing, and a flood of requests delays nobody else by more than what is running.
Source: Sheng et al., "Fairness in Serving Large Language Models" (OSDI 2024), the virtual token counter.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from types import TracebackType

from codeassist.types import Priority

# What a request costs its client before it has generated anything, in generated tokens: reading a prompt that is
# mostly in the KV cache takes about as long.
SEATING_TOKENS = 16
# Counters of so many clients are kept while they are away with more behind them than others have had.
KEPT_CLIENTS = 1024


class Seat:
    """One request that wants a turn: `async with seat` waits for it and holds it for the length of the block.

    size: seats that it takes, for a request of several answers.
    """

    __slots__ = ("_turns", "arrival", "client", "is_taken", "priority", "size", "turn")

    def __init__(self, turns: Turns, priority: int, client: str, size: int) -> None:
        self._turns = turns
        self.priority = priority
        self.client = client
        self.size = size
        self.arrival = 0
        self.is_taken = False
        self.turn: asyncio.Future[None] | None = None

    async def __aenter__(self) -> Seat:
        await self._turns.take(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        self._turns.give_back(self)

    def raise_to(self, priority: int) -> None:
        """Somebody waits for it who is more urgent; no longer of use once it is taken."""
        if priority < self.priority:
            self.priority = priority
            self._turns.wake()

    def charge(self, n_tokens: int) -> None:
        """The client got so many tokens. Only while the seat is held."""
        self._turns.charge(self, n_tokens)


class Turns:
    """At most `n_seats` may work at once; the last `n_reserved` of them are for completions alone.

    Not thread-safe: one event loop owns it.
    """

    def __init__(self, n_seats: int, n_reserved: int = 0) -> None:
        """Someone besides completions must have a seat, so at most `n_seats` - 1 are reserved."""
        self._free = n_seats
        self._n_reserved = min(n_reserved, n_seats - 1)
        self._most = n_seats - self._n_reserved
        self._n_arrivals = 0
        self._waiting: dict[Seat, None] = {}
        self._present: Counter[str] = Counter()
        self._served: dict[str, int] = {}
        self._level = 0

    @property
    def n_waiting(self) -> int:
        """Requests that wait for their turn."""
        return len(self._waiting)

    @property
    def n_free(self) -> int:
        """Seats that nobody holds."""
        return self._free

    @property
    def n_clients(self) -> int:
        """Clients that something is remembered of."""
        return len(self._served.keys() | self._present.keys())

    def seat(self, priority: int, client: str = "", size: int = 1) -> Seat:
        """A seat to wait for and to hold: `async with`. A smaller priority is seated first. size: as many seats at
        once, of those that everybody may have."""
        return Seat(self, priority, client, max(1, min(size, self._most)))

    async def take(self, seat: Seat) -> None:
        """Wait for a turn. Leaving the wait, however it happens, leaves the queue."""
        self._arrive(seat)
        seat.turn = asyncio.get_running_loop().create_future()
        self._waiting[seat] = None
        self.wake()
        try:
            await seat.turn
        except asyncio.CancelledError:
            self.give_back(seat)
            raise

    def give_back(self, seat: Seat) -> None:
        """A seat is free again, or somebody stopped waiting for one."""
        self._waiting.pop(seat, None)
        self._free += seat.size * seat.is_taken
        seat.is_taken = False
        self._depart(seat.client)
        self.wake()

    def wake(self) -> None:
        """Seat whoever may be seated."""
        while self._free and self._waiting:
            seat = min(self._waiting, key=self._rank)
            if self._free - seat.size < (0 if seat.priority <= Priority.COMPLETION else self._n_reserved):
                return
            del self._waiting[seat]
            if seat.turn is not None and not seat.turn.done():  # done: cancelled a moment ago
                self._sit(seat, seat.turn)

    def charge(self, seat: Seat, n_tokens: int) -> None:
        """A client that holds a seat got so many tokens."""
        self._served[seat.client] += n_tokens

    def _rank(self, seat: Seat) -> tuple[int, int, int]:
        return seat.priority, self._served[seat.client], seat.arrival

    def _sit(self, seat: Seat, turn: asyncio.Future[None]) -> None:
        self._free -= seat.size
        seat.is_taken = True
        self._level = max(self._level, self._served[seat.client])
        self._served[seat.client] += SEATING_TOKENS
        turn.set_result(None)

    def _arrive(self, seat: Seat) -> None:
        self._n_arrivals += 1
        seat.arrival = self._n_arrivals
        if not self._present[seat.client]:
            self._served[seat.client] = max(self._served.get(seat.client, 0), self._level)
        self._present[seat.client] += 1

    def _depart(self, client: str) -> None:
        self._present[client] -= 1
        if self._present[client]:
            return
        del self._present[client]
        if not self._present:
            self._served.clear()
            self._level = 0
        elif self._served[client] <= self._level:
            del self._served[client]
        elif len(self._served) > KEPT_CLIENTS + len(self._present):
            self._served = {name: self._served[name] for name in self._present}
