"""Server-sent events, as far as completion streams use them: lines of `data:`, an empty line ends an event."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator


async def read_events(lines: AsyncIterable[str]) -> AsyncIterator[str]:
    """The data of each event; other fields and comments are passed over.

    Source: WHATWG HTML, "Server-sent events", 9.2.6 (interpreting an event stream).
    """
    data: list[str] = []
    async for line in lines:
        if line.startswith("data:"):
            data.append(line.removeprefix("data:").removeprefix(" "))
        elif not line and data:
            yield "\n".join(data)
            data = []
    if data:
        yield "\n".join(data)
