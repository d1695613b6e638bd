"""Chats that another OpenAI-compatible server answers: bodies go there as they are but for `model`, bytes come back.

What that server refuses is told in its own words and with its status; what the user has to set right here (address,
key, model) is told as our trouble, since the client cannot help it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from urllib.parse import urlsplit

import httpx

from codeassist.chat.endpoint import ChatReply, Json
from codeassist.engine.exchange import CONNECT_TIMEOUT_S, WrongSettings, get_json, refusal_of, responded
from codeassist.engine.remote import listed_models
from codeassist.engine.remote_chat import CHAT
from codeassist.engine.status import StatusBoard
from codeassist.errors import EngineCrashed, EngineError, EngineUnavailable, RequestRejected
from codeassist.settings import ChatSettings
from codeassist.types import EngineStatus, Priority

# No answer is longer; beyond it the server has lost its way.
MAX_ANSWER_BYTES = 64 * 1024 * 1024

_EVENT_STREAM = "text/event-stream"
_PASSED_ON = ("retry-after", "x-request-id")


class RemoteEndpoint:
    """Client of one chat model on one server."""

    def __init__(self, settings: ChatSettings, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._url = settings.url.rstrip("/")
        self._model = settings.model
        self._context_tokens = 0
        self._board = StatusBoard()
        self._board.show(EngineStatus("ready", self._url))  # whether it answers is found out by asking
        self._client = httpx.AsyncClient(
            base_url=self._url,
            headers={"Authorization": f"Bearer {settings.api_key}"} if settings.api_key else {},
            timeout=httpx.Timeout(settings.timeout_s, connect=min(CONNECT_TIMEOUT_S, settings.timeout_s)),
            transport=transport,
            trust_env=False,
            verify=self._url.startswith("https:"),
        )

    @property
    def name(self) -> str:
        """The model's as the server calls it; the server's own until that is known."""
        return self._model or urlsplit(self._url).hostname or self._url

    @property
    def context_tokens(self) -> int:
        """What the server says, 0 where it does not."""
        return self._context_tokens

    @property
    def calls_tools(self) -> bool:
        """The server says so itself where it cannot."""
        return True

    @property
    def status(self) -> EngineStatus:
        """How the latest exchange with the server went."""
        return self._board.current

    async def start(self) -> None:
        """Ask the server for its models; that it does not answer is told by `status`."""
        try:
            await self._connect()
        except EngineError as error:
            self._board.show(EngineStatus("restarting", str(error)))

    @asynccontextmanager
    async def answer(self, body: Json, *, priority: Priority, client: str) -> AsyncIterator[ChatReply]:
        """The server's response, once its first byte is there. Leaving the block closes the connection, by which
        servers know to stop. Raises EngineError."""
        try:
            if not self._model:
                await self._connect()
            content = await asyncio.to_thread(lambda: json.dumps(body | {"model": self._model}).encode())
            headers = {"content-type": "application/json"}
            request = self._client.build_request("POST", "chat/completions", content=content, headers=headers)
            async with responded(self._client, request) as response, aclosing(_bounded(response)) as chunks:
                if response.is_redirect or response.status_code in (401, 403, 404):
                    raise WrongSettings(str(refusal_of(response, await response.aread(), CHAT)))
                first = await anext(chunks, b"")
                self._board.show(EngineStatus("ready", f"{self._model} at {self._url}"))
                yield await self._reply(response, first, chunks)
        except (EngineUnavailable, EngineCrashed) as error:
            self._board.show(EngineStatus("restarting", str(error)))
            raise

    async def close(self) -> None:
        """Drop the connections."""
        await self._client.aclose()
        self._board.show(EngineStatus("stopped"))

    async def _connect(self) -> None:
        try:
            models = listed_models(await get_json(self._client, "models", CHAT), self._url, CHAT.url)
        except RequestRejected as refusal:
            raise WrongSettings(f"{refusal}; set chat.model to the name of the model") from None
        if not models and not self._model:
            raise WrongSettings(f"{self._url} lists no model; set chat.model to the name of one")
        self._model = self._model or next(iter(models))
        self._context_tokens = models.get(self._model, 0)
        self._board.show(EngineStatus("ready", f"{self._model} at {self._url}"))

    async def _reply(self, response: httpx.Response, first: bytes, rest: AsyncGenerator[bytes]) -> ChatReply:
        headers = {name: value for name in _PASSED_ON if (value := response.headers.get(name))}
        media_type = response.headers.get("content-type", "application/json")
        if response.status_code == 200 and media_type.startswith(_EVENT_STREAM):
            return ChatReply(200, media_type, _joined(first, rest), self._model, headers)
        whole = b"".join([part async for part in _joined(first, rest)])
        if response.status_code != 200 and not _is_error_body(whole):
            refusal = refusal_of(response, whole, CHAT)
            error = {"message": str(refusal), "type": "upstream_error", "param": None, "code": response.status_code}
            whole, media_type = json.dumps({"error": error}).encode(), "application/json"
        return ChatReply(response.status_code, media_type, _joined(whole, None), self._model, headers)


async def _bounded(response: httpx.Response) -> AsyncGenerator[bytes]:
    n_bytes = 0
    async for chunk in response.aiter_bytes():
        n_bytes += len(chunk)
        if n_bytes > MAX_ANSWER_BYTES:
            raise EngineCrashed(f"{response.url} sent more than {MAX_ANSWER_BYTES} bytes for one answer")
        yield chunk


async def _joined(first: bytes, rest: AsyncGenerator[bytes] | None) -> AsyncGenerator[bytes]:
    if first:
        yield first
    if rest is not None:
        async for chunk in rest:
            yield chunk


def _is_error_body(body: bytes) -> bool:
    """Whether it is in OpenAI's shape."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and isinstance(value.get("error"), dict) and "message" in value["error"]
