from __future__ import annotations

from typing import Any

import pytest

from tests.server.events import events_of

GAP = {"prompt": "def add(a, b):\n    return ", "suffix": "\n"}


@pytest.mark.parametrize("path", ["/beta/completions", "/v1/beta/completions"])
async def test_every_event_has_a_choice_and_the_last_one_the_usage(endpoint: Any, path: str) -> None:
    body = {**GAP, "stream": True, "stream_options": {"include_usage": True}}
    async with endpoint("a + b") as e:
        events = events_of(await e.client.post(path, json=body))
    assert "".join(event["choices"][0]["text"] for event in events) == "a + b"
    assert ["usage" in event for event in events] == [False] * (len(events) - 1) + [True]
    assert events[-1]["usage"]["completion_tokens"] > 0
    assert events[-1]["choices"][0]["finish_reason"] == "stop"


async def test_an_answer_at_once_is_a_text_completion(endpoint: Any) -> None:
    async with endpoint("a + b") as e:
        answer = (await e.client.post("/beta/completions", json=GAP)).json()
    assert answer["object"] == "text_completion"
    assert answer["choices"] == [{"index": 0, "text": "a + b", "logprobs": None, "finish_reason": "stop"}]
