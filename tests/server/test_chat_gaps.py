"""Gaps that come as a chat: what Continue's provider `openai` makes of model names that begin with "o" or "gpt"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from codeassist.chat.scripted_endpoint import ScriptedEndpoint
from tests.server.events import events_of

CHAT = "/v1/chat/completions"
PREFIX, SUFFIX = "def add(a, b):\n    return ", "\nprint(add(1, 2))\n"
PROMPT = f"<fim_prefix>{PREFIX}<fim_suffix>{SUFFIX}<fim_middle>"
STOPS = ["<fim_prefix>", "<|endoftext|>", "</fim_middle>", "/src/", "```"]
# As recorded from Continue's core (extension 1.3.40).
CONTINUE: dict[str, Any] = {
    "messages": [{"role": "user", "content": PROMPT}],
    "model": "our-model",
    "max_tokens": 4096,
    "temperature": 0.01,
    "stream": True,
    "stop": STOPS,
}


def question(content: object, **more: object) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": content}], **more}


async def test_a_gap_in_a_chat_is_filled_and_streamed_as_a_chat(endpoint: Callable[..., Any]) -> None:
    async with endpoint("a + b") as e:
        await e.client.post("/v1/completions", json={"prompt": PREFIX, "suffix": SUFFIX})
        response = await e.client.post(CHAT, json={**CONTINUE, "stream_options": {"include_usage": True}})
        asked, record = e.engine.requests, e.service.journal.ended[-1]
    *events, usage = events_of(response)
    assert "".join(event["choices"][0]["delta"]["content"] for event in events) == "a + b"
    assert {event["object"] for event in events} == {"chat.completion.chunk"}
    assert events[-1]["choices"][0]["finish_reason"] == "stop"
    assert (usage["choices"], usage["usage"]["completion_tokens"] > 0) == ([], True)
    assert asked[1].prompt == asked[0].prompt
    assert asked[1].stop == ("/src/", "```")
    assert (record.route, record.state, record.is_streamed) == (CHAT, "done", True)
    assert "codeassist-context-report" in response.headers


@pytest.mark.parametrize("content", [PROMPT, [{"type": "text", "text": PROMPT}]])
async def test_a_gap_in_a_chat_is_answered_with_a_message(endpoint: Callable[..., Any], content: object) -> None:
    chat = ScriptedEndpoint(["talk"])
    async with endpoint("a + b", chat=chat) as e:
        response = await e.client.post(CHAT, json=question(content, max_completion_tokens=9))
        assert e.engine.requests[0].max_tokens < 64
    (choice,) = response.json()["choices"]
    assert choice["message"] == {"role": "assistant", "content": "a + b"}
    assert response.json()["object"] == "chat.completion"
    assert chat.asked == []


@pytest.mark.parametrize(
    "body",
    [
        question("what does <fim_prefix> mean?"),
        question(PROMPT, tools=[{"type": "function", "function": {"name": "f"}}]),
        {"messages": [{"role": "system", "content": "be kind"}, {"role": "user", "content": PROMPT}]},
        {"messages": [{"role": "assistant", "content": PROMPT}]},
        question(None),
        question([]),
        question([{"type": "text", "text": None}]),
    ],
)
async def test_a_chat_is_relayed_all_the_same(endpoint: Callable[..., Any], body: dict[str, Any]) -> None:
    chat = ScriptedEndpoint(["talk"])
    async with endpoint(chat=chat) as e:
        await e.client.post(CHAT, json=body)
    assert chat.asked == [body]
    assert e.engine.requests == []


@pytest.mark.parametrize("more", [{"logprobs": True}, {"echo": True}, {"made_up": 1}, {"temperature": 9}])
async def test_what_a_gap_cannot_have_is_refused_by_name(endpoint: Callable[..., Any], more: dict[str, Any]) -> None:
    async with endpoint() as e:
        response = await e.client.post(CHAT, json=question(PROMPT, **more))
    assert response.status_code == 400
    assert response.json()["error"]["param"] == next(iter(more))
