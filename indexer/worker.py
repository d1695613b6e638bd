"""The worker process: reads paths from stdin, writes facts to stdout, one length-prefixed pickle each.

Started by `workers.py` with a command of its own rather than by multiprocessing, so that no program's main module is
run again in it.
"""

from __future__ import annotations

import os
import pickle
import struct
import sys
from pathlib import Path
from typing import Any, BinaryIO

from indexer.analysis import analyse_path

# The first frame: from here on the time that a file takes is counted.
READY = "ready"

_HEADER = struct.Struct("<Q")
# Parsing yields to the editor and to the model.
_NICENESS = 10


def write_frame(stream: BinaryIO, value: Any) -> None:
    """Send one value."""
    body = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    stream.write(_HEADER.pack(len(body)) + body)
    stream.flush()


def read_frame(stream: BinaryIO) -> Any:
    """The next value. Raises EOFError when the other side is gone."""
    (size,) = _HEADER.unpack(_read_exactly(stream, _HEADER.size))
    return pickle.loads(_read_exactly(stream, size))


def _read_exactly(stream: BinaryIO, size: int) -> bytes:
    """An unbuffered pipe gives what it has; a frame needs all of it."""
    parts: list[bytes] = []
    while size:
        part = stream.read(size)
        if not part:
            raise EOFError
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def main() -> None:
    """Answer requests (root, rules, paths) with the facts of one path after another, until stdin ends."""
    os.nice(_NICENESS)
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    write_frame(answers, READY)
    while True:
        try:
            root, rules, paths = read_frame(requests)
        except EOFError:
            return
        for path in paths:
            try:
                write_frame(answers, analyse_path(Path(root), path, rules))
            except BrokenPipeError:
                return
