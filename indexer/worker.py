"""The worker process: reads what to parse from stdin, writes facts to stdout, one length-prefixed pickle each.

Started by `workers.py` with a command of its own rather than by multiprocessing, so that no program's main module is
run again in it.
"""

from __future__ import annotations

import os
import pickle
import resource
import signal
import struct
import sys
from pathlib import Path
from typing import Any, BinaryIO

from indexer.files import SourceFile
from indexer.rows import Facts, rows_at, rows_of_text
from indexer.rules import Rules

# What is parsed: a path, or a text that an editor has.
Item = str | SourceFile

# The first frame: from here on the time that a file takes is counted.
READY = "ready"

_HEADER = struct.Struct("<Q")
# Parsing yields to the editor and to the model.
_NICENESS = 10
# 512 KB of C++ headers take 0.6 GB. What is no code can take any amount: 5 KB of `x=>x=>` in a C file take 0.9 GB.
MAX_BYTES = 2 * 1024**3


def write_frame(stream: BinaryIO, value: Any) -> None:
    """Send one value."""
    body = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    unsent = memoryview(_HEADER.pack(len(body)) + body)
    while unsent:  # A signal may cut what is written to an unbuffered pipe.
        unsent = unsent[stream.write(unsent) :]
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


def analyse_item(root: Path, item: Item, rules: Rules) -> Facts:
    """Rows of a path or of a text."""
    return rows_of_text(item) if isinstance(item, SourceFile) else rows_at(root, item, rules)


def main() -> None:
    """Answer requests (root, rules, seconds, items) with the facts of one item after another, until stdin ends.

    The system ends this process by SIGPROF when it has spent so many seconds of processor time on one item, also when
    whoever asked is there no longer.
    """
    os.nice(_NICENESS)
    _limit(resource.RLIMIT_AS, MAX_BYTES)
    _limit(resource.RLIMIT_CORE, 0)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    write_frame(answers, READY)
    while True:
        try:
            root, rules, seconds, items = read_frame(requests)
        except EOFError:
            return
        for item in items:
            signal.setitimer(signal.ITIMER_PROF, seconds)
            try:
                write_frame(answers, analyse_item(root, item, rules))
            except BrokenPipeError:
                return


def _limit(kind: int, amount: int) -> None:
    """Allow this process no more than so much of something."""
    _, most = resource.getrlimit(kind)
    resource.setrlimit(kind, (amount if most == resource.RLIM_INFINITY else min(amount, most), most))
