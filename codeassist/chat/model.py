"""The seam to a chat model, and which one the settings mean."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from codeassist.errors import NoChatModel
from codeassist.settings import ChatSettings
from codeassist.types import Priority


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Form:
    """What an answer has to be: JSON by a JSON schema. name: letters, digits and hyphens."""

    name: str
    schema: Mapping[str, Any]


class Chat(Protocol):
    """A model that answers messages. Leaving the loop over `ask` (break, cancellation, `aclose`) stops the answer."""

    @property
    def remark(self) -> str:
        """What a user may want to know of how answers come about: that forms bind nobody; "" for nothing."""
        ...

    def ask(
        self, messages: Sequence[Message], form: Form | None = None, priority: Priority = Priority.CHAT
    ) -> AsyncIterator[str]:
        """Pieces of one answer. Raises EngineError: AnswerCutOff, after what there is, when it was too long.

        form: the model's words are bound to it where its server can do that. Others are asked all the same: so the
        messages have to say what JSON is wanted, and `chat.forms.read_json` reads what comes.
        """
        ...

    async def close(self) -> None:
        """Drop connections; safe to call twice."""
        ...


OpenChat = Callable[[ChatSettings], Chat]


def open_chat(settings: ChatSettings) -> Chat:
    """The chat model of the settings, not yet reached. Blocks a moment where certificates are read.

    Raises NoChatModel.
    """
    if not is_configured(settings):
        raise NoChatModel
    from codeassist.engine.remote_chat import RemoteChat

    return RemoteChat(settings)


def is_configured(settings: ChatSettings) -> bool:
    """Whether there is a chat model to ask: on a server, which may be `codeassist serve` with a model of its own."""
    return bool(settings.url) and settings.kind in ("auto", "remote")


def chat_name(settings: ChatSettings) -> str:
    """What to call the chat model in a status; "" where there is none."""
    return (settings.model or settings.url) if is_configured(settings) else ""


@asynccontextmanager
async def opened(opener: OpenChat, settings: ChatSettings) -> AsyncIterator[Chat]:
    """A chat model for the length of the block. Raises NoChatModel."""
    chat = await asyncio.to_thread(opener, settings)
    try:
        yield chat
    finally:
        await chat.close()


async def whole_answer(chat: Chat, messages: Sequence[Message], on_piece: Callable[[int], None] | None = None) -> str:
    """The answer as one text. on_piece: told how many characters there are so far. Raises EngineError."""
    pieces: list[str] = []
    await read_answer(chat, messages, pieces, on_piece)
    return "".join(pieces)


async def formed_answer(chat: Chat, messages: Sequence[Message], form: Form, priority: Priority) -> str:
    """The answer to a question with a form, as one text, which is JSON where all goes well. Raises EngineError."""
    pieces: list[str] = []
    await _collect(chat.ask(messages, form, priority), pieces, None)
    return "".join(pieces)


async def read_answer(
    chat: Chat, messages: Sequence[Message], pieces: list[str], on_piece: Callable[[int], None] | None = None
) -> None:
    """Add the pieces of an answer to a list, where they stay when its end is missing. Raises EngineError."""
    await _collect(chat.ask(messages), pieces, on_piece)


async def _collect(stream: AsyncIterator[str], pieces: list[str], on_piece: Callable[[int], None] | None) -> None:
    n_characters = 0
    try:
        async for piece in stream:
            pieces.append(piece)
            n_characters += len(piece)
            if on_piece is not None:
                on_piece(n_characters)
    finally:
        close = getattr(stream, "aclose", None)
        if close is not None:
            await close()
