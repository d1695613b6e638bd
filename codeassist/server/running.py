"""uvicorn as we run it: two kinds of sockets, limits, and an end in good order."""

from __future__ import annotations

import asyncio
import logging
import math
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from codeassist.server.hosting import Hosting
from codeassist.server.protocol import OWN_STATE, limited_protocol

# A client that connects for TLS and says nothing further is dropped after this.
_HANDSHAKE_S = 10.0
# After their connections were cut, answers get this long to notice.
_ABORT_S = 1.0

_log = logging.getLogger(__name__)

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Server(uvicorn.Server):
    """The first signal ends it in good order, the second one at once.

    In good order: nobody is let in any more but the user's own processes, which are told about it; running answers get
    `drain_s`; then connections are cut, and what was computed for them is aborted.
    """

    def __init__(self, app: ASGIApp, hosting: Hosting) -> None:
        limits = hosting.access.limits
        config = uvicorn.Config(
            app,
            http=limited_protocol(limits),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # it would believe any program on this machine about where a request comes from
            timeout_keep_alive=limits.idle_s,
            h11_max_incomplete_event_size=4 * limits.head_bytes,  # `protocol.py` comes first, and answers clearly
        )
        config.load()
        super().__init__(config)
        self._hosting = hosting
        self._own: asyncio.Server | None = None
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # its start and end are told by us

    async def serve_on(self, listener: socket.socket, own: socket.socket | None) -> None:
        """Answer on `listener`, and on the socket of the user's own processes."""
        loop = asyncio.get_running_loop()
        if own is not None:
            self._own = await loop.create_unix_server(partial(self._protocol, {OWN_STATE: True}), sock=own)
        try:
            await self.serve(sockets=[listener])
        finally:
            if self._own is not None:
                self._own.close()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """uvicorn's, with our time limit for TLS."""
        loop, tls = asyncio.get_running_loop(), self._hosting.tls
        within_s = _HANDSHAKE_S if tls else None
        self.servers = [
            await loop.create_server(partial(self._protocol, {}), sock=each, ssl=tls, ssl_handshake_timeout=within_s)
            for each in sockets or ()
        ]
        self.started = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """uvicorn's, which waits for answers; we end those that go on for too long."""
        self._hosting.access.life.is_draining = True
        if self.server_state.tasks:
            _log.warning(
                "answers are still on their way and get up to %g s; a second Ctrl-C ends them at once",
                self._hosting.drain_s,
            )
        self.config.timeout_graceful_shutdown = math.ceil(self._hosting.drain_s + _ABORT_S)
        end = asyncio.get_running_loop().call_later(self._hosting.drain_s, self._abort)
        try:
            await super().shutdown(sockets)
        finally:
            end.cancel()

    def capture_signals(self) -> nullcontext[None]:  # type: ignore[override]
        """Not uvicorn's way."""
        return nullcontext()

    @contextmanager
    def stopped_by_signals(self) -> Iterator[None]:
        """For the length of the block."""
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, self._on_signal)
        try:
            yield
        finally:
            for number in _SIGNALS:
                loop.remove_signal_handler(number)

    async def stop(self, answering: asyncio.Task[None]) -> None:
        """End in good order, where no signal has brought that about."""
        self.should_exit = True
        if not answering.done():
            await asyncio.wait({answering}, timeout=self._hosting.drain_s + 2 * _ABORT_S)
        answering.cancel()
        await asyncio.gather(answering, return_exceptions=True)

    def _on_signal(self) -> None:
        if self.should_exit:
            self.force_exit = True
            self._abort()
        self.should_exit = True

    def _abort(self) -> None:
        """Cut all connections: answers end as when their client leaves."""
        for connection in list(self.server_state.connections):
            connection.transport.abort()

    def _protocol(self, state: dict[str, Any]) -> asyncio.Protocol:
        protocol: Any = self.config.http_protocol_class
        made: asyncio.Protocol = protocol(config=self.config, server_state=self.server_state, app_state=state)
        return made
