"""The engine of another process of ours: several editors share the one model that `codeassist serve` holds.

The server answers `POST /codeassist/v1/generate` (our request as JSON) with one event of `wire.py` per delta, and
`GET /codeassist/v1/engine` with its model and status.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing

import httpx

from codeassist.engine import wire
from codeassist.engine.exchange import answered, get_json, open_client
from codeassist.engine.sse import read_events
from codeassist.engine.status import StatusBoard
from codeassist.errors import EngineCrashed, EngineError, EngineUnavailable, RequestRejected
from codeassist.protocols import StatusListener
from codeassist.types import Delta, EngineStatus, GenerationRequest, ModelInfo

ENGINE_PATH = "/codeassist/v1/engine"
GENERATE_PATH = "/codeassist/v1/generate"

_PROBE_TIMEOUT_S = 2.0
_POLL_S = 1.0


def probe(url: str) -> ModelInfo | None:
    """The model of the server at `url`, or None when no server of ours answers there within two seconds. Blocks."""
    try:
        response = httpx.get(url + ENGINE_PATH, timeout=_PROBE_TIMEOUT_S, trust_env=False, verify=False)  # loopback
        return wire.engine_from_json(wire.parse_object(response.content))[0]
    except (httpx.HTTPError, RequestRejected):
        return None


class AttachedEngine:
    """Client of a running `codeassist serve`. Its status is the server's engine's; while that is not ready, or the
    server is gone, it is asked again every second."""

    def __init__(
        self,
        url: str,
        info: ModelInfo,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._url = url
        self._info = info
        self._client = open_client(url, {}, transport)
        self._sleep = sleep
        self._board = StatusBoard()
        self._watch: asyncio.Task[None] | None = None

    @property
    def info(self) -> ModelInfo:
        """The model that the server runs."""
        return self._info

    @property
    def status(self) -> EngineStatus:
        """The status of the server's engine as we last heard."""
        return self._board.current

    def on_status(self, listener: StatusListener) -> None:
        """Call `listener` on every change of status."""
        self._board.listen(listener)

    async def start(self) -> None:
        """Wait until the server's engine is ready. Raises EngineUnavailable when the server is gone or gave up."""
        while (status := await self._ask_or_tell()).state != "ready":
            if status.state in ("failed", "stopped"):
                raise EngineUnavailable(f"the server at {self._url} has no engine: {status.message}")
            await self._sleep(_POLL_S)

    async def stream(self, request: GenerationRequest) -> AsyncIterator[Delta]:
        """The server's deltas. Leaving the loop closes the connection, and the server aborts."""
        self._board.require_ready()
        try:
            async with aclosing(self._exchange(request)) as deltas:
                async for delta in deltas:
                    yield delta
        except (EngineUnavailable, EngineCrashed) as error:
            self._show_gone(error)
            raise

    async def close(self) -> None:
        """Leave the server; it runs on."""
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
            self._watch = None
        await self._client.aclose()
        self._board.show(EngineStatus("stopped"))

    async def _exchange(self, request: GenerationRequest) -> AsyncGenerator[Delta]:
        post = self._client.build_request("POST", GENERATE_PATH, json=wire.request_to_json(request))
        async with answered(self._client, post) as response:
            async for event in read_events(response.aiter_bytes()):
                delta = self._read(event)
                yield delta
                if delta.finish_reason is not None:
                    return
        raise EngineCrashed(f"the server at {self._url} ended its answer in the middle")

    def _read(self, event: str) -> Delta:
        try:
            return wire.read_event(wire.parse_object(event))
        except wire.Malformed as error:
            raise EngineCrashed(f"the server at {self._url} speaks another version: {error}") from None

    async def _ask_or_tell(self) -> EngineStatus:
        try:
            return await self._ask()
        except EngineError as error:
            self._show_gone(error)
            raise

    async def _ask(self) -> EngineStatus:
        _, status = wire.engine_from_json(wire.as_object(await get_json(self._client, ENGINE_PATH)))
        self._board.show(status)
        return status

    def _show_gone(self, error: EngineError) -> None:
        self._board.show(EngineStatus("restarting", str(error)))
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._wait_for_return())

    async def _wait_for_return(self) -> None:
        while self._board.current.state != "ready":
            await self._sleep(_POLL_S)
            with contextlib.suppress(EngineError):
                await self._ask()
