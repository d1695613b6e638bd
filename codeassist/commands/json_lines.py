"""`--stdin`: one JSON request per line, one JSON answer per line, in order, whatever a line holds."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, BinaryIO

from codeassist.commands.answers import error_answer
from codeassist.commands.front import Front
from codeassist.errors import CodeassistError

MAX_LINE_BYTES = 64 * 1024 * 1024

Handler = Callable[[Mapping[str, Any]], Awaitable[Mapping[str, Any]]]
Fields = Mapping[str, tuple[type, bool]]


class RequestProblem(CodeassistError):
    """A request line that cannot be answered, and why."""


async def answer_lines(front: Front, fields: Fields, handler: Handler) -> None:
    """Answer every line of stdin until it ends.

    fields: by name the type of each field that a request may carry, and whether it must.
    """
    async for line in _lines(front.stdin):
        front.print_json(await _answer(line, fields, handler))


def decode_request(line: bytes, fields: Fields) -> dict[str, Any]:
    """The request of one line. Raises RequestProblem."""
    try:
        request = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise RequestProblem(f"not a line of JSON: {error}") from error
    if not isinstance(request, dict):
        raise RequestProblem(f"a request is a JSON object, not {type(request).__name__}")
    for name, value in request.items():
        if name not in fields:
            raise RequestProblem(f"unknown field `{name}`; known are {', '.join(fields)}")
        _check_field(name, value, fields[name][0])
    for name, (_, required) in fields.items():
        if required and name not in request:
            raise RequestProblem(f"`{name}` is missing")
    return request


_KINDS: dict[type, str] = {str: "a text", int: "a whole number from 1 up", bool: "true or false"}


def _check_field(name: str, value: object, kind: type) -> None:
    if type(value) is not kind or (kind is int and value < 1):  # type: ignore[operator]
        raise RequestProblem(f"`{name}` must be {_KINDS[kind]}, not {json.dumps(value)[:60]}")
    if isinstance(value, str) and "\0" in value:
        raise RequestProblem(f"`{name}` holds a NUL character: that is no text")
    if isinstance(value, str) and any("\ud800" <= character <= "\udfff" for character in value):
        raise RequestProblem(f"`{name}` holds half a surrogate pair, which is no character")


async def _answer(line: bytes, fields: Fields, handler: Handler) -> Mapping[str, Any]:
    if len(line) > MAX_LINE_BYTES:
        return error_answer(RequestProblem(f"the line is longer than {MAX_LINE_BYTES} bytes"))
    try:
        return await handler(decode_request(line, fields))
    except Exception as error:  # noqa: BLE001  the border: whatever it is, it costs this line its answer and no other
        return error_answer(error)


async def _lines(stream: BinaryIO) -> AsyncIterator[bytes]:
    """Lines as they arrive. The thread that waits for them is a daemon: a silent stdin must not hold up the exit."""
    loop = asyncio.get_running_loop()
    arrived: asyncio.Queue[bytes] = asyncio.Queue()
    wanted = threading.Semaphore(1)
    threading.Thread(target=_read_lines, args=(stream, loop, arrived, wanted), daemon=True).start()
    while line := await arrived.get():
        yield line
        wanted.release()


def _read_lines(
    stream: BinaryIO, loop: asyncio.AbstractEventLoop, arrived: asyncio.Queue[bytes], wanted: threading.Semaphore
) -> None:
    line = b"\n"
    while line:
        wanted.acquire()
        line = _read_line(stream)
        try:
            loop.call_soon_threadsafe(arrived.put_nowait, line)
        except RuntimeError:  # the loop is closed: nobody waits for answers any more
            return


def _read_line(stream: BinaryIO) -> bytes:
    """The next line, b"" at the end. Of one that is too long only so much as shows that it is."""
    line = stream.readline(MAX_LINE_BYTES + 2)
    rest = line
    while rest and not rest.endswith(b"\n"):
        rest = stream.readline(MAX_LINE_BYTES)
    return line
