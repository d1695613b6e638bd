"""Ends the server when the editor that started it has died without a word."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 2.0


def is_alive(pid: int) -> bool:
    """Whether a process with this id exists."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


async def watch_parent(pid: int, on_death: Callable[[], None], *, every_s: float = LOOK_EVERY_S) -> None:
    """Call `on_death` once the process is gone.

    An id that means nothing here is not watched: the editor may sit outside of the container that we run in.
    """
    if pid <= 0 or not is_alive(pid):
        logger.info("the editor's process id %d is not visible from here; it is not watched", pid)
        return
    while is_alive(pid):  # noqa: ASYNC110  another process's death sets no event of ours
        await asyncio.sleep(every_s)
    logger.warning("the editor (process %d) is gone; ending", pid)
    on_death()
