"""One engine for many clients: equal requests are one generation, and whoever else asks waits for a turn.

    shared = SharedEngine(engine, n_seats)
    async for delta in shared.stream(request): ...
    async with shared.turn(Priority.CHAT, client): ...     # for what reaches the engine's process in another way
    shared.on_turn(listener)                               # who was seated, and whether with somebody else
    shared.finish(request.id)                              # its reader gets a regular end now

Each generation is read by a task of its own into one list, from which every reader reads at its own pace: a slow reader
holds up none of the others. Where nobody has read for `MOST_AHEAD` steps, the generation waits for its readers. When
the last of them leaves, it is aborted.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from functools import partial

from codeassist.engine.streams import closing
from codeassist.engine.turns import Seat, Turns
from codeassist.errors import EngineUnavailable
from codeassist.protocols import Engine, Speculates, StatusListener
from codeassist.speculation import Speculation
from codeassist.types import Delta, EngineStatus, GenerationRequest, ModelInfo, Priority, Usage

# Steps that a generation runs ahead of the reader that is furthest: more than nearly all completions have.
MOST_AHEAD = 1024

# Called with a request's id when its turn has come, and whether another request's generation answers it.
TurnListener = Callable[[str, bool], None]


class _Generation:
    """One request inside of the engine, and what it has answered so far."""

    def __init__(self, seat: Seat, key: GenerationRequest) -> None:
        self.seat = seat
        self.key = key
        self.task: asyncio.Task[None] | None = None
        self.deltas: list[Delta] = []
        self.usage = Usage()
        self.error: BaseException | None = None
        self.is_seated = False
        self.is_over = False
        self.n_readers = 0
        self.n_read = 0  # by the reader that is furthest
        self.news = asyncio.Event()
        self.is_read_on = asyncio.Event()

    def tell(self) -> None:
        """Wake all readers."""
        self.news.set()
        self.news.clear()

    def add(self, delta: Delta) -> None:
        self.seat.charge(max(delta.usage.completion_tokens - self.usage.completion_tokens, 0))
        self.usage = delta.usage
        self.deltas.append(delta)
        self.tell()

    def read(self, n_deltas: int) -> None:
        """A reader has read so many."""
        if n_deltas > self.n_read:
            self.n_read = n_deltas
            self.is_read_on.set()

    async def wait_for_readers(self) -> None:
        """Until somebody is less than `MOST_AHEAD` steps behind."""
        while len(self.deltas) - self.n_read >= MOST_AHEAD:
            self.is_read_on.clear()
            await self.is_read_on.wait()


class _Reader:
    """One who reads a generation. is_finished: told to end now."""

    __slots__ = ("generation", "is_finished")

    def __init__(self, generation: _Generation) -> None:
        self.generation = generation
        self.is_finished = False


class SharedEngine:
    """An engine among clients that know nothing of each other."""

    def __init__(self, engine: Engine, n_seats: int, n_reserved: int = 0) -> None:
        """n_seats: requests that the engine works on at the same time. n_reserved: of these, for completions alone."""
        self._engine = engine
        self._turns = Turns(n_seats, n_reserved)
        self._joinable: dict[GenerationRequest, _Generation] = {}
        self._readers: dict[str, _Reader] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._listeners: list[TurnListener] = []

    @property
    def info(self) -> ModelInfo:
        """The model; known before `start`."""
        return self._engine.info

    @property
    def status(self) -> EngineStatus:
        """Whether the engine answers now."""
        return self._engine.status

    @property
    def speculation(self) -> Speculation | None:
        """What was drafted so far; None where nothing is, or nobody counts."""
        return self._engine.speculation if isinstance(self._engine, Speculates) else None

    @property
    def n_waiting(self) -> int:
        """Requests that wait for their turn."""
        return self._turns.n_waiting

    @property
    def n_readers(self) -> int:
        """Requests that are being answered or wait."""
        return len(self._readers)

    @property
    def n_running(self) -> int:
        """Generations that wait or are being made."""
        return len(self._tasks)

    def on_status(self, listener: StatusListener) -> None:
        """Call `listener` on every change of status."""
        self._engine.on_status(listener)

    def on_turn(self, listener: TurnListener) -> None:
        """Call `listener` whenever a request's turn has come."""
        self._listeners.append(listener)

    async def start(self) -> None:
        """Load the model. Raises ModelError or EngineUnavailable."""
        await self._engine.start()

    async def close(self) -> None:
        """Stop the engine; running streams raise EngineCrashed or EngineUnavailable."""
        await self._engine.close()
        running = tuple(self._tasks)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def turn(self, priority: Priority, client: str, size: int = 1) -> Seat:
        """`async with`: a turn on the engine, for requests that reach it otherwise. size: answers at the same time."""
        return self._turns.seat(priority, client, size)

    def finish(self, request_id: str) -> None:
        """Whoever reads this request gets an end now, as if the answer went no further; unknown ids are ignored."""
        reader = self._readers.get(request_id)
        if reader is not None:
            reader.is_finished = True
            reader.generation.tell()

    async def stream(self, request: GenerationRequest) -> AsyncIterator[Delta]:
        """The answer; of a generation that runs already from its beginning. Leaving the loop aborts what nobody else
        reads."""
        generation, is_joined = self._join(request)
        reader = self._readers[request.id] = _Reader(generation)
        n_read, is_told = 0, False
        try:
            while True:
                if generation.is_seated and not is_told:
                    is_told = True
                    self._tell_turn(request.id, is_joined)
                if reader.is_finished:
                    usage = generation.deltas[n_read - 1].usage if n_read else Usage()
                    yield Delta("", usage, finish_reason="stop")
                    return
                if n_read < len(generation.deltas):
                    delta = generation.deltas[n_read]
                    n_read += 1
                    generation.read(n_read)
                    yield delta
                    if delta.finish_reason is not None:
                        return
                elif not generation.is_over:
                    await generation.news.wait()
                elif generation.error is not None:
                    raise generation.error.with_traceback(None)
                else:
                    return
        finally:
            if self._readers.get(request.id) is reader:
                del self._readers[request.id]
            await self._leave(generation)

    def _tell_turn(self, request_id: str, is_joined: bool) -> None:
        for listener in self._listeners:
            listener(request_id, is_joined)

    def _join(self, request: GenerationRequest) -> tuple[_Generation, bool]:
        """A running generation of the same, or a new one; and which of both."""
        key = replace(request, id="", priority=Priority.COMPLETION, client="")
        is_repeatable = request.temperature == 0 or request.seed is not None
        generation = self._joinable.get(key) if is_repeatable else None
        if generation is not None:
            generation.seat.raise_to(request.priority)
            generation.n_readers += 1
            return generation, True
        generation = _Generation(self._turns.seat(request.priority, request.client), key)
        generation.n_readers = 1
        if is_repeatable:
            self._joinable[key] = generation
        task = asyncio.create_task(self._run(generation, request))
        generation.task = task
        self._tasks.add(task)
        task.add_done_callback(partial(self._end, generation))
        return generation, False

    async def _run(self, generation: _Generation, request: GenerationRequest) -> None:
        """Read the engine's answer to its end. Raises what the engine raises."""
        try:
            async with generation.seat as seat:
                generation.is_seated = True
                generation.tell()
                urgent = replace(request, priority=Priority(seat.priority))
                async with closing(self._engine.stream(urgent)) as deltas:
                    async for delta in deltas:
                        generation.add(delta)
                        await generation.wait_for_readers()
        finally:
            self._forget(generation)

    def _end(self, generation: _Generation, task: asyncio.Task[None]) -> None:
        """Whatever the generation ended with is its readers' to hear."""
        self._tasks.discard(task)
        generation.error = EngineUnavailable("the engine was closed") if task.cancelled() else task.exception()
        generation.is_over = True
        generation.tell()

    async def _leave(self, generation: _Generation) -> None:
        generation.n_readers -= 1
        task = generation.task
        if generation.n_readers or generation.is_over or task is None:
            return
        self._forget(generation)
        task.cancel()
        await asyncio.wait({task})

    def _forget(self, generation: _Generation) -> None:
        if self._joinable.get(generation.key) is generation:
            del self._joinable[generation.key]
