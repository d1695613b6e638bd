"""The event loop waits for garbage collections, so they go through little."""

from __future__ import annotations

import gc

from lsp_session import Session


def still_looked_at() -> int:
    """Functions that a full collection goes through: what modules are made of."""
    return sum(callable(item) and hasattr(item, "__code__") for item in gc.get_objects())


async def test_no_collection_goes_through_what_stands_once_the_workspace_is_open(session: Session) -> None:
    assert still_looked_at() < 1000
    gc.unfreeze()  # As if all of it had been loaded since, as most is when a workspace is opened.
    before = still_looked_at()
    await session.ready()
    assert before > 1000 > still_looked_at()
