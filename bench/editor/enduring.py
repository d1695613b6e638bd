"""`codeassist` for a long day: with a watch on its event loop, and a scripted engine that forgets.

    python -m bench.editor.enduring FILE lsp --stdio -o engine.kind=scripted

The scripted engine keeps every request, for tests to look at, and compares each prompt with all before: after a day of
keys that alone would be what grows and what is slow. Here it keeps the last few. With FILE alone, a bare loop.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from bench.index_scale import heartbeat
from codeassist.engine.scripted import ScriptedEngine

KEPT = 8


def forget() -> None:
    """From now on, have every scripted engine keep the last few requests alone."""
    stream = ScriptedEngine.stream

    def forgetful(engine: ScriptedEngine, request: Any) -> AsyncIterator[Any]:
        for kept in (engine.requests, engine.aborted, engine._seen):
            del kept[:-KEPT]
        return stream(engine, request)

    setattr(ScriptedEngine, "stream", forgetful)  # noqa: B010 - mypy allows no assignment to a method


def main() -> None:
    """Run what `heartbeat` runs."""
    forget()
    heartbeat.main()


if __name__ == "__main__":
    main()
