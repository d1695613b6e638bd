"""The served product under measurement: an engine that is watched, and cases asked of it a few at a time."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

from bench.measuring import bench_settings
from bench.quality.journal import DEFAULT
from codeassist.engine.choose import open_engine
from codeassist.errors import EngineCrashed, EngineError, EngineUnavailable
from codeassist.protocols import Engine, StatusListener
from codeassist.settings import Settings
from codeassist.types import Delta, EngineStatus, FinishReason, GenerationRequest, ModelInfo, Suggestion, Token

Item = TypeVar("Item")
Answer = TypeVar("Answer")

# "model": it said that it was done. "rule": nothing more could change what is shown. "limit": it would have gone on.
Ending = Literal["model", "rule", "limit"]

# As many as the engine takes on a CPU: twice as quick as one at a time (0.12 s and 0.31 s for a gap of HumanEval).
AT_ONCE = 8
_TRIES = 3
_RESTART_S = 120.0


@dataclass(slots=True)
class Answered:
    """What the engine did for one request. steps: how many tokens each delta brought. forced: see GenerationRequest."""

    forced: str = ""
    tokens: list[Token] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)
    finish_reason: FinishReason | None = None
    error: EngineError | None = None

    @property
    def ending(self) -> Ending:
        """What ended the answer."""
        if self.finish_reason == "length":
            return "limit"
        return "model" if self.finish_reason == "stop" else "rule"


class WatchedEngine:
    """Another engine, and what it did for the latest request of each id: one for each Completer, whose ids they are."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._answered: dict[str, Answered] = {}

    @property
    def info(self) -> ModelInfo:
        return self._engine.info

    @property
    def status(self) -> EngineStatus:
        return self._engine.status

    def on_status(self, listener: StatusListener) -> None:
        self._engine.on_status(listener)

    async def start(self) -> None:
        await self._engine.start()

    async def close(self) -> None:
        await self._engine.close()

    async def stream(self, request: GenerationRequest) -> AsyncIterator[Delta]:
        """The engine's deltas, noted down."""
        answered = self._answered[request.id] = Answered(request.forced_prefix)
        n_before = 0
        try:
            async with aclosing(cast("AsyncGenerator[Delta]", self._engine.stream(request))) as deltas:
                async for delta in deltas:
                    answered.tokens += delta.tokens
                    answered.steps.append(delta.usage.completion_tokens - n_before)
                    n_before = delta.usage.completion_tokens
                    answered.finish_reason = delta.finish_reason
                    yield delta
        except EngineError as error:
            answered.error = error
            raise

    def taken(self, request_id: str) -> Answered | None:
        """What was noted for a request, once; None when it never came here."""
        return self._answered.pop(request_id, None)

    async def wait_until_ready(self) -> None:
        """Raises EngineUnavailable when it does not come back."""
        for _ in range(int(_RESTART_S)):
            if self.status.state == "ready":
                return
            await asyncio.sleep(1.0)
        raise EngineUnavailable(f"the engine is {self.status.state}: {self.status.message}")


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Engine]:
    """The engine of these settings, started, and closed in the end."""
    engine = open_engine(settings.engine, attach=False)
    try:
        await engine.start()
        yield engine
    finally:
        await engine.close()


async def asked(engine: WatchedEngine, ask: Callable[[], Awaitable[Suggestion]]) -> tuple[Suggestion, Answered | None]:
    """A suggestion and how it came about; asked again when the engine broke. Raises EngineError when it stays so."""
    for _ in range(_TRIES):
        suggestion = await ask()
        answered = engine.taken(suggestion.id)
        if answered is None or answered.error is None:
            return suggestion, answered
        if not isinstance(answered.error, EngineUnavailable | EngineCrashed):
            raise answered.error
        await engine.wait_until_ready()
    raise answered.error if answered and answered.error else AssertionError


async def in_order(
    items: Sequence[Item], ask: Callable[[Item], Awaitable[Answer]], at_once: int, title: str
) -> list[Answer]:
    """The answers for all items, a few at a time, with a word about the progress now and then."""
    room = asyncio.Semaphore(at_once)
    started = told = time.perf_counter()
    n_done = 0

    async def one(item: Item) -> Answer:
        nonlocal n_done, told
        async with room:
            answer = await ask(item)
        n_done += 1
        now = time.perf_counter()
        if now - told > 30 or n_done == len(items):
            told = now
            print(f"{title}: {n_done} of {len(items)}, {(now - started) / n_done:.2f} s each", file=sys.stderr)
        return answer

    async with asyncio.TaskGroup() as tasks:
        made = [tasks.create_task(one(item)) for item in items]
    return [task.result() for task in made]


def add_options(parser: argparse.ArgumentParser, out: Path | None = None) -> None:
    """The options that every program with an engine takes."""
    parser.add_argument("--out", type=Path, default=out, required=out is None, help="result file")
    parser.add_argument("--work", type=Path, default=DEFAULT, help="folder for indexes and raw results: resumable")
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--at-once", type=int, default=AT_ONCE, help="requests that run at the same time")
    parser.add_argument("-o", "--option", action="append", default=[], metavar="SECTION.KEY=VALUE", help="a setting")


def settings_of(arguments: Any) -> Settings:
    """The defaults with what the command line asks for, and indexes in the work folder."""
    return bench_settings(arguments.option, arguments.work / "indexes")
