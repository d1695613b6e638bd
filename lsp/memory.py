"""What garbage collections leave out, because the event loop waits for each, and what threads share."""

from __future__ import annotations

import contextlib
import ctypes
import gc

# glibc's malloc.h: M_ARENA_MAX.
_ARENA_MAX = -8
# One for the event loop, one for the threads beside it: they seldom hold the interpreter at the same time.
_ARENAS = 2


def keep_for_good() -> None:
    """Say that what stands in memory now (modules above all, a hundred thousand objects and more) is never garbage.

    A full collection goes through all other objects with every thread waiting; while a repository is indexed one comes
    after another.
    """
    gc.freeze()


def share_arenas() -> None:
    """Have the threads to come take their memory from the same arenas, where the C library is glibc.

    It would give every thread one of its own, and what is free in one serves no other.
    """
    with contextlib.suppress(AttributeError, OSError, TypeError):  # another C library, or none that can be asked
        ctypes.CDLL(None).mallopt(_ARENA_MAX, _ARENAS)
