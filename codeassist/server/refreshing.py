"""The index of a running server, brought up to date while requests come.

Clients of the endpoint say nothing of files that somebody saves, adds or checks out, as an editor's would. So the index
looks for itself, but only while it is used, and never so often that this is what the machine does.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from codeassist.server.health import IndexHealth
from codeassist.server.journal import Journal
from indexer.errors import IndexerError
from indexer.types import IndexReport, ProgressCallback

logger = logging.getLogger(__name__)

# What somebody saved is found so much later at the latest, where a request comes. Looking at 10,000 files that have not
# changed takes some 0.2 s (bench/results/index_latency.json).
PAUSE_S = 3.0
MOST_OF_THE_TIME = 0.05

Refresh = Callable[[ProgressCallback | None], Awaitable[IndexReport]]


async def keep_fresh(
    refresh: Refresh,
    health: IndexHealth,
    journal: Journal,
    on_progress: ProgressCallback | None = None,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Refresh once, and again after requests; without end.

    on_progress: called during the first refresh, which is the one that may take long.
    """
    asked = asyncio.Event()
    journal.on_change(lambda _: asked.set())
    while True:
        asked.clear()  # whoever asks while it looks may have saved what it has passed already
        begun = clock()
        await _refresh(refresh, health, on_progress)
        on_progress = None
        await sleep(max(PAUSE_S, (clock() - begun) / MOST_OF_THE_TIME))
        await asked.wait()


async def _refresh(refresh: Refresh, health: IndexHealth, on_progress: ProgressCallback | None) -> None:
    if health.state != "ready":
        health.state = "indexing"
    try:
        health.refreshed(await refresh(on_progress))
    except (IndexerError, OSError) as error:
        if health.message != str(error):
            logger.warning("the index was not refreshed: %s", error)
        health.state, health.message = "failed", str(error)
