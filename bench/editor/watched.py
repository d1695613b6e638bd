"""`codeassist` with a watch on its engine: when each request reached it, and what became of it.

    python -m bench.editor.watched FILE lsp --stdio

Each request becomes a line of FILE: its id, what it was for (its priority, or "prewarm"), monotonic milliseconds of its
start, first token (null: none came) and end, tokens generated, and whether it was read to its end, left early by the
reader's own choice, or cancelled. So does each time that an unasked request waits for a pause in typing ("wait"). The
program that is watched is not changed.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from typing import IO, Any, Literal

Ending = Literal["ended", "left", "cancelled", "failed"]

Stream = Callable[..., AsyncIterator[Any]]


def watch(file: Path) -> None:
    """From now on, have every engine note its requests."""
    from codeassist.engine.attached import AttachedEngine
    from codeassist.engine.embedded import EmbeddedEngine
    from codeassist.engine.remote import RemoteEngine
    from codeassist.engine.scripted import ScriptedEngine
    from codeassist.ghost_text import GhostText

    notes = file.open("a", encoding="utf-8", buffering=1)
    for engine in (AttachedEngine, EmbeddedEngine, RemoteEngine, ScriptedEngine):
        setattr(engine, "stream", noted(engine.stream, notes))  # noqa: B010 - mypy allows no assignment to a method
    setattr(GhostText, "_pause", waited(GhostText._pause, notes))  # noqa: B010


def noted(stream: Stream, notes: IO[str]) -> Stream:
    """The same method, each call of which becomes a line."""

    async def watched(engine: Any, request: Any) -> AsyncIterator[Any]:
        start, first, n_tokens = now_ms(), None, 0
        ending: Ending = "left"
        try:
            async with aclosing(stream(engine, request)) as deltas:  # type: ignore[type-var]
                async for delta in deltas:
                    first = first or now_ms()
                    n_tokens = delta.usage.completion_tokens
                    ending = "ended" if delta.finish_reason else "left"
                    yield delta
        except asyncio.CancelledError:
            ending = "cancelled"
            raise
        except Exception:
            ending = "failed"
            raise
        finally:
            note(notes, request.id, purpose(request), start, first, n_tokens, ending)

    return watched


def waited(pause: Callable[..., Awaitable[float]], notes: IO[str]) -> Callable[..., Awaitable[float]]:
    """The same method, each call of which becomes a line."""

    async def watched(*arguments: Any) -> float:
        start = now_ms()
        ending: Ending = "cancelled"
        try:
            wait_ms = await pause(*arguments)
            ending = "ended"
            return wait_ms
        finally:
            note(notes, "", "wait", start, None, 0, ending)

    return watched


def purpose(request: Any) -> str:
    """What a request is for."""
    return "prewarm" if request.id.startswith("prewarm") else str(request.priority.name).lower()


def note(
    notes: IO[str], request_id: str, kind: str, start: float, first: float | None, n_tokens: int, ending: Ending
) -> None:
    """One line, ending now."""
    notes.write(json.dumps([request_id, kind, start, first, now_ms(), n_tokens, ending]) + "\n")


def now_ms() -> float:
    """Monotonic milliseconds, the same clock in every process of a machine."""
    return round(time.monotonic() * 1000, 2)


def main() -> None:
    """Run `codeassist` with the arguments after FILE."""
    watch(Path(sys.argv[1]))
    from codeassist.cli import main as codeassist

    sys.argv = ["codeassist", *sys.argv[2:]]
    codeassist()


if __name__ == "__main__":
    main()
