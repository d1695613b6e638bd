"""Chat with any OpenAI-compatible server: `POST /v1/chat/completions`, streamed.

Nothing is retried and no redirect is followed: a question that fails, fails at once and says which setting to look at.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from typing import Any

import httpx

from codeassist.chat.forms import Binding, Forms
from codeassist.chat.model import Form, Message
from codeassist.engine.exchange import CONNECT_TIMEOUT_S, SettingNames, WrongSettings, answered, get_json
from codeassist.engine.fields import Misfit, mapping
from codeassist.engine.remote import listed_models
from codeassist.engine.sse import read_events
from codeassist.engine.wire import parse_object
from codeassist.errors import AnswerCutOff, EngineCrashed, EngineUnavailable, RequestRejected
from codeassist.settings import ChatSettings
from codeassist.types import Priority

# How urgent a question is, told to `codeassist serve`; other servers pass the header over. Source: `server/chat.py`.
PRIORITY_HEADER = "codeassist-priority"
CHAT = SettingNames("chat.url", "chat.model", "chat.api_key", "CODEASSIST_CHAT_API_KEY")
# No answer to one question is longer; what goes on beyond it is no answer.
MAX_STREAM_BYTES = 16 * 1024 * 1024
_DONE = "[DONE]"


class RemoteChat:
    """Client of one chat model on one server."""

    def __init__(self, settings: ChatSettings, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._settings = settings
        self._forms = Forms(settings.url)
        key = settings.api_key
        self._client = httpx.AsyncClient(
            base_url=settings.url.rstrip("/"),
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=httpx.Timeout(None, connect=min(CONNECT_TIMEOUT_S, settings.timeout_s)),  # `ask` sees to silence
            transport=transport,
            trust_env=False,
            verify=settings.url.startswith("https:"),
        )

    @property
    def remark(self) -> str:
        """That the server binds no answer to a form, once it has refused to."""
        return self._forms.remark

    async def ask(
        self, messages: Sequence[Message], form: Form | None = None, priority: Priority = Priority.CHAT
    ) -> AsyncGenerator[str]:
        """The server's answer. Leaving the loop closes the connection, by which servers know to stop."""
        loop = asyncio.get_running_loop()
        pieces = self._forms.bound(lambda binding: self._pieces(messages, binding, priority), form)
        async with aclosing(pieces):
            while True:
                # A server that only says that it is still there has not answered.
                try:
                    async with asyncio.timeout_at(loop.time() + self._settings.timeout_s):
                        piece = await anext(pieces, None)
                except TimeoutError:
                    raise EngineUnavailable(
                        f"{self._settings.url} said nothing for {self._settings.timeout_s:g} s; is the server busy or "
                        "stuck? chat.timeout_s says how long is waited"
                    ) from None
                if piece is None:
                    return
                yield piece

    async def close(self) -> None:
        """Drop the connections."""
        await self._client.aclose()

    async def _pieces(self, messages: Sequence[Message], binding: Binding, priority: Priority) -> AsyncGenerator[str]:
        model = self._settings.model or await self._first_model()
        body = chat_body(messages, model, self._settings.max_tokens) | binding
        headers = {} if priority == Priority.CHAT else {PRIORITY_HEADER: priority.name.lower()}
        request = self._client.build_request("POST", "chat/completions", json=body, headers=headers)
        reader = ChatReader(self._settings)
        async with answered(self._client, request, CHAT) as response:
            async for event in read_events(_bounded(response)):
                if piece := reader.read(event):
                    yield piece
                if reader.ended:
                    break
        reader.check_end()

    async def _first_model(self) -> str:
        url = self._settings.url
        try:
            listing = await get_json(self._client, "models", CHAT)
        except RequestRejected as refusal:
            raise WrongSettings(f"{refusal}; set chat.model to the name of the model") from None
        models = listed_models(listing, url, CHAT.url)
        if not models:
            raise WrongSettings(f"{url} lists no model; set chat.model to the name of one")
        return next(iter(models))


def chat_body(messages: Sequence[Message], model: str, max_tokens: int) -> dict[str, Any]:
    """The JSON body of a question; greedy, since an answer that is checked should not change by chance."""
    return {
        "model": model,
        "messages": [{"role": message.role, "content": message.content} for message in messages],
        "max_tokens": max_tokens,
        "temperature": 0,
        "stream": True,
    }


class ChatReader:
    """Turns the events of one stream into text."""

    def __init__(self, settings: ChatSettings) -> None:
        self.ended = False
        self._settings = settings
        self._finish_reason = ""

    def read(self, event: str) -> str:
        """What the event adds, often "". Raises EngineError for what is no answer, and where the server says so."""
        if event.strip() == _DONE:
            self.ended = True
            return ""
        try:
            return self._read_chunk(parse_object(event))
        except (Misfit, RequestRejected) as fault:
            raise EngineCrashed(f"the chat server's stream is malformed ({fault}): {event[:200]}") from None

    def check_end(self) -> None:
        """Raises AnswerCutOff for an answer that had to end, EngineCrashed for one that broke off."""
        if self._finish_reason == "length":
            raise AnswerCutOff(
                f"the answer was cut off after {self._settings.max_tokens} tokens; raise chat.max_tokens or ask for "
                "less"
            )
        if not self._finish_reason and not self.ended:
            raise EngineCrashed(
                f"{self._settings.url} ended its answer in the middle, or does not stream; check chat.url"
            )

    def _read_chunk(self, chunk: dict[str, Any]) -> str:
        if sent := chunk.get("error"):
            said = sent.get("message", sent) if isinstance(sent, dict) else sent
            raise EngineUnavailable(f"the chat server gave up in the middle of its answer: {str(said)[:300]}")
        choices = chunk.get("choices")
        if not isinstance(choices, list):
            raise Misfit("no choices")
        if not choices:
            return ""
        choice = mapping(choices[0])
        self._finish_reason = str(choice.get("finish_reason") or self._finish_reason)
        content = mapping(choice.get("delta") or {}).get("content")
        return content if isinstance(content, str) else ""


async def _bounded(response: httpx.Response) -> AsyncIterator[bytes]:
    n_bytes = 0
    async for chunk in response.aiter_bytes():
        n_bytes += len(chunk)
        if n_bytes > MAX_STREAM_BYTES:
            raise EngineCrashed(f"{response.url} sent more than {MAX_STREAM_BYTES} bytes for one answer")
        yield chunk
