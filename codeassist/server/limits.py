"""What one client may take of the server: bytes, connections and time.

    Limits       the figures
    WholeBodies  ASGI middleware: a route is asked once the whole body is there, and never where it is refused

Connections themselves (heads that do not come, answers that nobody reads) are `protocol.py`'s.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from codeassist.server.problems import Problem, problem_response

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """body_bytes: of a request's body. head_bytes, header_fields: of its head, in which browsers send every cookie that
    any program on this machine ever set.

    head_s, body_s: from the first wait for a head, or a body, to its end, however steadily it drips.
    idle_s: between two requests; longer than a pause in typing, for a new connection costs a keystroke milliseconds.
    send_s: without a byte of an answer being taken. linger_s: in which what still comes of a refused request is thrown
    away, for a client that is cut off while it sends may never see the answer.
    connections: answered at the same time; as many more are told that there are too many.
    """

    body_bytes: int = 8 * MIB
    head_bytes: int = 64 * 1024
    header_fields: int = 128
    head_s: float = 10.0
    body_s: float = 30.0
    idle_s: int = 75
    send_s: float = 30.0
    linger_s: float = 2.0
    connections: int = 256


class WholeBodies:
    """ASGI middleware that hands on a request with its whole body, or answers in its place."""

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body, then ask the application; a client that leaves meanwhile has asked nothing."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            check_head(Headers(scope=scope), self._limits)
            body = await _read(receive, self._limits)
        except Problem as problem:
            await refuse(problem, scope, receive, send, self._limits.linger_s)
            return
        if body is not None:
            await self._app(scope, _replayed(body, receive), send)


def check_head(headers: Headers, limits: Limits) -> None:
    """Raises Problem for a request whose head says already that it will not be answered."""
    n_bytes = sum(len(name) + len(value) for name, value in headers.raw)
    if n_bytes > limits.head_bytes or len(headers.raw) > limits.header_fields:
        raise Problem(431, "the request's headers are too many or too long", code="headers_too_large")
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        message = f"the body is encoded as {encoding!r}; send it as it is, without Content-Encoding"
        raise Problem(415, message, code="unsupported_encoding")
    length = headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > limits.body_bytes:
        raise _too_large(limits)


async def refuse(problem: Problem, scope: Scope, receive: Receive, send: Send, linger_s: float) -> None:
    """Answer a request in place of the application, which has not read its body, in the dialect of its route, and end
    the connection."""
    response = problem_response(problem, scope["path"])
    headers = [*response.raw_headers, (b"connection", b"close")]
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": response.body, "more_body": True})
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(linger_s):
            while _more_comes(await receive()):
                pass
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _read(receive: Receive, limits: Limits) -> bytes | None:
    """The whole body; None where the client left before its end. Raises Problem."""
    body = bytearray()
    try:
        async with asyncio.timeout(limits.body_s):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return None
                body += message.get("body", b"")
                if len(body) > limits.body_bytes:
                    raise _too_large(limits)
                if not _more_comes(message):
                    return bytes(body)
    except TimeoutError:
        told = f"the body did not arrive within {limits.body_s:g} seconds"
        raise Problem(408, told, code="body_too_slow") from None


def _replayed(body: bytes, receive: Receive) -> Receive:
    """The body as one message; after it, what the connection says."""
    rest: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return rest.pop() if rest else await receive()

    return replay


def _more_comes(message: Message) -> bool:
    return message["type"] == "http.request" and bool(message.get("more_body"))


def _too_large(limits: Limits) -> Problem:
    message = f"the body is larger than {limits.body_bytes / MIB:g} MiB (server.max_body_mib)"
    return Problem(413, message, code="body_too_large")
