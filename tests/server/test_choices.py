"""Several answers to one request: `n`, and several prompts."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from codeassist.engine.scripted import Answer
from codeassist.errors import EngineCrashed
from codeassist.server.caller import Caller
from codeassist.server.choices import Choice, headers_of
from codeassist.server.headers import REPORT_HEADER
from codeassist.server.journal import Journal
from codeassist.server.service import Answering
from codeassist.types import ContextReport, Delta, GenerationRequest, Usage
from tests.engine.asking import until
from tests.server.events import events_of
from tests.server.test_disconnect import leave, post

GAP = {"prompt": "def add(a, b):\n    return ", "suffix": "\n"}
SAMPLED = {**GAP, "temperature": 0.8}


def texts(response: Any) -> list[str]:
    choices = response.json()["choices"]
    assert [choice["index"] for choice in choices] == list(range(len(choices)))
    return [choice["text"] for choice in choices]


def joined(events: list[Any], n_choices: int) -> list[str]:
    parts: list[str] = [""] * n_choices
    for event in events:
        for choice in event["choices"]:
            parts[choice["index"]] += choice["text"]
    return parts


@pytest.mark.parametrize("temperature", [0, 0.01])
async def test_the_likeliest_answer_is_made_once_however_often_it_is_asked_for(
    endpoint: Any, temperature: float
) -> None:
    async with endpoint("a + b", "never") as e:
        response = await e.client.post("/v1/completions", json={**GAP, "n": 3, "temperature": temperature})
        streamed = await e.client.post("/v1/completions", json={**GAP, "n": 3, "stream": True})
    assert texts(response) == ["a + b"] * 3
    assert joined(events_of(streamed), 3) == ["never"] * 3
    assert len(e.engine.requests) == 2
    assert e.engine.requests[0].temperature == 0


async def test_other_answers_are_made_with_seeds_of_their_own(endpoint: Any) -> None:
    async with endpoint("one", "two", "three") as e:
        response = await e.client.post("/v1/completions", json={**SAMPLED, "n": 3, "seed": 5, "best_of": 3})
    assert sorted(texts(response)) == ["one", "three", "two"]
    assert sorted(str(request.seed) for request in e.engine.requests) == ["5", "6", "7"]
    assert len({request.id for request in e.engine.requests}) == 3


async def test_the_usage_counts_the_prompt_once_and_every_answer(endpoint: Any) -> None:
    async with endpoint("a + b") as e:
        one = (await e.client.post("/v1/completions", json=GAP)).json()["usage"]
        for body in (GAP, SAMPLED):
            three = (await e.client.post("/v1/completions", json={**body, "n": 3})).json()["usage"]
            assert three["prompt_tokens"] == one["prompt_tokens"]
            assert three["completion_tokens"] == 3 * one["completion_tokens"]


async def test_several_prompts_are_answered_in_their_order(endpoint: Any) -> None:
    def script(request: GenerationRequest) -> str:
        return f"to {request.prompt}"

    async with endpoint() as e:
        e.engine._script = script
        both = await e.client.post("/v1/completions", json={"prompt": ["x", "y"], "n": 2})
        ids = await e.client.post("/v1/completions", json={"prompt": [[1, 2], [3]], "stream": True})
    assert texts(both) == ["to x", "to x", "to y", "to y"]
    assert joined(events_of(ids), 2) == ["to (1, 2)", "to (3,)"]


async def test_more_choices_than_a_request_may_have_are_refused(endpoint: Any) -> None:
    async with endpoint() as e:
        response = await e.client.post("/v1/completions", json={"prompt": ["x"] * 9, "n": 2})
    assert response.status_code == 400
    assert "18; at most 16" in response.json()["error"]["message"]


@pytest.mark.parametrize("prompt", ["x", [1]])
async def test_more_prompts_than_a_request_may_have_are_refused(endpoint: Any, prompt: object) -> None:
    async with endpoint() as e:
        response = await e.client.post("/v1/completions", json={"prompt": [prompt] * 17})
    assert response.status_code == 400
    assert "at most 16" in response.json()["error"]["message"]


async def test_every_choice_of_a_stream_ends_once_and_the_usage_comes_last(endpoint: Any) -> None:
    body = {"prompt": "x", "temperature": 0.8, "n": 2, "stream": True, "stream_options": {"include_usage": True}}
    async with endpoint("one two", "three") as e:
        *events, last = events_of(await e.client.post("/v1/completions", json=body))
    ends = [choice["index"] for event in events for choice in event["choices"] if choice["finish_reason"]]
    assert sorted(ends) == [0, 1]
    assert sorted(joined(events, 2)) == ["one two", "three"]
    assert last["choices"] == []
    assert last["usage"]["completion_tokens"] == 3
    assert all("usage" not in event for event in events)


async def test_the_usage_so_far_comes_with_every_event_where_that_is_asked_for(endpoint: Any) -> None:
    options = {"include_usage": True, "continuous_usage_stats": True}
    async with endpoint("one two three") as e:
        body = {"prompt": "x", "stream": True, "stream_options": options}
        *events, last = events_of(await e.client.post("/v1/completions", json=body))
    assert [event["usage"]["completion_tokens"] for event in events] == [1, 2, 3]
    assert last["usage"] == events[-1]["usage"]


@pytest.mark.parametrize("stream", [False, True])
async def test_where_one_answer_fails_the_others_are_aborted(endpoint: Any, stream: bool) -> None:
    broken = Answer("x", error=EngineCrashed("it died"))
    async with endpoint("one two three four", broken) as e:
        response = await e.client.post("/v1/completions", json={**SAMPLED, "n": 2, "stream": stream})
        await until(lambda: not e.engine._running)
    assert "it died" in response.text
    assert len(e.engine.requests) == 2


@pytest.mark.parametrize("stream", [False, True])
async def test_leaving_aborts_all_answers(endpoint: Any, gate: Any, stream: bool) -> None:
    async with endpoint("one two three", gate=gate) as e:
        _, writer = await post(e.url, "/v1/completions", {**SAMPLED, "n": 3, "stream": stream})
        await until(lambda: len(e.engine.requests) == 3)
        await leave(writer)
        await until(lambda: len(e.engine.aborted) == 3)


async def test_a_stream_has_the_headers_of_the_answer_that_comes_first() -> None:
    async def nothing() -> AsyncGenerator[Delta]:
        yield Delta("", Usage())

    journal = Journal()
    entries = [journal.open(f"id-{number}", "/v1/completions", Caller(), "model") for number in range(2)]
    choices = [Choice(Answering(entry, nothing()), 0, (number,)) for number, entry in enumerate(entries)]
    assert headers_of(choices) == {}
    entries[1].note(context=ContextReport("a.py", (), 3))
    assert headers_of(choices)[REPORT_HEADER].startswith("path=a.py;")
