"""A chat that another one stands in for, where it does not answer."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from codeassist.chat.endpoint import ChatEndpoint, ChatReply, Json
from codeassist.engine.exchange import WrongSettings
from codeassist.engine.standby import Standby
from codeassist.errors import EngineCrashed, EngineUnavailable
from codeassist.types import EngineStatus, Priority

_log = logging.getLogger(__name__)

_BUSY = 429


class FallbackEndpoint:
    """The first one answers; the second one where the first is not there, is too busy or breaks before its first byte.

    A wrong key or model of the first is told and not glossed over.
    """

    def __init__(self, first: ChatEndpoint, open_second: Callable[[], ChatEndpoint]) -> None:
        self._first = first
        self._second = Standby(open_second)

    @property
    def name(self) -> str:
        """The first one's."""
        return self._first.name

    @property
    def context_tokens(self) -> int:
        """The first one's."""
        return self._first.context_tokens

    @property
    def calls_tools(self) -> bool:
        """The first one's."""
        return self._first.calls_tools

    @property
    def status(self) -> EngineStatus:
        """The first one's."""
        return self._first.status

    async def start(self) -> None:
        """Make the first one ready; the second one is loaded when it is needed."""
        await self._first.start()

    async def close(self) -> None:
        """End both."""
        await self._first.close()
        await self._second.close()

    @asynccontextmanager
    async def answer(self, body: Json, *, priority: Priority, client: str) -> AsyncIterator[ChatReply]:
        """The response of whoever answers; `model` says who. Raises EngineError."""
        async with AsyncExitStack() as stack:
            trouble = ""
            reply = None
            try:
                reply = await stack.enter_async_context(self._first.answer(body, priority=priority, client=client))
                if reply.status == _BUSY or reply.status >= 500:
                    trouble = f"{self.name} answered {reply.status}"
            except WrongSettings:
                raise
            except (EngineUnavailable, EngineCrashed) as error:
                trouble = str(error)
            second = self._second.ready() if trouble else None
            if second is not None:
                _log.warning("%s answers a chat, for %s", second.name, trouble)
                await stack.aclose()
                reply = await stack.enter_async_context(second.answer(body, priority=priority, client=client))
            if reply is None:
                raise EngineUnavailable(f"{trouble}; the model that stands in {self._second.state}")
            yield reply
