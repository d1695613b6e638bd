"""The host's side of the exchange, with a model that a test plays."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest
from asking import ask, until

from codeassist.engine import wire
from codeassist.engine.host import Host
from codeassist.engine.measured import Circumstances
from codeassist.errors import EngineCrashed
from codeassist.speculation import Speculation
from codeassist.types import Delta, GenerationRequest, Usage

NOW = Circumstances(model="m", vllm="0", device="CPU", dtype="bfloat16", quantization="")


class Model:
    """Says one word, and goes on once it is told to."""

    def __init__(self) -> None:
        self.adapters = SimpleNamespace(rank=16)
        self.is_alive = True
        self.speculation = Speculation(method="mtp")
        self.begun: list[str] = []
        self.left: list[str] = []
        self.go_on = asyncio.Event()

    async def warm_up(self) -> None:
        """Nothing is set up."""

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[Delta]:
        self.begun.append(request.id)
        try:
            yield Delta("a", Usage(1, 0, 1))
            await self.go_on.wait()
            self.speculation = Speculation(method="mtp", steps=7)
            yield Delta("b", Usage(1, 0, 2), (), "stop")
        finally:
            self.left.append(request.id)


class Writer:
    """Keeps what is told."""

    def __init__(self) -> None:
        self.told: list[wire.Json] = []

    def write(self, line: bytes) -> None:
        self.told.append(json.loads(line))

    async def drain(self) -> None:
        """There is always room."""


class Talk:
    """A host that serves, and both ends of its link."""

    def __init__(self) -> None:
        self.model, self.reader, self.writer = Model(), asyncio.StreamReader(), Writer()
        self.host = Host(cast("Any", self.model), NOW, self.reader, cast("Any", self.writer))
        self.serving = asyncio.create_task(self.host.serve())

    def say(self, *messages: wire.Json) -> None:
        self.reader.feed_data(b"".join(json.dumps(message).encode() + b"\n" for message in messages))

    def heard(self, key: int) -> list[wire.Json]:
        return [message for message in self.writer.told if message.get("key") == key]


def generate(key: int) -> wire.Json:
    return {"key": key, "generate": wire.request_to_json(ask(f"request {key}"))}


async def test_what_was_drafted_is_told_before_an_answers_end() -> None:
    talk = Talk()
    talk.say(generate(1))
    await until(lambda: talk.heard(1))
    talk.model.go_on.set()
    await until(lambda: len(talk.heard(1)) > 1)
    talk.say({"end": True})
    await talk.serving
    kinds = [next(name for name in ("ready", "speculation", "key") if name in told) for told in talk.writer.told]
    assert (kinds[0], kinds[-2:]) == ("ready", ["speculation", "key"])
    assert talk.writer.told[-2]["speculation"]["steps"] == 7


async def test_a_request_that_is_left_at_once_leaves_nothing() -> None:
    talk = Talk()
    talk.say(*(message for key in range(9) for message in (generate(key), {"key": key, "abort": True})))
    talk.say(generate(9))
    await until(lambda: talk.heard(9))
    assert list(talk.host._running) == [9]
    talk.say({"key": 9, "abort": True})
    await until(lambda: not talk.host._running)
    assert len(talk.model.left) == len(talk.model.begun)
    talk.say({"end": True})
    await talk.serving


@pytest.mark.parametrize("leave", [lambda talk: talk.reader.feed_eof(), lambda talk: talk.say({"end": True})])
async def test_the_end_of_the_parent_ends_what_runs(leave: Callable[[Talk], None]) -> None:
    talk = Talk()
    talk.say(generate(1))
    await until(lambda: talk.heard(1))
    leave(talk)
    await talk.serving
    assert talk.model.left == ["request 1"]


async def test_vllms_death_ends_the_host() -> None:
    talk = Talk()
    talk.say(generate(1))
    await until(lambda: talk.heard(1))
    talk.model.is_alive = False
    with pytest.raises(ExceptionGroup) as found:
        await talk.serving
    assert found.group_contains(EngineCrashed)
