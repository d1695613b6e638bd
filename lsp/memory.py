"""What garbage collections leave out, because the event loop waits for each."""

from __future__ import annotations

import gc


def keep_for_good() -> None:
    """Say that what stands in memory now (modules above all, a hundred thousand objects and more) is never garbage.

    A full collection goes through all other objects with every thread waiting; while a repository is indexed one comes
    after another.
    """
    gc.freeze()
