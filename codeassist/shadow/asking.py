"""Which gaps the second engine is asked, and when: after the first answer has ended, one at a time, and where it
computes on this machine only while nobody else is asked."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from codeassist.engine.streams import closing
from codeassist.errors import CodeassistError
from codeassist.shadow.comparison import Answered, Comparison, Gap, Prices, compare, is_sampled, with_texts
from codeassist.types import Delta, FimRequest, Usage

logger = logging.getLogger(__name__)

# Gaps that wait; beyond these the oldest is dropped, for it says no more than a newer one.
MAX_WAITING = 64
# A gap whose answer had to give way so often is dropped.
MOST_TRIES = 4


class Second(Protocol):
    """The second engine."""

    @property
    def name(self) -> str:
        """Of its model."""
        ...

    async def start(self) -> None:
        """Load it, or find it; called before each question. Raises CodeassistError."""
        ...

    def fill(self, asked: FimRequest) -> AsyncIterator[Delta]:
        """Its answer to a gap. Raises CodeassistError."""
        ...

    async def close(self) -> None:
        """End it."""
        ...


Keep = Callable[[Comparison], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Plan:
    """share: of the gaps. gives_way: whether it computes on this machine. keeps_text: prompts and answers are logged.
    first, second: what a million tokens of each cost."""

    share: float
    gives_way: bool
    keeps_text: bool = False
    first: Prices = field(default_factory=Prices)
    second: Prices = field(default_factory=Prices)


def _nothing_withheld(_path: str, _text: str) -> None:
    return None


class Shadow:
    """Not thread-safe: one event loop owns it.

    compared, failed, dropped: how many gaps were answered and logged, could not be, and were left out (too much was to
    do, or no model may see them). problem: what went wrong last, "" when nothing did since.
    """

    def __init__(
        self,
        second: Second,
        plan: Plan,
        keep: Keep,
        *,
        withheld: Callable[[str, str], str | None] = _nothing_withheld,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """keep: logs a comparison; raises CodeassistError. withheld: why no model may see the text at a path, or None;
        called in a thread."""
        self.compared = self.failed = self.dropped = 0
        self.problem = ""
        self._second = second
        self._plan = plan
        self._keep = keep
        self._withheld = withheld
        self._clock = clock
        self._gaps: deque[Gap] = deque()
        self._is_offered = asyncio.Event()
        self._is_idle = asyncio.Event()
        self._is_idle.set()
        self._asking: asyncio.Task[Answered] | None = None

    @property
    def waiting(self) -> int:
        """Gaps that will be asked."""
        return len(self._gaps)

    def offer(self, gap: Gap) -> None:
        """A gap that the first engine has answered; asked later, if it is one of the share."""
        if not is_sampled(gap.asked.id, self._plan.share):
            return
        self._gaps.append(gap)
        if len(self._gaps) > MAX_WAITING:
            self._gaps.popleft()
            self.dropped += 1
        self._is_offered.set()

    def idle(self) -> None:
        """Nobody asks the first engine any more."""
        self._is_idle.set()

    def busy(self) -> None:
        """Somebody asks the first engine."""
        self._is_idle.clear()
        if self._plan.gives_way and self._asking is not None:
            self._asking.cancel()

    async def run(self) -> None:
        """Ask until cancelled; ends the second engine then."""
        try:
            while True:
                await self._is_offered.wait()
                while self._gaps:
                    await self._serve(self._gaps.popleft())
                self._is_offered.clear()
        finally:
            await self._second.close()

    async def _serve(self, gap: Gap) -> None:
        try:
            second = await self._answer(gap) if await self._may_be_asked(gap) else None
            if second is None:
                self.dropped += 1
                return
            comparison = compare(gap, second, self._plan.first, self._plan.second)
            await self._keep(with_texts(comparison, gap, second) if self._plan.keeps_text else comparison)
        except CodeassistError as error:
            self._fail(error)
        else:
            self.compared += 1
            self.problem = ""

    async def _may_be_asked(self, gap: Gap) -> bool:
        """Files that look like secrets, or are ignored, reach no second engine either."""
        return await asyncio.to_thread(self._withheld, gap.path, gap.asked.prefix + gap.asked.suffix) is None

    def _fail(self, error: CodeassistError) -> None:
        self.failed += 1
        if str(error) != self.problem:
            logger.warning("the second engine gives no comparison: %s", error)
        self.problem = str(error)

    async def _answer(self, gap: Gap) -> Answered | None:
        """The second engine's answer; None where it had to give way too often."""
        for _ in range(MOST_TRIES):
            if self._plan.gives_way:
                await self._is_idle.wait()
            self._asking = asyncio.create_task(self._ask(gap.asked))
            try:
                return await self._asking
            except asyncio.CancelledError:
                await _ended(self._asking)
                if (task := asyncio.current_task()) is not None and task.cancelling():
                    raise
            finally:
                self._asking = None
        return None

    async def _ask(self, asked: FimRequest) -> Answered:
        await self._second.start()
        begun, first_token_ms = self._clock(), None
        texts: list[str] = []
        usage = Usage()
        deltas = self._second.fill(replace(asked, id=f"shadow-{asked.id}", client="shadow"))
        async with closing(deltas):
            async for delta in deltas:
                if delta.text and first_token_ms is None:
                    first_token_ms = (self._clock() - begun) * 1000
                texts.append(delta.text)
                usage = delta.usage
        return Answered(self._second.name, "".join(texts), usage, (self._clock() - begun) * 1000, first_token_ms)


async def _ended(task: asyncio.Task[Answered]) -> None:
    """Wait until what was cancelled has let go of its engine."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
