"""`codeassist` with a watch on its event loop: what kept it from going round, and for how long.

    python -m bench.index_scale.heartbeat FILE lsp -o engine.kind=scripted

A task in the Language Server's loop asks to be woken every 2 ms and notes how much later it was; the methods that run
the loop's callbacks are wrapped to note how long each took. What takes longer than `LEAST_MS` becomes a line of FILE:
(what, monotonic time in seconds at its end, milliseconds). The program that is watched is not changed.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import IO, Any

PERIOD_S = 0.002
LEAST_MS = 1.0


def watch(file: Path) -> None:
    """From now on, have every Language Server that is built watch its loop."""
    import lsp.server

    build = lsp.server.build_server
    stream = file.open("a", encoding="utf-8", buffering=1)
    kept: list[asyncio.Task[None]] = []

    def build_watched(*arguments: Any) -> Any:
        kept.append(asyncio.get_running_loop().create_task(beat(stream)))
        _time_callbacks(stream)
        return build(*arguments)

    lsp.server.build_server = build_watched  # type: ignore[assignment]


async def beat(stream: IO[str]) -> None:
    """Note every waking that came late."""
    while True:
        before = time.perf_counter()
        await asyncio.sleep(PERIOD_S)
        late_ms = (time.perf_counter() - before - PERIOD_S) * 1000
        if late_ms >= LEAST_MS:
            _note(stream, "late", late_ms)


def _time_callbacks(stream: IO[str]) -> None:
    run = asyncio.Handle._run

    def timed_run(handle: asyncio.Handle) -> None:
        started = time.perf_counter()
        run(handle)
        took_ms = (time.perf_counter() - started) * 1000
        if took_ms >= LEAST_MS:
            _note(stream, f"callback {_name(handle)}", took_ms)

    asyncio.Handle._run = timed_run  # type: ignore[assignment, method-assign]


def _name(handle: asyncio.Handle) -> str:
    """Which coroutine or function a callback belongs to."""
    callback = handle._callback  # type: ignore[attr-defined]
    task = getattr(callback, "__self__", None)
    if isinstance(task, asyncio.Task):
        return f"{task.get_name()} {getattr(task.get_coro(), '__qualname__', '')}"
    return str(getattr(callback, "__qualname__", callback))


def _note(stream: IO[str], what: str, milliseconds: float) -> None:
    stream.write(json.dumps([what, round(time.monotonic(), 4), round(milliseconds, 2)]) + "\n")


def main() -> None:
    """Run `codeassist` with the arguments after FILE; with none at all, a bare loop, until it is ended."""
    file = Path(sys.argv[1])
    if len(sys.argv) == 2:
        with file.open("a", encoding="utf-8", buffering=1) as stream:
            asyncio.run(beat(stream))
        return
    watch(file)
    from codeassist.cli import main as codeassist

    sys.argv = ["codeassist", *sys.argv[2:]]
    codeassist()


if __name__ == "__main__":
    main()
