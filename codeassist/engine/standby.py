"""What is loaded only when it is first needed, in the background."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from codeassist.errors import CodeassistError
from codeassist.types import EngineStatus

_log = logging.getLogger(__name__)


class Startable(Protocol):
    """An engine, or a chat."""

    @property
    def status(self) -> EngineStatus:
        """Whether it answers now."""
        ...

    async def start(self) -> None:
        """Load it."""
        ...

    async def close(self) -> None:
        """End it."""
        ...


_Model = TypeVar("_Model", bound=Startable)


class Standby(Generic[_Model]):
    """A model that may be needed."""

    def __init__(self, open_model: Callable[[], _Model]) -> None:
        """open_model: reads what it needs from disk, in a thread; raises CodeassistError."""
        self._open = open_model
        self._model: _Model | None = None
        self._loading: asyncio.Task[None] | None = None
        self._trouble = ""
        self._listeners: list[Callable[[], None]] = []

    @property
    def loaded(self) -> _Model | None:
        """The model where it answers now."""
        return self._model if self._model is not None and self._model.status.state == "ready" else None

    def ready(self) -> _Model | None:
        """The same; where it does not answer, its loading has begun by the end of the call."""
        if self.loaded is None and (self._loading is None or (self._loading.done() and self._model is None)):
            self._loading = asyncio.create_task(self._load())
        return self.loaded

    async def load(self) -> _Model | None:
        """The model once it is loaded, None where it cannot be."""
        self.ready()
        if self._loading is not None:
            await asyncio.shield(self._loading)
        return self.loaded

    def again(self) -> None:
        """Try to load it once more, in the background, where that has failed; asks nothing of one that is loaded."""
        failed = self._model is None or self._model.status.state == "failed"
        if failed and (self._loading is None or self._loading.done()):
            self._loading = asyncio.create_task(self._load())

    def on_loaded(self, listener: Callable[[], None]) -> None:
        """Call `listener` once it answers."""
        self._listeners.append(listener)

    @property
    def state(self) -> str:
        """Why it does not answer yet."""
        if self._model is not None and self._model.status.state not in ("stopped", "starting", "failed"):
            return f"is {self._model.status.state}: {self._model.status.message}"
        return self.trouble or "is being loaded"

    @property
    def trouble(self) -> str:
        """Why it could not be loaded when that was last tried; "" where it could, or is still being tried."""
        return f"cannot be loaded: {self._trouble}" if self._trouble else ""

    async def close(self) -> None:
        """End whatever runs; safe to call twice."""
        if self._loading is not None:
            self._loading.cancel()
            await asyncio.gather(self._loading, return_exceptions=True)
        if self._model is not None:
            await self._model.close()

    async def _load(self) -> None:
        try:
            if self._model is None:
                self._model = await asyncio.to_thread(self._open)
            await self._model.start()
        except CodeassistError as error:
            self._trouble = str(error)
            _log.warning("the fallback cannot be loaded: %s", error)
            return
        self._trouble = ""
        for listener in self._listeners:
            listener()
