"""An engine that another one stands in for, where it does not answer before its first token.

The other one is loaded when it is first needed, in the background. Until then, and for whatever the first one is to
blame the user's settings for, the first one's error is told.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import replace

from codeassist.engine.exchange import WrongSettings
from codeassist.engine.retelling import retold
from codeassist.engine.standby import Standby
from codeassist.engine.streams import closing
from codeassist.errors import EngineCrashed, EngineUnavailable, ModelError
from codeassist.protocols import Engine, StatusListener
from codeassist.types import Delta, EngineStatus, GenerationRequest, ModelInfo

_log = logging.getLogger(__name__)

# A suggestion that comes later than this is of no use; only counted where somebody else could answer.
PATIENCE_S = 3.0
# After a failure the first one is left alone for so long: each keystroke would wait for it in vain.
PAUSE_S = 10.0

_UNTROUBLED = ("ready", "starting", "stopped")


class FallbackEngine:
    """Says of itself what the first engine says, and that it is ready where either is."""

    def __init__(
        self,
        first: Engine,
        open_second: Callable[[], Engine],
        *,
        patience_s: float = PATIENCE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """open_second: reads files; called in a thread when it is first needed. clock: seconds."""
        self._first = first
        self._second = Standby(open_second)
        self._patience_s = patience_s
        self._clock = clock
        self._again_at = 0.0

    @property
    def info(self) -> ModelInfo:
        """The first one's: prompts are made for it. While the second one stands in, they are no longer than what this
        one advises: on a CPU, a prompt made for a large model keeps a small one busy for long."""
        first, second = self._first.info, self._second.loaded
        if second is None or not self._stands_in():
            return first
        return replace(first, prompt_tokens=min(first.prompt_tokens, second.info.prompt_tokens))

    @property
    def status(self) -> EngineStatus:
        """The first one's; where that is in trouble and the second one is loaded, that this one stands in."""
        first, second = self._first.status, self._second.loaded
        if first.state in _UNTROUBLED or second is None:
            return first
        return standing_in(first, second.info.name, first.message)

    def on_status(self, listener: StatusListener) -> None:
        """Call `listener` when the first one's status changes, and when the second one is loaded."""
        self._first.on_status(lambda _: listener(self.status))
        self._second.on_loaded(lambda: listener(self.status))

    async def start(self) -> None:
        """Reach the first one. Where that fails for now, load the second one in its place."""
        try:
            await self._first.start()
        except WrongSettings:
            raise
        except EngineUnavailable as error:
            if await self._second.load() is None:
                raise EngineUnavailable(f"{error}; the model that stands in {self._second.state}") from None

    async def stream(self, request: GenerationRequest) -> AsyncIterator[Delta]:
        """The first one's answer, or the second one's, whose deltas name its model. Raises what the first one raises
        where nobody stands in."""
        deltas, first = await self._begin(request)
        async with closing(deltas):
            if first is not None:
                yield first
            async for delta in deltas:
                yield delta

    async def close(self) -> None:
        """End both."""
        await self._first.close()
        await self._second.close()

    def _stands_in(self) -> bool:
        """Whether the second one, where it is loaded, answers what is asked now."""
        return self._clock() < self._again_at or self._first.status.state not in _UNTROUBLED

    async def _begin(self, request: GenerationRequest) -> tuple[AsyncIterator[Delta], Delta | None]:
        """An answer that has begun, and its first delta where that has been read already."""
        second = self._second.loaded
        if second is not None and self._clock() < self._again_at:
            return in_its_place(request, self.info, second), None
        try:
            # Nobody can stand in where a prompt is to be scored.
            patience_s = self._patience_s if second is not None and not request.score_last else None
            return await _first_of(self._first.stream(request), patience_s, self.info.name)
        except WrongSettings:
            raise
        except (EngineUnavailable, EngineCrashed) as error:
            self._again_at = self._clock() + PAUSE_S
            second = self._second.ready()
            if second is None:
                raise EngineUnavailable(f"{error}; the model that stands in {self._second.state}") from None
            _log.warning("%s stands in for %s: %s", second.info.name, self.info.name, error)
            return in_its_place(request, self.info, second), None


def standing_in(first: EngineStatus, second: str, why: str) -> EngineStatus:
    """The status while a model named `second` answers in the place of the first engine."""
    return replace(first, state="ready", message=f"{second} stands in: {why}", stand_in=second)


async def _first_of(
    deltas: AsyncIterator[Delta], patience_s: float | None, name: str
) -> tuple[AsyncIterator[Delta], Delta | None]:
    """The same deltas, and the first of them. Raises EngineUnavailable where it does not come in time."""
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(closing(deltas))
        try:
            async with asyncio.timeout(patience_s):
                first = await anext(deltas, None)
        except TimeoutError:
            raise EngineUnavailable(f"{name} said nothing for {patience_s:g} s") from None
        stack.pop_all()
        return deltas, first


async def in_its_place(request: GenerationRequest, first: ModelInfo, second: Engine) -> AsyncGenerator[Delta]:
    """The second engine's answer to what was asked of the first one; its deltas name its model."""
    try:
        asked = await asyncio.to_thread(retold, request, first, second.info)
    except ModelError as error:
        raise EngineUnavailable(f"{second.info.name} cannot stand in: {error}") from None
    async with closing(second.stream(asked)) as deltas:
        async for delta in deltas:
            yield replace(delta, model=second.info.name)
