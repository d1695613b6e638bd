"""Children of the embedded engine that a test plays."""

from __future__ import annotations

import asyncio

from asking import until

from codeassist.engine import wire
from codeassist.engine.embedded import EmbeddedEngine
from codeassist.engine.scripted import SCRIPTED_INFO
from codeassist.errors import CodeassistError
from codeassist.types import Delta, ModelInfo, Usage


class FakeChild:
    """A child whose words come from the test. `None` is its end."""

    def __init__(self, pid: int, words: list[wire.Json | None]) -> None:
        self.pid = pid
        self.log = ["starting", "ValueError: no room", "it ended by itself with status 1"]
        self.heard: list[wire.Json] = []
        self.n_closed = 0
        self.slow_end = asyncio.Event()
        self.slow_end.set()
        self._words: asyncio.Queue[wire.Json | None] = asyncio.Queue()
        for word in words:
            self._words.put_nowait(word)

    def say(self, word: wire.Json | None) -> None:
        self._words.put_nowait(word)

    def answer(self, key: int, text: str, reason: str | None = None) -> None:
        self.say({"key": key} | wire.delta_event(Delta(text, Usage(4, 0, 1), (), reason)))  # type: ignore[arg-type]

    def send(self, message: wire.Json) -> None:
        self.heard.append(message)

    async def receive(self) -> wire.Json | None:
        return await self._words.get()

    def log_tail(self) -> list[str]:
        return self.log

    async def close(self) -> None:
        await self.slow_end.wait()
        self.n_closed += 1


class Nursery:
    """Launches one fake child after the other, each with its first words."""

    def __init__(self, *first_words: list[wire.Json | None] | OSError | CodeassistError) -> None:
        self.children: list[FakeChild] = []
        self.pauses: list[float] = []
        self.wake = asyncio.Event()
        self._first_words = list(first_words)

    async def launch(self) -> FakeChild:
        words = self._first_words.pop(0) if self._first_words else [{"ready": True}]
        if isinstance(words, OSError | CodeassistError):
            raise words
        self.children.append(FakeChild(100 + len(self.children), words))
        return self.children[-1]

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await self.wake.wait()

    def engine(self, info: ModelInfo = SCRIPTED_INFO) -> EmbeddedEngine:
        return EmbeddedEngine(info, self.launch, sleep=self.sleep)


READY: list[wire.Json | None] = [{"progress": "loading"}, {"ready": True}]
DEAD: list[wire.Json | None] = [None]


async def until_asked(child: FakeChild, n: int = 1) -> None:
    await until(lambda: len([message for message in child.heard if "generate" in message]) >= n)
