"""uvicorn's HTTP connections with limits on what a client may keep waiting: its head, and the reading of its answer.

Always with the parser h11, though httptools is quicker by 0.07 ms a request where it is installed: it lets heads grow
without end, forgets whose answer runs when a client leaves that has sent several requests in a row, and loses the body
of a POST that offers HTTP/2, as Java's client does each time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from codeassist.server.limits import Limits, refuse
from codeassist.server.problems import Problem, problem_response

logger = logging.getLogger(__name__)

# Where a request of the user's own processes says so in its state: those come through a socket that is theirs alone.
OWN_STATE = "is_own"

_TOO_MANY = "the server has too many connections; try again in a moment, or close some"


def limited_protocol(limits: Limits) -> type[H11Protocol]:
    """A protocol class for uvicorn, which makes one object for each connection."""
    return type("LimitedProtocol", (_Limited,), {"limits": limits})


class _Limited(H11Protocol):
    limits: Limits
    cycle: Any  # None before the first request

    _head_timer: asyncio.TimerHandle | None = None
    _send_timer: asyncio.TimerHandle | None = None
    _n_head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=1, low=0)  # so that an answer which is not taken is seen at once
        self._await_head()
        if OWN_STATE in self.app_state:
            return
        if len(self.connections) > 2 * self.limits.connections:
            transport.abort()
        elif len(self.connections) > self.limits.connections:
            self.app = _too_many(self.limits.linger_s)

    def connection_lost(self, exc: Exception | None) -> None:
        _cancel(self._head_timer)
        _cancel(self._send_timer)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        before = self.cycle
        super().data_received(data)
        if self.cycle is not before:
            self._n_head_bytes = 0
            _cancel(self._head_timer)
            self._head_timer = None
        elif not self.flow.read_paused and (self.cycle is None or not self.cycle.more_body):
            self._head_grew(len(data))

    def pause_writing(self) -> None:
        super().pause_writing()
        self._await_reader(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        super().resume_writing()
        _cancel(self._send_timer)

    def send_400_response(self, msg: str) -> None:
        """What uvicorn answers to what is no HTTP; ours has the shape of all errors."""
        self._end(Problem(400, "this is no HTTP request that can be answered", code="invalid_http"))

    def _head_grew(self, n_bytes: int) -> None:
        self._n_head_bytes += n_bytes
        if self._n_head_bytes > self.limits.head_bytes:
            self._end(Problem(431, "the request's headers are too many or too long", code="headers_too_large"))
        elif self._head_timer is None and self._is_idle():
            self._await_head()

    def _await_head(self) -> None:
        self._head_timer = self.loop.call_later(self.limits.head_s, self._on_slow_head)

    def _on_slow_head(self) -> None:
        if self._n_head_bytes:
            seconds = f"{self.limits.head_s:g} seconds"
            self._end(Problem(408, f"the request's headers did not arrive within {seconds}", code="headers_too_slow"))
        else:
            self.transport.close()

    def _await_reader(self, n_left: int) -> None:
        _cancel(self._send_timer)
        self._send_timer = self.loop.call_later(self.limits.send_s, self._on_slow_reader, n_left)

    def _on_slow_reader(self, n_left: int) -> None:
        n_left_now = self.transport.get_write_buffer_size()
        if n_left_now < n_left:
            self._await_reader(n_left_now)
        else:
            logger.info("a client does not read its answer; the connection is closed")
            self.transport.abort()

    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _end(self, problem: Problem) -> None:
        """Answer in place of the application, where it has not begun to, and close."""
        if self.transport.is_closing():
            return
        if self._is_idle() or not self.cycle.response_started:
            self.transport.write(_raw_answer(problem))
        self.transport.close()


def _raw_answer(problem: Problem) -> bytes:
    response = problem_response(problem)
    lines = [f"HTTP/1.1 {problem.status} {HTTPStatus(problem.status).phrase}".encode()]
    lines += [name + b": " + value for name, value in (*response.raw_headers, (b"connection", b"close"))]
    return b"\r\n".join(lines) + b"\r\n\r\n" + bytes(response.body)


def _too_many(linger_s: float) -> Callable[[Scope, Receive, Send], Any]:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        problem = Problem(503, _TOO_MANY, code="too_many_connections", headers={"Retry-After": "1"})
        await refuse(problem, scope, receive, send, linger_s)

    return answer


def _cancel(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
