"""A chat model that reads its answers from a script: for tests and demonstrations.

chat = ScriptedChat(["first answer", EngineUnavailable("busy")])
chat.asked          # the messages of every question, in order
chat.n_abandoned    # how many answers were left before their end
chat.hold = asyncio.Event()    # every answer waits for it after its first piece
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence

from codeassist.chat.model import Message
from codeassist.errors import EngineError

_PIECES = re.compile(r"\s*\S+|\s+")


class ScriptedChat:
    """Answers one after the other; the last one again when the script is over."""

    def __init__(self, answers: Sequence[str | EngineError]) -> None:
        self._answers = list(answers)
        self.asked: list[tuple[Message, ...]] = []
        self.n_abandoned = 0
        self.n_closed = 0
        self.hold: asyncio.Event | None = None
        self.was_asked = asyncio.Event()
        self.was_closed = asyncio.Event()

    async def ask(self, messages: Sequence[Message]) -> AsyncIterator[str]:
        """The next answer, word by word."""
        answer = self._answers[min(len(self.asked), len(self._answers) - 1)]
        self.asked.append(tuple(messages))
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
