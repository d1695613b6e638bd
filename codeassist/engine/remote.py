"""Any OpenAI-compatible server: `POST /v1/completions`, streamed.

Nothing is retried: a request that fails, fails at once and says why, and the next one tries afresh, whatever the status
is. The status shows how the latest exchange went: `restarting` after trouble that may pass by itself (a busy server, a
broken stream), `failed` when the user has to act or nothing has worked yet. vLLM's own fields (priority, forced tokens)
are not sent: other servers refuse them.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import replace

import httpx

from codeassist.engine.completions import CompletionReader, completion_body
from codeassist.engine.exchange import WrongSettings, answered, get_json, open_client
from codeassist.engine.limits import require_scorable
from codeassist.engine.sse import read_events
from codeassist.engine.status import StatusBoard
from codeassist.errors import EngineCrashed, EngineError, EngineUnavailable, ModelError, RequestRejected
from codeassist.protocols import StatusListener
from codeassist.types import Delta, EngineStatus, GenerationRequest, ModelInfo


class RemoteEngine:
    """Client of one model on one server."""

    def __init__(
        self,
        url: str,
        info: ModelInfo,
        *,
        model: str = "",
        api_key: str = "",
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """url: ends before `/completions`. model: as the server calls it, "" for the first that it lists.
        info: what is known of the model beforehand; its name and context are corrected by the server's word."""
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._client = open_client(url, headers, transport)
        self._url = url
        self._info = replace(info, supports_forced_prefix=False)
        self._model = model
        self._connected = False
        self._board = StatusBoard()

    @property
    def info(self) -> ModelInfo:
        """The model; its name is the server's after `start`."""
        return self._info

    @property
    def status(self) -> EngineStatus:
        """How the latest exchange with the server went."""
        return self._board.current

    def on_status(self, listener: StatusListener) -> None:
        """Call `listener` on every change of status."""
        self._board.listen(listener)

    async def start(self) -> None:
        """Ask the server for its models. Raises EngineUnavailable, or ModelError when it has not the wanted one."""
        if self._connected:
            return
        self._board.show(EngineStatus("starting", f"asking {self._url} for its models"))
        try:
            await self._connect()
        except (EngineError, ModelError) as error:
            self._board.show(EngineStatus("failed", str(error)))
            raise

    async def stream(self, request: GenerationRequest) -> AsyncIterator[Delta]:
        """The server's answer, asked for in every state but `stopped`. Leaving the loop closes the connection, by which
        servers know to stop."""
        if self._board.current.state == "stopped":
            self._board.require_ready()
        if request.forced_prefix:
            raise RequestRejected("a remote engine cannot force the start of an answer; leave forced_prefix empty")
        try:
            if not self._connected:
                await self._connect()
            if request.score_last:
                require_scorable(request, self._info)
            async with aclosing(self._exchange(request)) as deltas:
                async for delta in deltas:
                    self._show_ready()
                    yield delta
        except ModelError as error:
            self._show_trouble(wrong := WrongSettings(str(error)))
            raise wrong from None
        except (EngineUnavailable, EngineCrashed) as error:
            self._show_trouble(error)
            raise

    async def close(self) -> None:
        """Drop the connections; nothing runs here that could be left behind."""
        self._connected = False
        await self._client.aclose()
        self._board.show(EngineStatus("stopped"))

    async def _connect(self) -> None:
        try:
            listing = await get_json(self._client, "models")
        except RequestRejected as refusal:
            raise EngineUnavailable(str(refusal)) from None
        models = listed_models(listing, self._url)
        self._model = self._model or next(iter(models), "")
        if self._model not in models:
            raise ModelError(
                f"{self._url} has no model {self._model!r}; set engine.remote_model to one of: {', '.join(models)}"
            )
        context = models[self._model] or self._info.context_tokens
        self._info = replace(self._info, name=self._model, context_tokens=min(context, self._info.context_tokens))
        self._connected = True
        self._show_ready()

    async def _exchange(self, request: GenerationRequest) -> AsyncGenerator[Delta]:
        body = completion_body(request, self._model)
        reader = CompletionReader(request)
        async with answered(self._client, self._client.build_request("POST", "completions", json=body)) as response:
            async for event in read_events(response.aiter_bytes()):
                delta = reader.read(event)
                if delta is not None:
                    yield delta
                if reader.ended:
                    break
            yield reader.last()

    def _show_trouble(self, error: EngineError) -> None:
        may_pass = self._connected and not isinstance(error, WrongSettings)
        self._board.show(EngineStatus("restarting" if may_pass else "failed", str(error)))

    def _show_ready(self) -> None:
        self._board.show(EngineStatus("ready", f"{self._model} at {self._url}"))


def listed_models(listing: object, url: str, setting: str = "engine.url") -> dict[str, int]:
    """Names of a server's models with their context in tokens, 0 where it does not say."""
    entries = listing.get("data") if isinstance(listing, dict) else None
    if not isinstance(entries, list):
        raise EngineUnavailable(f"{url}/models is not an OpenAI model list; check {setting} (it usually ends in /v1)")
    named = [entry for entry in entries if isinstance(entry, dict) and isinstance(entry.get("id"), str)]
    lengths = [(entry["id"], entry.get("max_model_len")) for entry in named]
    return {name: length if isinstance(length, int) else 0 for name, length in lengths}
