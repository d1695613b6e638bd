"""Whether anybody brings an index up to date right now: a lock on a file, which the system drops with its holder."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

LOCK_NAME = "refreshing.lock"


@contextlib.contextmanager
def refreshing(directory: Path) -> Iterator[None]:
    """Show others that the index in this folder is being brought up to date; several may do so at once."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):  # Then nobody sees it, which hurts nobody.
            descriptor = os.open(directory / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600)
            stack.callback(os.close, descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        yield


def is_being_refreshed(directory: Path) -> bool | None:
    """Whether somebody is at it; None where that cannot be known."""
    try:
        descriptor = os.open(directory / LOCK_NAME, os.O_RDONLY)
    except FileNotFoundError:
        return False
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return False
