"""The event loop waits for garbage collections, so they go through little; threads share what is free."""

from __future__ import annotations

import gc
import platform
import subprocess
import sys

import pytest
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


# What malloc_info says of the memory that ten threads have taken, all of them at the same time.
TEN_THREADS = """
import ctypes, os, sys, threading
from lsp.memory import share_arenas
if sys.argv[1] == "shared":
    share_arenas()
libc, barrier = ctypes.CDLL(None), threading.Barrier(10)
def take():
    barrier.wait()
    taken = bytearray(10_000)
    barrier.wait()
threads = [threading.Thread(target=take) for _ in range(10)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
libc.fdopen.restype = ctypes.c_void_p
stream = ctypes.c_void_p(libc.fdopen(1, b"w"))
libc.malloc_info(0, stream)
libc.fflush(stream)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="arenas are glibc's")
def test_threads_share_their_arenas() -> None:
    n_arenas = [
        subprocess.run(
            [sys.executable, "-c", TEN_THREADS, how], capture_output=True, text=True, check=True
        ).stdout.count("<heap ")
        for how in ("shared", "as it is")
    ]
    assert n_arenas[0] <= 2 < n_arenas[1]
