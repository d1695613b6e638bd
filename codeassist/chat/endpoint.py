"""The seam to whatever answers `POST /v1/chat/completions`: a body of OpenAI's goes in, an HTTP response comes out.

`model.py` is the other seam, for questions of our own: messages in, text out.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from codeassist.settings import ChatSettings
from codeassist.types import EngineStatus, Priority, Usage

Json = dict[str, Any]

# Where a chat is answered: another server, a model directory of its own, the model that fills gaps, or a script.
ChatSource = Literal["remote", "directory", "engine", "scripted", "none"]


@dataclass(slots=True)
class Tally:
    """What an answer took: known after its last chunk, and None where whoever answers told nothing but the body."""

    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class ChatReply:
    """An HTTP response while it comes in. chunks: its body, to be read once. model: who answers."""

    status: int
    media_type: str
    chunks: AsyncIterator[bytes]
    model: str
    headers: Mapping[str, str] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)


class ChatEndpoint(Protocol):
    """A chat model as clients of the HTTP endpoint reach it."""

    @property
    def name(self) -> str:
        """The model's; a remote one may learn it when it is first reached."""
        ...

    @property
    def context_tokens(self) -> int:
        """Question and answer together; 0 where that is not known."""
        ...

    @property
    def calls_tools(self) -> bool:
        """Whether it may be given tools to call; of a remote one, as far as is known."""
        ...

    @property
    def status(self) -> EngineStatus:
        """Whether it answers now."""
        ...

    async def start(self) -> None:
        """Make it ready. Trouble is told by `status` and by `answer`, not raised."""
        ...

    def answer(self, body: Json, *, priority: Priority, client: str) -> AbstractAsyncContextManager[ChatReply]:
        """The response to a request's body, for the length of the block; leaving the block aborts it.

        Raises EngineError before there is a response and while it is read.
        """
        ...

    async def close(self) -> None:
        """Leave nothing behind; safe to call twice."""
        ...


def chat_source(settings: ChatSettings, *, engine_chats: bool) -> ChatSource:
    """Which chat the settings mean. engine_chats: whether the model that fills gaps has a chat template."""
    if settings.kind == "remote" or (settings.kind == "auto" and settings.url):
        return "remote"
    if settings.kind == "scripted":
        return "scripted"
    if settings.kind == "none":
        return "none"
    return embedded_source(settings, engine_chats=engine_chats)


def embedded_source(settings: ChatSettings, *, engine_chats: bool) -> ChatSource:
    """Where a chat on this machine is answered."""
    if settings.directory:
        return "directory"
    return "engine" if engine_chats else "none"


def wants_engine(settings: ChatSettings) -> bool:
    """Whether the model that fills gaps is to chat, if only it can."""
    source = chat_source(settings, engine_chats=True)
    falls_back = source == "remote" and settings.fallback == "embedded" and not settings.directory
    return source == "engine" or falls_back
