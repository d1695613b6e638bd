"""Reading bodies, and answers that end when their client leaves.

A response here is written by one task, which is cancelled as soon as the client has gone; cancelling closes the
stream of deltas, and closing that aborts the generation inside the engine.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from codeassist.errors import CodeassistError
from codeassist.server.problems import Problem, problem_of, problem_response

logger = logging.getLogger(__name__)

_T = TypeVar("_T")

# Shorter texts are taken apart faster than a thread is found for them.
_LONG = 65_536

_STREAM_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}


@dataclass(frozen=True, slots=True)
class Framing:
    """How the events of a stream are told apart."""

    content_type: str
    before: str
    after: str


SERVER_SENT_EVENTS = Framing("text/event-stream; charset=utf-8", "data: ", "\n\n")
NDJSON = Framing("application/x-ndjson", "", "\n")


class WhileConnected(Response):
    """A response that makes its answer while the client is there: `make` is cancelled once it has gone."""

    def __init__(self, make: Callable[[], Awaitable[Response]]) -> None:
        super().__init__()
        self._make = make

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Make the answer and send it. What the engine raises becomes an error response."""

        async def answer() -> None:
            try:
                response = await self._make()
            except Problem as problem:
                response = problem_response(problem, scope["path"])
            except CodeassistError as error:
                response = problem_response(problem_of(error), scope["path"])
            await response(scope, receive, send)

        await _until_gone(receive, answer())


class EventStream(Response):
    """A stream of events. An error before the first event is a plain error response, a later one is an event itself;
    a Problem comes before the first event or not at all."""

    def __init__(
        self,
        events: AsyncGenerator[str, None],
        error_event: Callable[[CodeassistError], str],
        more_headers: Callable[[], Mapping[str, str]] = dict,
        framing: Framing = SERVER_SENT_EVENTS,
    ) -> None:
        """more_headers: asked for when the first event is there."""
        super().__init__()
        self._events = events
        self._error_event = error_event
        self._more_headers = more_headers
        self._framing = framing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send events until the last one, or until the client has gone."""
        await _until_gone(receive, self._write(scope, receive, send))

    async def _write(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_started = False
        async with aclosing(self._events) as events:
            try:
                async for event in events:
                    if not is_started:
                        await send(_stream_start(self._framing, self._more_headers()))
                        is_started = True
                    await _send_event(send, self._framing, event)
            except Problem as problem:
                await problem_response(problem, scope["path"])(scope, receive, send)
                return
            except CodeassistError as error:
                if not is_started:
                    await problem_response(problem_of(error), scope["path"])(scope, receive, send)
                    return
                await _send_event(send, self._framing, self._error_event(error))
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def read_as(request: Request, read: Callable[[dict[str, Any]], _T]) -> _T:
    """What `read` makes of the JSON object in the request's body. Raises Problem, and what `read` raises."""
    content = await request.body()
    return await computed(lambda: read(_object(content)), len(content))


async def read_json(request: Request) -> dict[str, Any]:
    """The JSON object in the request's body, whose size the server has limited. Raises Problem."""
    content = await request.body()
    return await computed(lambda: _object(content), len(content))


async def computed(compute: Callable[[], _T], n_characters: int) -> _T:
    """What is made of a text of this length; of a long one, in a thread."""
    return compute() if n_characters < _LONG else await asyncio.to_thread(compute)


def _object(content: bytes) -> dict[str, Any]:
    try:
        value = json.loads(content, parse_constant=_refuse_constant, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise Problem(400, f"the body is not JSON: {error}", code="invalid_json") from error
    if not isinstance(value, dict):
        raise Problem(400, "the body must be a JSON object", code="invalid_json")
    return value


def compact_json(value: object) -> str:
    """JSON without blanks, on one line."""
    return json.dumps(value, separators=(",", ":"))


def _refuse_constant(name: str) -> float:
    """Python reads NaN and Infinity, which JSON does not have."""
    raise ValueError(f"{name} is no number of JSON")


def _finite(digits: str) -> float:
    if math.isinf(value := float(digits)):
        raise ValueError("a number is too large")
    return value


def _stream_start(framing: Framing, more: Mapping[str, str]) -> Message:
    named = {"content-type": framing.content_type, **_STREAM_HEADERS, **more}
    headers = [(name.encode(), value.encode("latin-1")) for name, value in named.items()]
    return {"type": "http.response.start", "status": 200, "headers": headers}


async def _send_event(send: Send, framing: Framing, event: str) -> None:
    body = f"{framing.before}{event}{framing.after}".encode()
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _until_gone(receive: Receive, work: Awaitable[None]) -> None:
    """Run `work` to its end, or cancel it when the client leaves."""
    working = asyncio.ensure_future(work)
    watching = asyncio.ensure_future(_gone(receive))
    try:
        await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
        else:
            logger.info("the connection is gone; its request is aborted")
    finally:
        working.cancel()
        watching.cancel()
        await asyncio.gather(working, watching, return_exceptions=True)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
