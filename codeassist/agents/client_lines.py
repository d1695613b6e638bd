"""The agent's lines on stdin, read by a thread of ours that holds up nobody.

The `mcp` package reads stdin in a thread that nothing interrupts, so that a signal would wait for the agent's next
line. And a line that spells half a surrogate pair, as JavaScript does for a text that was cut inside an emoji, gets no
answer from it. So a pipe stands in for stdin: the thread mends lines and writes them there, and the pipe can be ended.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator

_READ_BYTES = 1 << 16
# Escapes of a JSON text from left to right; the group is half a surrogate pair that stands alone.
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)


def mended(line: bytes) -> bytes:
    """A line of JSON with the replacement character for each half of a surrogate pair that stands alone."""
    return _ESCAPE.sub(lambda escape: b"\\ufffd" if escape[1] else escape[0], line)


class ClientLines:
    """Descriptor 0 from now on: what the client writes, until it leaves or `end` is called."""

    def __init__(self) -> None:
        self._source = os.dup(0)
        source, self._sink = os.pipe()
        os.dup2(source, 0)
        os.close(source)
        threading.Thread(target=self._run, name="agent-input", daemon=True).start()

    def end(self) -> None:
        """As if the client had left."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._sink)
        os.close(nowhere)

    def _run(self) -> None:
        try:
            for lines in self._read():
                _write_all(self._sink, mended(lines))
        except OSError:
            pass  # The client's end broke, or nobody reads any more.
        self.end()

    def _read(self) -> Iterator[bytes]:
        """Whole lines, as many as have arrived; the last one may lack its end."""
        begun = bytearray()
        while chunk := os.read(self._source, _READ_BYTES):
            begun += chunk
            if b"\n" in chunk:
                n_whole = begun.rindex(b"\n") + 1
                yield bytes(begun[:n_whole])
                del begun[:n_whole]
        yield bytes(begun)


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
