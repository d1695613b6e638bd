"""Server-sent events, as far as completion streams use them: lines of `data:`, an empty line ends an event.

Source: WHATWG HTML, "Server-sent events", 9.2.5 (parsing) and 9.2.6 (interpreting an event stream).
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator


async def read_events(chunks: AsyncIterable[bytes]) -> AsyncIterator[str]:
    """The data of each event; other fields and comments are passed over. chunks: cut anywhere."""
    lines = _Lines()
    data: list[str] = []
    async for chunk in chunks:
        for line in lines.add(chunk):
            if line.startswith("data:"):
                data.append(_value(line))
            elif not line and data:
                yield "\n".join(data)
                data = []
    data += [_value(line) for line in lines.finish() if line.startswith("data:")]
    if data:
        yield "\n".join(data)


def _value(line: str) -> str:
    return line.removeprefix("data:").removeprefix(" ")


class _Lines:
    """Cuts bytes into lines at \\n, \\r\\n and \\r only: U+2028 and its kin may stand raw in JSON."""

    def __init__(self) -> None:
        self._begun = b""
        self._after_return = False

    def add(self, chunk: bytes) -> list[str]:
        """The lines that the chunk completes. One that ends with \\r is given at once: a \\n may follow, or nothing."""
        if not chunk:
            return []
        fresh = chunk[1:] if self._after_return and chunk.startswith(b"\n") else chunk
        self._after_return = chunk.endswith(b"\r")
        pieces = (self._begun + fresh).splitlines(keepends=True)  # of bytes, this knows the three line ends alone
        is_whole = not pieces or pieces[-1].endswith((b"\n", b"\r"))
        self._begun = b"" if is_whole else pieces.pop()
        return [_text(piece) for piece in pieces]

    def finish(self) -> list[str]:
        """The last line, where no end came."""
        return [_text(self._begun)] if self._begun else []


def _text(line: bytes) -> str:
    return line.rstrip(b"\r\n").decode("utf-8", "replace")
