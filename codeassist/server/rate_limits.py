"""So many requests a minute for each client, and no more."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from codeassist.server.caller import caller_of
from codeassist.server.limits import refuse
from codeassist.server.problems import Problem

# Clients that are remembered; of those beyond, the ones that have asked least are forgotten.
KEPT_CLIENTS = 4096


class Buckets:
    """A bucket of tokens for each client: it holds a minute's requests, and fills evenly.

    Kept as the time at which the bucket is full again (the generic cell rate algorithm), so that full ones, which are
    like none, need not be kept.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        """per_minute: at least 1. clock: in seconds."""
        self._interval_s = 60 / per_minute
        self._clock = clock
        self._full_at: dict[str, float] = {}

    @property
    def n_clients(self) -> int:
        """Clients that are remembered."""
        return len(self._full_at)

    def take(self, client: str) -> float:
        """0.0 when the client may ask now; else the seconds after which it may, and nothing is taken."""
        now = self._clock()
        full_at = max(self._full_at.get(client, now), now) + self._interval_s
        too_soon_s = full_at - now - 60
        if too_soon_s > 1e-6:  # the sum of many intervals is not exact
            return too_soon_s
        self._full_at[client] = full_at
        if len(self._full_at) > KEPT_CLIENTS:
            self._drop(now)
        return 0.0

    def _drop(self, now: float) -> None:
        """Full buckets; where there are none, the fullest half."""
        kept = {name: full_at for name, full_at in self._full_at.items() if full_at > now}
        if len(kept) > KEPT_CLIENTS:
            kept = dict(sorted(kept.items(), key=lambda item: item[1])[len(kept) // 2 :])
        self._full_at = kept


class RateLimited:
    """ASGI middleware that answers 429 to a client's posts beyond its rate."""

    def __init__(self, app: ASGIApp, buckets: Buckets, linger_s: float) -> None:
        """linger_s: as in `Limits`."""
        self._app = app
        self._buckets = buckets
        self._linger_s = linger_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on or refuse."""
        problem = self._refusal(Request(scope)) if scope["type"] == "http" and scope["method"] == "POST" else None
        if problem is not None:
            await refuse(problem, scope, receive, send, self._linger_s)
        else:
            await self._app(scope, receive, send)

    def _refusal(self, request: Request) -> Problem | None:
        try:
            client = caller_of(request).name
        except Problem as problem:
            return problem
        wait_s = math.ceil(self._buckets.take(client))
        if not wait_s:
            return None
        message = f"too many requests of {client}; try again in {wait_s} s (server.requests_per_minute sets the limit)"
        return Problem(429, message, code="rate_limit_exceeded", headers={"Retry-After": str(wait_s)})
