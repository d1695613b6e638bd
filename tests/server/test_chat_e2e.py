"""Chats that vLLM answers inside of `codeassist serve`, and the `openai` library as their client.

The shipped model was never taught to chat: what it says is nonsense, but in the form that is asked for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from openai import BadRequestError, OpenAI

from codeassist.engine.vllm_arguments import CPU_CHATS, CPU_REQUESTS
from tests.server.serve_process import Server

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

QUESTION: Any = [{"role": "user", "content": "def area(radius):"}]
SCHEMA = {
    "type": "object",
    "properties": {"found": {"type": "boolean"}, "line": {"type": "integer", "minimum": 1, "maximum": 99}},
    "required": ["found", "line"],
    "additionalProperties": False,
}
TOOL: Any = {"type": "function", "function": {"name": "look", "parameters": SCHEMA, "strict": True}}


@pytest.fixture(scope="module")
def server(living_server: Callable[[], Server]) -> Server:
    return living_server()


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0, timeout=120) as client:
        yield client


@pytest.fixture(scope="module")
def model(client: OpenAI) -> str:
    (listed,) = client.models.list().data
    return listed.id


def test_a_chat_is_answered_whole_and_streamed(client: OpenAI, model: str) -> None:
    asked: Any = {"model": model, "messages": QUESTION, "max_tokens": 12, "temperature": 0}
    whole = client.chat.completions.create(**asked)
    assert whole.model == model
    assert whole.usage is not None
    assert 0 < whole.usage.completion_tokens <= 12
    chunks = list(client.chat.completions.create(**asked, stream=True, stream_options={"include_usage": True}))
    text = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
    assert text == whole.choices[0].message.content
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.prompt_tokens == whole.usage.prompt_tokens


def test_log_probabilities_come_with_alternatives(client: OpenAI, model: str) -> None:
    answer = client.chat.completions.create(
        model=model, messages=QUESTION, max_tokens=2, temperature=0, logprobs=True, top_logprobs=3
    )
    logprobs = answer.choices[0].logprobs
    assert logprobs is not None
    assert logprobs.content is not None
    assert all(len(token.top_logprobs) == 3 for token in logprobs.content)


def test_a_schema_is_kept_to(client: OpenAI, model: str) -> None:
    wanted: Any = {"type": "json_schema", "json_schema": {"name": "place", "schema": SCHEMA, "strict": True}}
    answer = client.chat.completions.create(model=model, messages=QUESTION, max_tokens=60, response_format=wanted)
    place = json.loads(answer.choices[0].message.content or "")
    assert set(place) == {"found", "line"}
    assert isinstance(place["found"], bool)
    assert 1 <= place["line"] <= 99


def test_a_tool_is_called(client: OpenAI, model: str) -> None:
    asked: Any = {"model": model, "messages": QUESTION, "max_tokens": 80, "tools": [TOOL], "tool_choice": "required"}
    answer = client.chat.completions.create(**asked)
    calls: Any = answer.choices[0].message.tool_calls
    assert calls[0].function.name == "look"
    assert set(json.loads(calls[0].function.arguments)) == {"found", "line"}
    free = client.chat.completions.create(**asked | {"tool_choice": "auto", "max_tokens": 8})
    assert free.choices[0].finish_reason in ("length", "stop", "tool_calls")


@pytest.mark.parametrize("changes", [{"max_tokens": -1}, {"messages": [{"role": "user", "content": "x " * 20_000}]}])
def test_what_vllm_refuses_is_told_in_its_words(client: OpenAI, model: str, changes: Any) -> None:
    with pytest.raises(BadRequestError) as refused:
        client.chat.completions.create(**{"model": model, "messages": QUESTION} | changes)
    assert "token" in refused.value.message


def test_completions_are_answered_whole_and_streamed(client: OpenAI, model: str) -> None:
    asked: Any = {"model": model, "prompt": "def area(radius):\n    return ", "suffix": "\n", "max_tokens": 5}
    whole = client.completions.create(**asked)
    text = "".join(choice.text for chunk in client.completions.create(**asked, stream=True) for choice in chunk.choices)
    assert text == whole.choices[0].text


def test_chats_leave_room_for_completions_and_end_with_their_clients(server: Server, client: OpenAI) -> None:
    body = {"messages": QUESTION, "max_tokens": 8000, "ignore_eos": True, "stream": True}
    n_left = 0
    while n_left <= CPU_REQUESTS:  # so many that run on would leave no place in vLLM for minutes
        with httpx.Client(base_url=server.url, timeout=120) as leaving:
            streams = [
                leaving.send(leaving.build_request("POST", "/v1/chat/completions", json=body), stream=True)
                for _ in range(CPU_CHATS)
            ]
            for stream in streams:
                assert next(stream.iter_bytes()).startswith(b"data: ")
            filled = client.with_options(timeout=30).completions.create(
                model="", prompt="x = ", suffix="\n", max_tokens=3
            )
            assert filled.usage is not None
            for stream in streams:
                stream.close()
        n_left += CPU_CHATS
    answer = client.with_options(timeout=30).chat.completions.create(model="", messages=QUESTION, max_tokens=3)
    assert answer.usage is not None
