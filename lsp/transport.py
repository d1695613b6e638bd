"""Messages of a stream: `Content-Length` headers in, one body at a time to the protocol, until the session ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, Protocol

from lsp.language_server import CodeassistServer

logger = logging.getLogger(__name__)

MAX_MESSAGE_BYTES = 1 << 30
# From the end of a handler to its answer in the writer the loop goes round this often; pygls needs three.
_TURNS = 5


class Writer(Protocol):
    """Where messages to the client go; takes them at once and sends them in order."""

    def write(self, data: bytes, /) -> None:
        """Send soon."""
        ...

    def close(self) -> None:
        """Nothing follows."""
        ...


class BrokenStream(Exception):
    """What arrives is no framed message, and where the next one starts cannot be known."""


async def serve(server: CodeassistServer, reader: asyncio.StreamReader, writer: Writer) -> int:
    """Run one session. The exit code: 0 after a proper `shutdown`, 1 when the client was just gone."""
    server.protocol.set_writer(writer)
    try:
        await _first_of(_receive_all(server, reader), server.ended.wait())
    finally:
        await server.close()
        for _ in range(_TURNS):  # Who sent `exit` right behind `shutdown` gets the answer all the same.
            await asyncio.sleep(0)
    return server.exit_code


async def read_body(reader: asyncio.StreamReader) -> bytes | None:
    """The next body, or None at the end of the stream. Raises BrokenStream."""
    length = await _read_length(reader)
    if length is None:
        return None
    try:
        return await reader.readexactly(length)
    except asyncio.IncompleteReadError:
        return None


async def _read_length(reader: asyncio.StreamReader) -> int | None:
    length = None
    while True:
        try:
            line = await reader.readline()
        except ValueError as error:
            raise BrokenStream("a header line without an end") from error
        if not line:
            return None
        name, _, value = line.strip().partition(b":")
        if name.lower() == b"content-length":
            length = _parse_length(value.strip())
        elif not name and length is not None:
            return length


def _parse_length(digits: bytes) -> int:
    if not digits.isdigit() or int(digits) > MAX_MESSAGE_BYTES:
        raise BrokenStream(f"Content-Length {digits[:20]!r} is no length of a message")
    return int(digits)


async def _receive_all(server: CodeassistServer, reader: asyncio.StreamReader) -> None:
    try:
        while (body := await read_body(reader)) is not None:
            server.protocol.receive(body)
            await asyncio.sleep(0)  # what one message started may run before the next is read
    except BrokenStream as error:
        logger.error("cannot go on reading from the client: %s", error)
    logger.info("the client has closed the connection")


async def _first_of(*works: Coroutine[Any, Any, Any]) -> None:
    """Run all until one ends, and stop the others."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
