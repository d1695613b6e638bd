"""The second engine: opened when it is first needed, and asked with prompts of its own template over the same index."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace

from codeassist.assistant import Assistant
from codeassist.behind import without_what_stands_behind
from codeassist.engine.choose import open_engine
from codeassist.engine.exchange import is_on_this_machine
from codeassist.errors import CodeassistError, EngineUnavailable
from codeassist.protocols import Engine
from codeassist.server.deltas import limited
from codeassist.settings import EngineSettings, ShadowSettings
from codeassist.types import Delta, FimRequest, Priority

# What could not be started is not tried again for so long: to load a model takes a whole machine for a while.
RETRY_S = 60.0


def engine_settings(shadow: ShadowSettings, first: EngineSettings) -> EngineSettings:
    """Settings of the second engine; of the first one's only what is about the machine."""
    return EngineSettings(
        kind=shadow.kind,
        model=shadow.model,
        models=first.models,
        url=shadow.url,
        remote_model=shadow.remote_model,
        api_key=shadow.api_key,
        template=shadow.template,
        tokenizer=shadow.tokenizer,
        threads=first.threads,
        gpu_memory_fraction=first.gpu_memory_fraction,
    )


def is_local(shadow: ShadowSettings) -> bool:
    """Whether the second engine computes on this machine, and would take from the first what it needs."""
    return shadow.kind != "remote" or is_on_this_machine(shadow.url)


def destination(shadow: ShadowSettings) -> str:
    """Where copies of prompts go, "" where none are made."""
    if not shadow.share:
        return ""
    return shadow.url if shadow.kind == "remote" else "a second engine in this process"


class SecondEngine:
    """Of one workspace, whose index it shares."""

    def __init__(
        self,
        first: Assistant,
        *,
        open_second: Callable[[EngineSettings], Engine] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._first = first
        self._settings = first.settings.shadow
        self._open = open_second or _open
        self._clock = clock
        self._second: Assistant | None = None
        self._is_started = False
        self._failed_at = -RETRY_S
        self._failure: CodeassistError | None = None

    @property
    def name(self) -> str:
        """Of its model."""
        return self._second.engine.info.name if self._second else ""

    async def start(self) -> None:
        """Open and load it, once. Raises CodeassistError."""
        if self._is_started:
            return
        if self._failure is not None and self._clock() - self._failed_at < RETRY_S:
            raise self._failure
        try:
            await self._start()
        except CodeassistError as error:
            self._failed_at, self._failure = self._clock(), _named(error)
            raise self._failure from None

    async def fill(self, asked: FimRequest) -> AsyncGenerator[Delta]:
        """Its answer to a gap, after everybody else. Raises CodeassistError."""
        assert self._second is not None, "asked before it was started"
        try:
            prepared = await self._second.prepare_gap(replace(asked, top_logprobs=None))
            last = replace(prepared.request, priority=Priority.AHEAD)
            filled = limited(self._second.fill_gap(replace(prepared, request=last)), asked.max_tokens)
            deltas = without_what_stands_behind(filled, prepared.window)
            async with aclosing(deltas):
                async for delta in deltas:
                    yield delta
        except CodeassistError as error:
            raise _named(error) from None

    async def close(self) -> None:
        """End it; the index is the first one's."""
        second, self._second = self._second, None
        if second is not None:
            await second.engine.close()

    async def _start(self) -> None:
        if self._second is None:
            settings = engine_settings(self._settings, self._first.settings.engine)
            engine = await asyncio.to_thread(self._open, settings)
            both = replace(self._first.settings, engine=settings)
            self._second = Assistant(both, self._first.workspace, engine, self._first.index)
        await self._second.engine.start()
        self._is_started = True


def _open(settings: EngineSettings) -> Engine:
    return open_engine(settings, attach=False)


def _named(error: CodeassistError) -> CodeassistError:
    """The same with the settings called as they are here."""
    text = str(error).replace("engine.", "shadow.").replace("CODEASSIST_ENGINE_", "CODEASSIST_SHADOW_")
    return EngineUnavailable(text)
