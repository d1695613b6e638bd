"""When to bring the index up to date: soon after a change, never twice at once, never all the time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from pathlib import Path

# A burst of events (a branch switch, "save all") arrives within this time; the index follows once for all of them.
QUIET_S = 0.2
# After a refresh that took t seconds the next one waits this many times t, so that a large repository that changes all
# the time (an install, a build) takes at most a fifth of one core.
REST_FACTOR = 4.0
# What one of these says, it says of other files: each of them may have to come in or to go.
TELLING_FILES = frozenset({".gitignore", ".codeassistignore", ".gitmodules"})
# From this many files on, looking at the whole tree is cheaper than at one file after the other.
MANY_FILES = 32

_AT_ONCE: AbstractAsyncContextManager[None] = nullcontext()


class Refresher:
    """Runs `refresh_all` or `refresh_file` after requests, once for all that came meanwhile, and then `refreshed`."""

    def __init__(
        self,
        refresh_all: Callable[[], Awaitable[None]],
        refresh_file: Callable[[Path], Awaitable[None]],
        refreshed: Callable[[], Awaitable[None]],
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._refresh_all = refresh_all
        self._refresh_file = refresh_file
        self._refreshed = refreshed
        self._sleep = sleep
        self._clock = clock
        self._wanted = asyncio.Event()
        self._hurried = asyncio.Event()
        self._files: set[Path] = set()
        self._wants_all = True

    def request_all(self) -> None:
        """Anything may have changed."""
        self._wants_all = True
        self._wanted.set()

    def request_now(self) -> None:
        """The user wants everything looked at, and does not wait for a rest to be over."""
        self._hurried.set()
        self.request_all()

    def request_file(self, path: Path) -> None:
        """One file was saved, created or removed."""
        self._wants_all = self._wants_all or path.name in TELLING_FILES
        self._files.add(path)
        self._wanted.set()

    async def run(self, turn: AbstractAsyncContextManager[None] = _AT_ONCE) -> None:
        """Refresh everything when it is its turn, then what is requested; until cancelled."""
        async with turn:
            took_s = await self._timed_refresh()
        while True:
            await self._rest(REST_FACTOR * took_s)
            await self._wanted.wait()
            await self._sleep(QUIET_S)
            took_s = await self._timed_refresh()

    async def _rest(self, seconds: float) -> None:
        """Wait so long, or until the user is in a hurry."""
        works = [asyncio.ensure_future(self._sleep(seconds)), asyncio.ensure_future(self._hurried.wait())]
        try:
            await asyncio.wait(works, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for work in works:
                work.cancel()
            await asyncio.gather(*works, return_exceptions=True)

    async def _timed_refresh(self) -> float:
        """Refresh what is requested; how many seconds that took."""
        start = self._clock()
        await self._refresh()
        return self._clock() - start

    async def _refresh(self) -> None:
        self._wanted.clear()
        self._hurried.clear()
        wants_all, files = self._wants_all or len(self._files) >= MANY_FILES, sorted(self._files)
        self._wants_all, self._files = False, set()
        if wants_all:
            await self._refresh_all()
        else:
            for path in files:
                await self._refresh_file(path)
        await self._refreshed()
