"""An embedded engine that the shipped model stands in for once it cannot start, or has given up.

Nothing stands in while it is merely loading or restarting after a death. While another model answers, the engine is
tried again with growing pauses: its GPU may be free by then, its files mended.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from itertools import chain, repeat

from codeassist.engine.embedded import EmbeddedEngine
from codeassist.engine.fallback import in_its_place, standing_in
from codeassist.engine.standby import Standby
from codeassist.engine.status import StatusBoard
from codeassist.engine.streams import closing
from codeassist.errors import EngineUnavailable, ModelError
from codeassist.protocols import Engine, StatusListener
from codeassist.speculation import Speculation
from codeassist.types import Delta, EngineStatus, GenerationRequest, ModelInfo

_log = logging.getLogger(__name__)

# Between two tries. Each may load for a minute or two, with work and memory that the model which answers needs as well.
PAUSES_S = (30.0, 60.0, 120.0, 300.0, 600.0)


class BackedEngine:
    """Says of itself what its first engine says, and that it is ready where either is."""

    def __init__(
        self,
        first: EmbeddedEngine,
        open_second: Callable[[], Engine],
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """open_second: reads files; called in a thread when it is first needed. sleep: waits between tries."""
        self.first = first
        self._second = Standby(open_second)
        self._sleep = sleep
        self._board = StatusBoard()
        self._why = ""  # what the first one last failed of
        self._trying: asyncio.Task[None] | None = None
        self._is_closed = False
        first.on_status(self._heard)
        self._second.on_loaded(self._show)

    @property
    def info(self) -> ModelInfo:
        """The first one's: prompts are made for it. While the second one stands in, they are no longer than what this
        one advises."""
        first, second = self.first.info, self._stand_in
        return first if second is None else replace(first, prompt_tokens=min(first.prompt_tokens, _advised(second)))

    @property
    def status(self) -> EngineStatus:
        """The first one's; where that has failed, that the second one is being loaded, stands in, or cannot."""
        first, second = self.first.status, self._stand_in
        if second is not None:
            return standing_in(first, second.info.name, self._why)
        if first.state != "failed":
            return first
        message = f"{first.message}; {self._nobody_else()}"
        return replace(first, state="failed" if self._second.trouble else "starting", message=message)

    @property
    def speculation(self) -> Speculation | None:
        """How drafting did so far in the first one."""
        return self.first.speculation

    def on_status(self, listener: StatusListener) -> None:
        """Call `listener` on every change of status."""
        self._board.listen(listener)

    async def start(self) -> None:
        """Load the first one, or else the second one. Raises EngineUnavailable where neither can be."""
        self._is_closed = False
        try:
            await self.first.start()
        except (EngineUnavailable, ModelError) as error:
            if self._is_closed:
                raise
            if await self._second.load() is None:
                self._show()
                raise EngineUnavailable(f"{error}; {self._nobody_else()}") from None

    async def stream(self, request: GenerationRequest) -> AsyncIterator[Delta]:
        """The first one's answer, or that of the second one while it stands in, whose deltas name its model."""
        second = self._stand_in
        if second is None and self.first.status.state == "failed":
            raise EngineUnavailable(f"the engine is {self.status.state}: {self.status.message}")
        deltas = self.first.stream(request) if second is None else in_its_place(request, self.info, second)
        async with closing(deltas):
            async for delta in deltas:
                yield delta

    async def close(self) -> None:
        """End both; safe to call twice."""
        self._is_closed = True
        await self.first.close()
        trying, self._trying = self._trying, None
        if trying is not None:
            trying.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await trying
        await self._second.close()

    @property
    def _stand_in(self) -> Engine | None:
        """The second one, where it answers in place of the first: since that failed, until it is ready again."""
        return self._second.loaded if self._why and self.first.status.state not in ("ready", "stopped") else None

    def _nobody_else(self) -> str:
        """Why the second one does not answer either."""
        trouble = self._second.trouble
        if trouble and _cause(self._why) and trouble.endswith(_cause(self._why)):
            return "for the same reason the model that stands in cannot be loaded"
        return f"the model that stands in {self._second.state}"

    def _heard(self, status: EngineStatus) -> None:
        """The first one's status has changed."""
        if status.state == "ready":
            self._why = ""
        if status.state == "failed" and not self._is_closed:
            self._why = status.message
            self._second.again()
            if self._trying is None or self._trying.done():
                self._trying = asyncio.create_task(self._try_again())
        self._show()

    def _show(self) -> None:
        if self._stand_in is not None and self._board.current.stand_in == "":
            _log.warning("%s", self.status.message)
        self._board.show(self.status)

    async def _try_again(self) -> None:
        for pause_s in chain(PAUSES_S, repeat(PAUSES_S[-1])):
            await self._second.load()  # two that load at the same time would take the memory from each other
            await self._sleep(pause_s)
            try:
                await self.first.start()
            except (EngineUnavailable, ModelError) as error:
                _log.info("still not: %s", error)
            else:
                return


def embedded_of(engine: Engine) -> EmbeddedEngine | None:
    """The engine that runs in a process of ours, whether another one stands by for it or not; None for any other."""
    if isinstance(engine, BackedEngine):
        return engine.first
    return engine if isinstance(engine, EmbeddedEngine) else None


def _advised(engine: Engine) -> int:
    return engine.info.prompt_tokens


def _cause(message: str) -> str:
    """What was wrong, without whose trouble it was."""
    return message.rpartition("cannot be started: ")[2]
