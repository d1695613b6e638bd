"""The engine of another process of ours: several editors share the one model that `codeassist serve` holds.

The server answers `POST /codeassist/v1/generate` (our request as JSON) with one event of `wire.py` per delta, and
`GET /codeassist/v1/engine` with its model and status. A request names the model that it was made for (`model_mark`):
token ids mean something else to another one, and a server may come back with another between two keystrokes.

It is asked through the Unix socket that it keeps for its user's own processes (`discovery.py`), at paths as over TCP.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace

import httpx

from codeassist.engine import wire
from codeassist.engine.discovery import RunningServer
from codeassist.engine.exchange import answered, get_json, open_client
from codeassist.engine.limits import require_scorable
from codeassist.engine.sse import read_events
from codeassist.engine.status import StatusBoard
from codeassist.errors import EngineCrashed, EngineError, EngineUnavailable, RequestRejected
from codeassist.protocols import StatusListener
from codeassist.types import Delta, EngineStatus, GenerationRequest, ModelInfo

ENGINE_PATH = "/codeassist/v1/engine"
GENERATE_PATH = "/codeassist/v1/generate"
MODEL_HEADER = "codeassist-model"

_PROBE_TIMEOUT_S = 2.0
_POLL_S = 1.0
# An embedded engine that died is back within a minute. A remote one comes back with the next request that it answers,
# and that may have to be ours.
_MOST_POLLS_OF_A_RESTART = 60


def probe(server: RunningServer) -> ModelInfo | None:
    """The model of the server, or None when no server of ours answers there within two seconds. Blocks."""
    try:
        with own_client(server, _PROBE_TIMEOUT_S) as client:
            return wire.engine_from_json(wire.parse_object(client.get(ENGINE_PATH).content))[0]
    except (httpx.HTTPError, RequestRejected):
        return None


def own_client(server: RunningServer, timeout_s: float) -> httpx.Client:
    """A client of the user's own running server; it needs no key."""
    transport = httpx.HTTPTransport(uds=server.socket, verify=False) if server.socket else None
    url = _url_within(server)
    verify = url.startswith("https:")
    return httpx.Client(transport=transport, base_url=url, timeout=timeout_s, trust_env=False, verify=verify)


def _url_within(server: RunningServer) -> str:
    """What requests are addressed to: a socket that only its owner reaches carries no TLS."""
    return server.url.replace("https:", "http:", 1) if server.socket else server.url


def model_mark(info: ModelInfo) -> str:
    """A word for all that a prompt depends on: the same one means that prompts for one will do for the other."""
    made_for = (info.name, info.template, str(info.tokenizer), info.supports_forced_prefix)
    return hashlib.sha256(json.dumps(made_for).encode()).hexdigest()[:16]


class AttachedEngine:
    """Client of a running `codeassist serve`. Its status is the server's engine's; while that is not ready, or the
    server is gone, it is asked again every second. Once the server runs another model, it is `failed`: prompts are
    made for the one it started with."""

    def __init__(
        self,
        server: RunningServer,
        info: ModelInfo,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._url = server.url
        self._info = info
        if transport is None and server.socket:
            transport = httpx.AsyncHTTPTransport(uds=server.socket, verify=False)
        self._client = open_client(_url_within(server), {}, transport)
        self._sleep = sleep
        self._board = StatusBoard()
        self._was_ready = False
        self._other_model = ""  # what to do about it
        self._watch: asyncio.Task[None] | None = None

    @property
    def info(self) -> ModelInfo:
        """The model that prompts are made for, as the server last described it."""
        return self._info

    @property
    def status(self) -> EngineStatus:
        """The status of the server's engine as we last heard."""
        return self._board.current

    def on_status(self, listener: StatusListener) -> None:
        """Call `listener` on every change of status."""
        self._board.listen(listener)

    async def start(self) -> None:
        """Wait until the server's engine is ready. Raises EngineUnavailable when the server is gone or gave up, does
        not come back from a restart, or runs another model than it was."""
        n_polls = 0
        while (status := await self._ask_or_tell()).state != "ready":
            n_polls += status.state == "restarting"
            if status.state in ("failed", "stopped") or n_polls > _MOST_POLLS_OF_A_RESTART:
                self._follow()
                raise EngineUnavailable(
                    self._other_model or f"the server at {self._url} has no engine: {status.message}"
                )
            await self._sleep(_POLL_S)

    async def stream(self, request: GenerationRequest) -> AsyncIterator[Delta]:
        """The server's deltas. Leaving the loop closes the connection, and the server aborts.

        In trouble it is asked all the same: it knows whether its engine answers, and a remote one finds out by trying.
        """
        if self._other_model or self._board.current.state in ("stopped", "starting"):
            self._board.require_ready()
        if request.score_last:  # a server of an older version would not know the field
            require_scorable(request, self._info)
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
        headers = {MODEL_HEADER: model_mark(self._info)}
        body = wire.request_to_json(request)
        post = self._client.build_request("POST", GENERATE_PATH, json=body, headers=headers)
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
        told, status = wire.engine_from_json(wire.as_object(await get_json(self._client, ENGINE_PATH)))
        status = self._take(told, status)
        self._board.show(status)
        return status

    def _take(self, told: ModelInfo, status: EngineStatus) -> EngineStatus:
        """The status to show. A model for which prompts are still right is taken over, with whatever else is new of it.

        Until the first answer the name may change: a server that is remote itself learns it when it connects.
        """
        known = self._info if self._was_ready else replace(self._info, name=told.name)
        if model_mark(told) != model_mark(known):
            self._other_model = (
                f"the server at {self._url} now runs {told.name} instead of {self._info.name}; "
                "restart the editor's language server"
            )
            return EngineStatus("failed", self._other_model)
        self._other_model = ""
        self._info = told
        self._was_ready = self._was_ready or status.state == "ready"
        return status

    def _show_gone(self, error: EngineError) -> None:
        if self._board.current.state != "failed":
            self._board.show(EngineStatus("restarting", str(error)))
        self._follow()

    def _follow(self) -> None:
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._wait_for_return())

    async def _wait_for_return(self) -> None:
        while self._board.current.state != "ready":
            await self._sleep(_POLL_S)
            with contextlib.suppress(EngineError):
                await self._ask()
