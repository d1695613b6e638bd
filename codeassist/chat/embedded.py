"""Chats that an embedded engine answers, with vLLM's own serving."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Protocol

from codeassist.chat.endpoint import ChatReply, Json, Tally
from codeassist.engine.fields import Misfit, positive
from codeassist.engine.turns import Seat
from codeassist.errors import CodeassistError, EngineCrashed, EngineUnavailable, RequestRejected
from codeassist.types import EngineStatus, ModelInfo, Priority, Usage

_INNER_FIELDS = ("vllm_xargs", "kv_transfer_params", "ec_transfer_params")

# Makes the seat of a request: of which priority, whose, and for how many answers.
TakeTurn = Callable[[Priority, str, int], Seat]


class ChattingEngine(Protocol):
    """What is asked of an engine: `engine/embedded.py` is one."""

    @property
    def info(self) -> ModelInfo:
        """The model."""
        ...

    @property
    def status(self) -> EngineStatus:
        """Whether it answers now."""
        ...

    async def start(self) -> None:
        """Load the model."""
        ...

    @property
    def calls_tools(self) -> bool:
        """Whether calls of tools can be read back from what it writes."""
        ...

    def chat(self, body: Json, priority: Priority) -> AsyncGenerator[Json]:
        """Events of `engine/chat_events.py`."""
        ...

    async def close(self) -> None:
        """End it."""
        ...


class EmbeddedEndpoint:
    """The chat of an engine that somebody else starts and ends."""

    def __init__(self, engine: ChattingEngine, turn: TakeTurn) -> None:
        """turn: on the engine, among all that it is asked."""
        self._engine = engine
        self._turn = turn

    @property
    def name(self) -> str:
        """The model's."""
        return self._engine.info.name

    @property
    def context_tokens(self) -> int:
        """Question and answer together."""
        return self._engine.info.context_tokens

    @property
    def status(self) -> EngineStatus:
        """The engine's."""
        return self._engine.status

    @property
    def calls_tools(self) -> bool:
        """Whether the chat template has a form for them that is understood."""
        return self._engine.calls_tools

    async def start(self) -> None:
        """Nothing: the engine is somebody else's."""

    async def close(self) -> None:
        """Nothing: the engine is somebody else's."""

    @asynccontextmanager
    async def answer(self, body: Json, *, priority: Priority, client: str) -> AsyncIterator[ChatReply]:
        """The response of vLLM. Raises EngineError."""
        await asyncio.to_thread(refuse_fetching, body)  # of any number of messages
        refuse_inner_fields(body)
        n_asked = n_choices(body)
        if not self.calls_tools and wants_calls(body):
            told = f"the chat template of {self.name} has no form for calls of tools that is known here"
            raise RequestRejected(f"{told}; leave `tools` out, or set chat.template to one that has")
        if self.status.state in ("stopped", "starting"):  # it may have to wait until the model that fills gaps is there
            raise EngineUnavailable(f"the chat model {self.name} is being loaded; ask again in a while")
        chatting = self._engine.chat(body | {"n": n_asked} if "n" in body else body, priority)
        async with self._turn(priority, client, n_asked) as seat, aclosing(chatting) as events:
            head = (await anext(events))["head"]
            tally = Tally()
            try:
                yield ChatReply(head["status"], head["media_type"], _chunks(events, tally), self.name, tally=tally)
            finally:
                seat.charge(tally.usage.completion_tokens if tally.usage else 0)


class OwnEngineEndpoint(EmbeddedEndpoint):
    """The chat of an engine that is there for nothing else."""

    async def start(self) -> None:
        """Load the model; what goes wrong is in `status`."""
        try:
            await self._engine.start()
        except CodeassistError:
            return

    async def close(self) -> None:
        """End the engine."""
        await self._engine.close()


def n_choices(body: Json) -> int:
    """Answers that are asked for. Raises RequestRejected for what vLLM alone would take for a number, as "3"."""
    asked = body.get("n")
    try:
        return 1 if asked is None else positive(asked)
    except Misfit as misfit:
        raise RequestRejected(f"`n` must be {misfit}") from None


def refuse_inner_fields(body: Json) -> None:
    """Raises RequestRejected for what vLLM hands to its hooks and connectors without a look at it: a value that ours
    does not expect would end the engine."""
    for name in _INNER_FIELDS:
        if body.get(name) is not None:
            raise RequestRejected(f"`{name}` is for the inside of the engine; leave it out")


def refuse_fetching(body: Json) -> None:
    """Raises RequestRejected for a picture or sound that would have to be fetched: nothing leaves this machine."""
    messages = body.get("messages")
    for message in messages if isinstance(messages, list) else ():
        content = message.get("content") if isinstance(message, dict) else None
        for part in content if isinstance(content, list) else ():
            for url in _urls(part):
                if not url.startswith("data:"):
                    raise RequestRejected("nothing is fetched for a message; send what `url` points to as a data: URL")


def wants_calls(body: Json) -> bool:
    """Whether the model may call a tool, or has to: vLLM reads both back with a parser."""
    return bool(body.get("tools")) and body.get("tool_choice") != "none"


def _urls(part: object) -> list[str]:
    if not isinstance(part, Mapping):
        return []
    sent = [value for key, value in part.items() if isinstance(key, str) and key.endswith("_url")]
    urls = [value.get("url") if isinstance(value, Mapping) else value for value in sent]
    return [url for url in urls if isinstance(url, str)]


async def _chunks(events: AsyncGenerator[Json], tally: Tally) -> AsyncGenerator[bytes]:
    async for event in events:
        if "text" in event:
            yield event["text"].encode()
        elif "usage" in event:
            tally.usage = Usage(*event["usage"])
        elif "end" in event:
            return
    raise EngineCrashed("the engine ended its answer in the middle")
