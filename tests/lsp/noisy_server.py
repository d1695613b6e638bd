"""A server on stdin and stdout, or on TCP, whose assistant prints wherever it should not.

python noisy_server.py stdio|tcp|stuck
"""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from fake_assistant import FakeAssistant

from codeassist.protocols import Engine
from codeassist.settings import Settings
from codeassist.types import Cursor, Document, Suggestion
from indexer.types import IndexReport, ProgressCallback
from lsp.server import run_stdio, run_tcp
from lsp.wiring import Wiring


class NoisyAssistant(FakeAssistant):  # type: ignore[misc]  # a sibling module, which mypy does not follow
    """Prints from Python, from C and from a subprocess, and tells on stderr when it is closed."""

    def __init__(self, workspace: Path) -> None:
        super().__init__(workspace)
        self.answer = self._answer

    async def leave(self) -> None:
        await super().leave()
        sys.stderr.write("assistant closed\n")

    def _answer(self, document: Document, cursor: Cursor) -> Suggestion:
        make_noise()
        read = subprocess.run(
            [sys.executable, "-c", "import sys; print(repr(sys.stdin.read()))"], check=True, stdout=subprocess.PIPE
        )
        return Suggestion("s1", f"{document.text[: cursor.column]!r} {read.stdout.decode().strip()}")


class StuckAssistant(FakeAssistant):  # type: ignore[misc]  # a sibling module, which mypy does not follow
    """Its refresh never comes back, and cannot be cancelled."""

    async def refresh(self, progress: ProgressCallback | None = None) -> IndexReport:
        await asyncio.to_thread(time.sleep, 3600)
        raise AssertionError


def make_noise() -> None:
    """Every way to stdout that a library has."""
    print("noise from print")  # noqa: T201
    os.write(1, b"noise from a descriptor\n")
    subprocess.run(["sh", "-c", "echo noise from a subprocess"], check=True, timeout=10)


def open_noisily(
    workspace: Path, overrides: Mapping[str, object], warn: Callable[[str], None], engine: Engine | None
) -> Any:
    make_noise()
    return StuckAssistant(workspace) if sys.argv[1] == "stuck" else NoisyAssistant(workspace)


if __name__ == "__main__":
    sys.stdout.write("noise that waits in a buffer\n")
    logging.basicConfig(level=logging.INFO)
    wiring = Wiring(open_noisily, lambda workspace, overrides, warn: Settings(), Settings())
    code = run_tcp(wiring, "127.0.0.1", 0) if sys.argv[1] == "tcp" else run_stdio(wiring)
    sys.exit(code)
