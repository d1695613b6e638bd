"""Standard input and output, kept for the protocol alone.

vLLM and others print to stdout, from subprocesses too. So the real stdin and stdout are moved to descriptors that no
subprocess inherits; descriptor 1 becomes stderr and descriptor 0 becomes empty, before anything else starts.
"""

from __future__ import annotations

import asyncio
import os
import queue
import sys
import threading
from collections.abc import Callable

_READ_BYTES = 1 << 16


def claim_stdio() -> tuple[int, int]:
    """Descriptors of the real stdin and stdout. What others print from now on goes to stderr."""
    source, sink = os.dup(0), os.dup(1)
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    sys.stdout.flush()  # what was printed before and still waits goes to stderr as well
    return source, sink


class InputThread:
    """Feeds a descriptor of any kind (pipe, socket, terminal, file) to an asyncio reader.

    A daemon thread: blocked in `os.read` it holds up neither the loop nor the end of the process.
    """

    def __init__(self, descriptor: int) -> None:
        self.reader = asyncio.StreamReader()
        self._descriptor = descriptor
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._run, name="lsp-input", daemon=True).start()

    def _run(self) -> None:
        try:
            while chunk := os.read(self._descriptor, _READ_BYTES):
                self._loop.call_soon_threadsafe(self.reader.feed_data, chunk)
            self._loop.call_soon_threadsafe(self.reader.feed_eof)
        except (OSError, RuntimeError):
            return  # the loop has ended, or the descriptor was closed: nobody reads any more


class OutputThread:
    """Writes to a descriptor, in order, without ever stopping the event loop on a client that does not read."""

    def __init__(self, descriptor: int, on_lost: Callable[[], None]) -> None:
        self._descriptor = descriptor
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()
        self._chunks: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="lsp-output", daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> None:
        """Send soon."""
        self._chunks.put(data)

    def close(self, within_s: float = 2.0) -> None:
        """Send what is left, for a limited time."""
        self._chunks.put(b"")
        self._thread.join(within_s)

    def _run(self) -> None:
        try:
            while chunk := self._chunks.get():
                _write_all(self._descriptor, chunk)
        except OSError:
            self._loop.call_soon_threadsafe(self._on_lost)


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
