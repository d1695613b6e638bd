"""Chats of an engine that a test plays."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from codeassist.chat.embedded import EmbeddedEndpoint, OwnEngineEndpoint
from codeassist.engine.chat_events import END, head_event, text_event, usage_event
from codeassist.engine.scripted import SCRIPTED_INFO
from codeassist.engine.turns import Turns
from codeassist.errors import EngineCrashed, EngineUnavailable, ModelError, RequestRejected
from codeassist.types import EngineStatus, Priority, Usage

BODY: dict[str, Any] = {"messages": [{"role": "user", "content": "hi"}]}


class PlayedEngine:
    """Answers every chat with the same events. n_left: chats that were left before their end."""

    def __init__(self, *events: dict[str, Any]) -> None:
        self.info = SCRIPTED_INFO
        self.calls_tools = False
        self.status = EngineStatus("stopped")
        self.fault: ModelError | None = None
        self.asked: list[tuple[dict[str, Any], Priority]] = []
        self.n_left = 0
        self._events = events

    async def start(self) -> None:
        self.status = EngineStatus("failed" if self.fault else "ready")
        if self.fault:
            raise self.fault

    async def chat(self, body: dict[str, Any], priority: Priority) -> AsyncGenerator[dict[str, Any]]:
        self.asked.append((body, priority))
        n_said = 0
        try:
            for event in self._events:
                n_said += 1
                yield event
        finally:
            self.n_left += n_said < len(self._events)

    async def close(self) -> None:
        self.status = EngineStatus("stopped")


async def test_events_are_a_response() -> None:
    engine = PlayedEngine(head_event(200, "x/y"), text_event("é"), text_event("b"), usage_event(Usage(4, 2, 1)), END)
    endpoint = EmbeddedEndpoint(engine, Turns(1).seat)
    await engine.start()
    async with endpoint.answer(BODY, priority=Priority.CHAT, client="") as reply:
        content = b"".join([chunk async for chunk in reply.chunks])
    assert (reply.status, reply.media_type, content, reply.model) == (200, "x/y", "éb".encode(), "scripted")
    assert reply.tally.usage == Usage(4, 2, 1)
    assert engine.asked == [(BODY, Priority.CHAT)]


async def test_leaving_aborts() -> None:
    engine = PlayedEngine(head_event(200, "x/y"), text_event("a"), text_event("b"), END)
    await engine.start()
    async with EmbeddedEndpoint(engine, Turns(1).seat).answer(BODY, priority=Priority.CHAT, client="") as reply:
        await anext(reply.chunks)
        assert engine.n_left == 0
    assert engine.n_left == 1


async def test_an_answer_without_its_end_is_none() -> None:
    engine = PlayedEngine(head_event(200, "x/y"))
    await engine.start()
    async with EmbeddedEndpoint(engine, Turns(1).seat).answer(BODY, priority=Priority.CHAT, client="") as reply:
        with pytest.raises(EngineCrashed):
            await anext(reply.chunks)


async def test_a_model_that_is_not_there_yet_is_told() -> None:
    endpoint = EmbeddedEndpoint(PlayedEngine(), Turns(1).seat)
    with pytest.raises(EngineUnavailable, match="is being loaded"):
        async with endpoint.answer(BODY, priority=Priority.CHAT, client=""):
            pass


async def test_an_engine_of_its_own_is_started_and_ended() -> None:
    engine = PlayedEngine()
    endpoint = OwnEngineEndpoint(engine, Turns(1).seat)
    await endpoint.start()
    assert endpoint.status.state == "ready"
    await endpoint.close()
    assert endpoint.status.state == "stopped"
    engine.fault = ModelError("no weights")
    await endpoint.start()
    assert endpoint.status.state == "failed"


async def test_the_engine_of_somebody_else_is_left_as_it_is() -> None:
    engine = PlayedEngine()
    endpoint = EmbeddedEndpoint(engine, Turns(1).seat)
    await endpoint.start()
    assert engine.status.state == "stopped"
    await engine.start()
    await endpoint.close()
    assert (engine.status.state, endpoint.context_tokens) == ("ready", SCRIPTED_INFO.context_tokens)


@pytest.mark.parametrize(
    ("more", "is_refused"),
    [
        ({"tools": [{}]}, True),
        ({"tools": [{}], "tool_choice": "auto"}, True),
        ({"tools": [{}], "tool_choice": "none"}, False),
        ({"tools": [{}], "tool_choice": "required"}, True),
        ({"tools": []}, False),
    ],
)
async def test_tools_of_a_model_whose_calls_nobody_understands_are_refused_with_a_remedy(
    more: dict[str, Any], is_refused: bool
) -> None:
    engine = PlayedEngine(head_event(200, "x/y"), END)
    await engine.start()
    endpoint = EmbeddedEndpoint(engine, Turns(1).seat)
    if not is_refused:
        async with endpoint.answer(BODY | more, priority=Priority.CHAT, client=""):
            return
    with pytest.raises(RequestRejected, match=r"chat\.template"):
        async with endpoint.answer(BODY | more, priority=Priority.CHAT, client=""):
            pass
    engine.calls_tools = True
    async with endpoint.answer(BODY | more, priority=Priority.CHAT, client=""):
        pass


async def test_chats_wait_for_their_turn_among_all_that_the_engine_is_asked() -> None:
    engine, turns = PlayedEngine(head_event(200, "x/y"), text_event("a"), END), Turns(4, 2)
    await engine.start()
    endpoint = EmbeddedEndpoint(engine, turns.seat)
    async with endpoint.answer(BODY | {"n": 2}, priority=Priority.CHAT, client="a"):
        assert turns.n_free == 2
        waiting = asyncio.create_task(_whole(endpoint, "b"))
        leaving = asyncio.create_task(_whole(endpoint, "c"))
        await asyncio.sleep(0.01)
        assert (len(engine.asked), turns.n_waiting) == (1, 2)
        leaving.cancel()
    assert await waiting == b"a"
    assert (turns.n_free, turns.n_waiting, turns.n_clients, len(engine.asked)) == (4, 0, 0, 2)


async def _whole(endpoint: EmbeddedEndpoint, client: str) -> bytes:
    async with endpoint.answer(BODY, priority=Priority.CHAT, client=client) as reply:
        return b"".join([chunk async for chunk in reply.chunks])


@pytest.mark.parametrize(
    "fields",
    [
        {"n": "3"},
        {"n": 2.5},
        {"n": True},
        {"n": 0},
        {"vllm_xargs": {"codeassist_forced_prefix": 5}},
        {"kv_transfer_params": {"do_remote_decode": True}},
    ],
)
async def test_what_vllm_would_take_as_it_is_and_fall_over_is_refused(fields: dict[str, Any]) -> None:
    engine, turns = PlayedEngine(head_event(200, "x/y"), END), Turns(2)
    await engine.start()
    with pytest.raises(RequestRejected, match=f"`{next(iter(fields))}`"):
        async with EmbeddedEndpoint(engine, turns.seat).answer(BODY | fields, priority=Priority.CHAT, client=""):
            pass
    assert (engine.asked, turns.n_free) == ([], 2)


async def test_a_whole_number_of_answers_is_told_as_one() -> None:
    engine = PlayedEngine(head_event(200, "x/y"), END)
    await engine.start()
    async with EmbeddedEndpoint(engine, Turns(2).seat).answer(BODY | {"n": 2.0}, priority=Priority.CHAT, client=""):
        pass
    assert repr(engine.asked[0][0]["n"]) == "2"
