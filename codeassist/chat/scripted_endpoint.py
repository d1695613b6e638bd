"""Chats whose answers come from a script, in OpenAI's shapes: for tests of clients, and demonstrations.

A script is a text per answer, in turn, the last one again when the script is over; or a function of the body.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

from codeassist.chat.endpoint import ChatReply, Json, Tally
from codeassist.errors import EngineError, ModelError
from codeassist.types import EngineStatus, Priority, Usage

ChatScript = Sequence[str | EngineError] | Callable[[Json], str]

_PIECES = re.compile(r"\s*\S+|\s+")


def echo_message(body: Json) -> str:
    """The last message's text: the script of a model that was given none."""
    messages = body.get("messages")
    last = messages[-1] if isinstance(messages, list) and messages else {}
    content = last.get("content") if isinstance(last, dict) else ""
    return content if isinstance(content, str) else ""


class ScriptedEndpoint:
    """asked: the bodies, in order. n_abandoned: answers that were left before their end. hold: when it is an event,
    every answer waits for it after its first piece."""

    def __init__(self, script: ChatScript = echo_message, name: str = "scripted-chat") -> None:
        self.asked: list[Json] = []
        self.priorities: list[Priority] = []
        self.n_abandoned = 0
        self.hold: asyncio.Event | None = None
        self.name = name
        self.context_tokens = 8192
        self.calls_tools = True
        self.status = EngineStatus("ready", f"{name} answers from a script")
        self._script = script

    async def start(self) -> None:
        """Nothing: it is ready."""

    async def close(self) -> None:
        """Nothing is left behind."""
        self.status = EngineStatus("stopped")

    @asynccontextmanager
    async def answer(self, body: Json, *, priority: Priority, client: str) -> AsyncIterator[ChatReply]:
        """The next answer, word by word where it is to be streamed."""
        text = self._next(body)
        self.asked.append(body)
        self.priorities.append(priority)
        media_type = "text/event-stream; charset=utf-8" if body.get("stream") else "application/json"
        tally = Tally()
        async with aclosing(self._chunks(text, body, tally)) as chunks:
            yield ChatReply(200, media_type, chunks, self.name, tally=tally)

    def _next(self, body: Json) -> str:
        answer = self._script(body) if callable(self._script) else self._script[min(len(self.asked), self._last)]
        if isinstance(answer, EngineError):
            self.asked.append(body)
            raise answer
        return answer

    @property
    def _last(self) -> int:
        return len(self._script) - 1 if isinstance(self._script, Sequence) else 0

    async def _chunks(self, text: str, body: Json, tally: Tally) -> AsyncGenerator[bytes]:
        is_done = False
        pieces = _PIECES.findall(text)
        usage = Usage(sum(len(_PIECES.findall(str(message))) for message in body["messages"]), 0, len(pieces))
        try:
            async for chunk in self._written(pieces, body, usage):
                yield chunk
            is_done = True
            tally.usage = usage
        finally:
            self.n_abandoned += not is_done

    async def _written(self, pieces: list[str], body: Json, usage: Usage) -> AsyncGenerator[bytes]:
        head = {"id": f"chatcmpl-{len(self.asked)}", "created": int(time.time()), "model": self.name}
        if not body.get("stream"):
            await self._held()
            message = {"role": "assistant", "content": "".join(pieces)}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            whole = head | {"object": "chat.completion", "choices": [choice], "usage": _counts(usage)}
            yield json.dumps(whole).encode()
            return
        head["object"] = "chat.completion.chunk"
        for number, piece in enumerate(pieces):
            role = {"role": "assistant"} if not number else {}
            yield _event(head | {"choices": [_delta(role | {"content": piece}, None)]})
            await self._held()
        yield _event(head | {"choices": [_delta({}, "stop")]})
        options = body.get("stream_options")
        if isinstance(options, dict) and options.get("include_usage"):
            yield _event(head | {"choices": [], "usage": _counts(usage)})
        yield b"data: [DONE]\n\n"

    async def _held(self) -> None:
        if self.hold is not None:
            await self.hold.wait()


def read_chat_script(path: Path) -> list[str]:
    """The answers of a script: a JSON text per line. Raises ModelError."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        answers = [json.loads(line) for line in lines if line.strip()]
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} is no script of a chat: {error}") from None
    if not answers or not all(isinstance(answer, str) for answer in answers):
        raise ModelError(f"{path} is no script of a chat; write one JSON text per line")
    return answers


def _delta(delta: dict[str, Any], reason: str | None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "finish_reason": reason}


def _counts(usage: Usage) -> dict[str, int]:
    total = usage.prompt_tokens + usage.completion_tokens
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": total,
    }


def _event(value: Json) -> bytes:
    return f"data: {json.dumps(value, separators=(',', ':'))}\n\n".encode()
