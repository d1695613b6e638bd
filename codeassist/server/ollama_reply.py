"""What a model that chats answers in OpenAI's dialect, as Ollama's tells it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

from codeassist.chat.endpoint import ChatReply
from codeassist.engine.sse import read_events
from codeassist.errors import EngineCrashed
from codeassist.server.chat_watch import usage_of
from codeassist.server.problems import Problem
from codeassist.types import Usage

Json = dict[str, Any]

_NOT_UNDERSTOOD = "the chat model's answer is not understood"


@dataclass(frozen=True, slots=True)
class Piece:
    """Some of an answer. calls: of tools, in pieces themselves. finish_reason, usage: where they are told."""

    text: str = ""
    thinking: str = ""
    calls: tuple[Json, ...] = ()
    finish_reason: str = ""
    usage: Usage | None = None


async def pieces(reply: ChatReply) -> AsyncGenerator[Piece, None]:
    """All of a reply, whether it is a stream or not. Raises Problem for a refusal, and EngineError."""
    if reply.status != 200:
        raise await _refusal(reply)
    if not reply.media_type.startswith("text/event-stream"):
        yield await asyncio.to_thread(piece_of, await _whole(reply))
    else:
        async for event in read_events(reply.chunks):
            if event == "[DONE]":
                break
            yield piece_of(event)
    yield Piece(usage=reply.tally.usage)


def piece_of(text: str | bytes) -> Piece:
    """One event of a stream, or a whole answer. Raises EngineCrashed where it tells of trouble, or nothing."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise EngineCrashed(_NOT_UNDERSTOOD) from None
    if not isinstance(value, dict) or value.get("error"):
        raise EngineCrashed(_message(value))
    choices = value.get("choices")
    first = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    said = first.get("delta") or first.get("message")
    said = said if isinstance(said, dict) else {}
    calls = said.get("tool_calls")
    return Piece(
        text=_text(said.get("content")),
        thinking=_text(said.get("reasoning")) or _text(said.get("reasoning_content")),
        calls=tuple(call for call in calls if isinstance(call, dict)) if isinstance(calls, list) else (),
        finish_reason=_text(first.get("finish_reason")),
        usage=usage_of(value),
    )


class Heard:
    """All of an answer. Calls of tools are put together from their pieces."""

    def __init__(self) -> None:
        self.finish_reason = ""
        self.usage = Usage()
        self._texts: list[str] = []
        self._thoughts: list[str] = []
        self._calls: dict[int, tuple[str, str]] = {}

    @property
    def text(self) -> str:
        """What is said."""
        return "".join(self._texts)

    @property
    def thinking(self) -> str:
        """What is thought before."""
        return "".join(self._thoughts)

    def add(self, piece: Piece) -> None:
        """What comes next."""
        self._texts.append(piece.text)
        self._thoughts.append(piece.thinking)
        self.finish_reason = piece.finish_reason or self.finish_reason
        self.usage = piece.usage or self.usage
        for number, call in enumerate(piece.calls):
            function = call.get("function")
            function = function if isinstance(function, dict) else {}
            index = call.get("index")
            index = index if isinstance(index, int) else number
            name, arguments = self._calls.get(index, ("", ""))
            self._calls[index] = name + _text(function.get("name")), arguments + _text(function.get("arguments"))

    def calls(self) -> list[Json]:
        """The calls as Ollama has them: arguments are an object. Those that are none, which small models write, are
        told as the text that they are, under the name `arguments`."""
        return [
            {"function": {"index": index, "name": name, "arguments": _arguments(text)}}
            for index, (name, text) in sorted(self._calls.items())
        ]


def _arguments(text: str) -> Json:
    try:
        value = json.loads(text or "{}")
    except (ValueError, RecursionError):
        value = None
    return value if isinstance(value, dict) else {"arguments": text}


async def _refusal(reply: ChatReply) -> Problem:
    body = await _whole(reply)
    try:
        told = _message(await asyncio.to_thread(json.loads, body))
    except (ValueError, RecursionError):
        told = f"{reply.model} answered {reply.status}"
    return Problem(reply.status, told, headers=reply.headers)


async def _whole(reply: ChatReply) -> bytes:
    return b"".join([chunk async for chunk in reply.chunks])


def _message(value: object) -> str:
    error = value.get("error") if isinstance(value, dict) else None
    message = error.get("message") if isinstance(error, dict) else error
    return _text(message) or _NOT_UNDERSTOOD


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
