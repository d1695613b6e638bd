from __future__ import annotations

import json
from typing import Any

import pytest

from codeassist.server.mistral import read_fim_request
from codeassist.server.problems import Problem

# The body that Continue's adapter for Mistral sends.
CONTINUE = {
    "model": "codeassist",
    "prompt": "def add(a, b):\n    ",
    "suffix": "\n\nprint(add(1,2))\n",
    "max_tokens": 4096,
    "temperature": 0.01,
    "stop": ["\n\n", "/src/", "```"],
    "stream": True,
}


async def test_a_stream_is_shaped_like_a_chats(endpoint: Any) -> None:
    async with endpoint("return a + b") as e:
        response = await e.client.post("/v1/fim/completions", json=CONTINUE)
    events = [line.removeprefix("data: ") for line in response.text.split("\n\n") if line]
    assert events.pop() == "[DONE]"
    choices = [json.loads(event)["choices"][0] for event in events]
    assert "".join(choice["delta"]["content"] for choice in choices).endswith("return a + b")
    assert choices[-1]["finish_reason"] == "stop"
    assert json.loads(events[-1])["usage"]["completion_tokens"] > 0
    assert json.loads(events[0])["object"] == "chat.completion.chunk"


async def test_an_answer_at_once_is_a_message(endpoint: Any) -> None:
    async with endpoint("a + b") as e:
        response = await e.client.post("/v1/fim/completions", json={"prompt": "return ", "random_seed": 3})
    answer = response.json()
    assert answer["choices"][0]["message"] == {"role": "assistant", "content": "a + b"}
    assert answer["object"] == "chat.completion"
    assert answer["usage"]["total_tokens"] > 0
    assert e.engine.requests[0].seed == 3


@pytest.mark.parametrize("body", [{"prompt": "x", "seed": 1}, {"prompt": "x", "min_tokens": 3}, {"suffix": "x"}])
def test_what_this_dialect_does_not_know_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(Problem):
        read_fim_request(body)
