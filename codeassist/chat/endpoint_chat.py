"""The chat of a `ChatEndpoint` in the same process, for what a server asks of its own model."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from codeassist.chat.endpoint import ChatEndpoint
from codeassist.chat.forms import Binding, Forms
from codeassist.chat.model import Form, Message
from codeassist.engine.remote_chat import ChatReader, chat_body
from codeassist.engine.sse import read_events
from codeassist.errors import EngineUnavailable, RequestRejected
from codeassist.settings import ChatSettings
from codeassist.types import Priority

_MOST_OF_A_REFUSAL = 300


class EndpointChat:
    """A Chat over an endpoint, which somebody else starts and ends."""

    def __init__(self, endpoint: ChatEndpoint, settings: ChatSettings, client: str = "") -> None:
        """client: who asks, among those who take turns on the engine."""
        self._endpoint = endpoint
        self._settings = settings
        self._client = client
        self._forms = Forms(endpoint.name)

    @property
    def remark(self) -> str:
        """That answers are bound to no form, where that is so."""
        return self._forms.remark

    async def ask(
        self, messages: Sequence[Message], form: Form | None = None, priority: Priority = Priority.CHAT
    ) -> AsyncGenerator[str]:
        """The endpoint's answer. Leaving the loop aborts it."""
        pieces = self._forms.bound(lambda binding: self._pieces(messages, binding, priority), form)
        async with aclosing(pieces):
            async for piece in pieces:
                yield piece

    async def close(self) -> None:
        """Nothing: the endpoint is somebody else's."""

    async def _pieces(self, messages: Sequence[Message], binding: Binding, priority: Priority) -> AsyncGenerator[str]:
        body = chat_body(messages, self._endpoint.name, self._settings.max_tokens) | binding
        reader = ChatReader(self._settings)
        async with self._endpoint.answer(body, priority=priority, client=self._client) as reply:
            if reply.status != 200:
                said = b"".join([chunk async for chunk in reply.chunks]).decode("utf-8", "replace")
                told = f"{self._endpoint.name} answered {reply.status}: {said[:_MOST_OF_A_REFUSAL]}"
                raise RequestRejected(told) if reply.status < 500 and reply.status != 429 else EngineUnavailable(told)
            async for event in read_events(reply.chunks):
                if not reader.ended and (piece := reader.read(event)):
                    yield piece
        reader.check_end()
