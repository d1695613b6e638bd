"""The command as a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "codeassist.cli", *arguments]


@contextmanager
def started(environ: dict[str, str], *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    pipe = subprocess.PIPE
    process = subprocess.Popen(command(*arguments), stdin=pipe, stdout=pipe, stderr=pipe, env=environ)
    with process:
        try:
            yield process
        finally:
            process.kill()
