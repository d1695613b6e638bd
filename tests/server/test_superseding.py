"""A newer request for the same gap takes the older one's place; the older ends as an answer."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from codeassist.server.caller import Caller
from codeassist.server.superseding import MOST_CHARACTERS, Superseding, supersedes
from codeassist.types import FimRequest
from tests.engine.asking import until


def gap(prefix: str, suffix: str = "\n", id: str = "a", path: str = "") -> FimRequest:
    return FimRequest(id, prefix, suffix, path=path)


@pytest.mark.parametrize(
    ("newer", "older", "expected"),
    [
        (gap("x = f"), gap("x = "), True),
        (gap("x = "), gap("x = fo"), True),
        (gap("x = "), gap("x = "), False),
        (gap("x = f", ")\n"), gap("x = "), False),
        (gap("y = f"), gap("x = "), False),
        (gap("x = f", path="a.py"), gap("x = ", path="b.py"), False),
        (gap("x" * (MOST_CHARACTERS + 1)), gap(""), False),
        (replace(gap(""), max_tokens=1), gap("x"), False),
    ],
)
def test_a_gap_is_superseded_by_a_few_keys_more_or_fewer(newer: FimRequest, older: FimRequest, expected: bool) -> None:
    assert supersedes(newer, older) is expected


def test_only_the_same_clients_requests_are_superseded_and_nothing_is_kept() -> None:
    gaps, ended = Superseding(), list[str]()
    for client, id, prefix in [("a", "1", "x"), ("b", "2", "x"), ("a", "3", "xy"), ("b", "4", "z")]:
        gaps.begin(gap(prefix, id=id), Caller(key=client), lambda id=id: ended.append(id))  # type: ignore[misc]
    assert ended == ["1"]
    for client, id in [("a", "1"), ("b", "2"), ("a", "3"), ("b", "4"), ("c", "unknown")]:
        gaps.over(client, id)
    assert gaps.n_running == 0


def test_gaps_of_one_request_do_not_supersede_each_other() -> None:
    gaps, ended, caller = Superseding(), list[str](), Caller(key="a")
    gaps.begin(gap("x", id="1"), caller, lambda: ended.append("1"))
    gaps.begin(gap("xy", id="2"), caller, lambda: ended.append("2"))
    assert ended == []


async def ask(e: Any, prefix: str, *, client: str = "a", **more: Any) -> Any:
    body = {"prompt": prefix, "suffix": "\n", **more}
    return await e.client.post("/v1/completions", json=body, headers={"codeassist-client": client})


async def test_the_older_request_is_answered_at_once_with_what_it_has(endpoint: Any, gate: Any) -> None:
    async with endpoint("one two three", gate=gate) as e:
        older = asyncio.create_task(ask(e, "x = "))
        gate.let(3)  # the healed prefix is two of them
        await until(lambda: e.service.journal.running and "first_token" in e.service.journal.running[0].ms)
        newer = asyncio.create_task(ask(e, "x = f"))
        choice = (await older).json()["choices"][0]
        assert (choice["text"], choice["finish_reason"]) == ("one", "stop")
        assert [record.state for record in e.service.journal.ended] == ["superseded"]
        assert e.service.journal.ended[0].finish_reason == "stop"
        await until(lambda: e.engine.aborted)
        gate.let(9)
        assert (await newer).status_code == 200
        assert [record.state for record in e.service.journal.ended] == ["superseded", "done"]


async def test_a_stream_that_is_superseded_ends_as_streams_do(endpoint: Any, gate: Any) -> None:
    async with endpoint("one two three", gate=gate) as e:
        older = asyncio.create_task(ask(e, "x = ", stream=True))
        await until(lambda: e.engine.requests)
        newer = asyncio.create_task(ask(e, "x ="))
        events = [line for line in (await older).text.split("\n\n") if line]
        assert events[-1] == "data: [DONE]"
        assert json.loads(events[-2].removeprefix("data: "))["choices"][0]["finish_reason"] == "stop"
        gate.let(9)
        assert (await newer).status_code == 200


async def test_other_clients_and_equal_requests_are_left_alone(endpoint: Any, gate: Any) -> None:
    async with endpoint("one two three", gate=gate) as e:
        asked = [("a", "x = "), ("a", "x = "), ("a", "x = "), ("b", "x = f")]
        answers = [asyncio.create_task(ask(e, prefix, client=client)) for client, prefix in asked]
        await until(lambda: e.service.shared.n_readers == 4 and len(e.engine.requests) == 2)
        gate.let(20)
        assert [(await answer).json()["choices"][0]["text"] for answer in answers] == ["one two three"] * 4
        assert {record.state for record in e.service.journal.ended} == {"done"}
        assert sorted(record.shared for record in e.service.journal.ended) == [False, False, True, True]
        assert all("queue" in record.ms for record in e.service.journal.ended)
        assert len(e.engine.requests) == 2
