"""Who looks at a journal as it changes: each change has a number, and one may wait for the next."""

from __future__ import annotations

import asyncio
from collections import deque

from codeassist.server.journal import KEPT, Journal, Record


class Feed:
    """Not thread-safe: the journal's event loop owns it."""

    def __init__(self, journal: Journal, *, kept: int = KEPT) -> None:
        self.latest = 0
        self._ended: deque[tuple[int, Record]] = deque(maxlen=kept)
        self._changed = asyncio.Event()
        journal.on_change(self._take)

    async def news(self, after: float, wait_s: float) -> None:
        """Return as soon as there is a change after this one, or the time is over. A number from the future counts as
        one of an earlier server."""
        if after == self.latest and wait_s > 0:
            changed = self._changed
            try:
                async with asyncio.timeout(wait_s):
                    await changed.wait()
            except TimeoutError:
                return

    def ended_after(self, after: float) -> list[Record]:
        """Requests that ended after this change, oldest first; all that are kept where it is none of this server's."""
        known = after if after <= self.latest else 0
        return [record for number, record in self._ended if number > known]

    def _take(self, record: Record) -> None:
        self.latest += 1
        if record.state != "running":
            self._ended.append((self.latest, record))
        self._changed.set()
        self._changed = asyncio.Event()
