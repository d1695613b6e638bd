"""A chat model that reads its answers from a script: for tests and demonstrations.

chat = ScriptedChat(["first answer", EngineUnavailable("busy")])
chat = ScriptedChat(lambda messages, form: json.dumps(...))    # an answer to what was asked
chat.asked          # the messages of every question, in order
chat.forms          # the form that each answer was to have, in the same order; chat.priorities: how urgent it was
chat.n_abandoned    # how many answers were left before their end
chat.hold = asyncio.Event()    # every answer waits for it after its first piece
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Sequence

from codeassist.chat.model import Form, Message
from codeassist.errors import EngineError
from codeassist.types import Priority

Answer = str | EngineError
Script = Sequence[Answer] | Callable[[Sequence[Message], Form | None], Answer]

_PIECES = re.compile(r"\s*\S+|\s+")


class ScriptedChat:
    """Answers one after the other, the last one again when the script is over; or as a function of the question."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self.asked: list[tuple[Message, ...]] = []
        self.forms: list[Form | None] = []
        self.priorities: list[Priority] = []
        self.remark = ""
        self.n_abandoned = 0
        self.n_closed = 0
        self.hold: asyncio.Event | None = None
        self.was_asked = asyncio.Event()
        self.was_closed = asyncio.Event()

    async def ask(
        self, messages: Sequence[Message], form: Form | None = None, priority: Priority = Priority.CHAT
    ) -> AsyncIterator[str]:
        """The next answer, word by word."""
        answer = self._next(messages, form)
        self.asked.append(tuple(messages))
        self.forms.append(form)
        self.priorities.append(priority)
        if isinstance(answer, EngineError):
            self.was_asked.set()
            raise answer
        is_done = False
        try:
            for piece in _PIECES.findall(answer):
                yield piece
                self.was_asked.set()
                if self.hold is not None:
                    await self.hold.wait()
            is_done = True
        finally:
            self.was_asked.set()
            self.n_abandoned += not is_done

    async def close(self) -> None:
        """Count the call."""
        self.n_closed += 1
        self.was_closed.set()

    def _next(self, messages: Sequence[Message], form: Form | None) -> Answer:
        if callable(self._script):
            return self._script(messages, form)
        return self._script[min(len(self.asked), len(self._script) - 1)]
