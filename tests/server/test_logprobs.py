from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

from codeassist.engine.streams import without_start
from codeassist.server.logprobs import LogprobsWriter
from codeassist.types import Delta, Token, Usage
from tests.server.events import events_of


async def test_tokens_come_with_their_logprobs_and_places(endpoint: Any) -> None:
    async with endpoint("a + b") as e:
        response = await e.client.post("/v1/completions", json={"prompt": "x", "logprobs": 0})
    choice = response.json()["choices"][0]
    assert choice["logprobs"] == {
        "tokens": ["a", " +", " b"],
        "token_logprobs": [-0.05] * 3,
        "top_logprobs": [{"a": -0.05}, {" +": -0.05}, {" b": -0.05}],
        "text_offset": [0, 1, 3],
    }
    assert (e.engine.requests[0].logprobs, e.engine.requests[0].top_logprobs) == (True, 0)


async def test_in_a_stream_places_go_on(endpoint: Any) -> None:
    async with endpoint("a + b") as e:
        body = {"prompt": "x", "logprobs": 2, "stream": True, "n": 2}
        events = events_of(await e.client.post("/v1/completions", json=body))
    for index in (0, 1):
        told = [choice["logprobs"] for event in events for choice in event["choices"] if choice["index"] == index]
        assert [place for logprobs in told for place in logprobs["text_offset"]] == [0, 1, 3]
        assert [token for logprobs in told for token in logprobs["tokens"]] == ["a", " +", " b"]
    assert e.engine.requests[0].top_logprobs == 2


async def test_of_a_gap_only_what_is_new_is_told(endpoint: Any) -> None:
    async with endpoint("result") as e:
        body = {"prompt": "x\nresu", "suffix": "\n", "logprobs": 1}
        choice = (await e.client.post("/v1/completions", json=body)).json()["choices"][0]
    assert e.engine.requests[0].forced_prefix == "resu"
    assert choice["text"] == "lt"
    assert choice["logprobs"]["tokens"] == ["lt"]
    assert choice["logprobs"]["text_offset"] == [0]


async def test_an_engine_without_logprobs_says_so(endpoint: Any) -> None:
    async with endpoint() as e:
        e.engine._info = replace(e.engine._info, supports_logprobs=False)
        response = await e.client.post("/v1/completions", json={"prompt": "x", "logprobs": 1})
    assert response.status_code == 400
    assert response.json()["error"]["param"] == "logprobs"


def test_the_likeliest_tokens_are_told_beside_the_chosen_one() -> None:
    token = Token("c", -3.0, (("a", -0.1), ("b", -2.0)))
    assert LogprobsWriter(1).write([token])["top_logprobs"] == [{"a": -0.1, "c": -3.0}]  # type: ignore[index]
    assert LogprobsWriter(None).write([token]) is None


def test_what_json_cannot_say_is_told_as_very_unlikely() -> None:
    told = LogprobsWriter(1).write([Token("a", -math.inf, (("b", -math.inf),))])
    assert "Infinity" not in json.dumps(told)


async def test_what_somebody_has_already_is_taken_off_texts_and_tokens() -> None:
    async def deltas() -> Any:
        yield Delta("", Usage(1, 0, 1), (Token("re", -1.0),))
        yield Delta("return", Usage(1, 0, 2), (Token("turn", -2.0, (("turn", -2.0), ("tu", -2.5), ("x", -3.0))),))
        yield Delta(" a", Usage(1, 0, 3), (Token(" a", -0.5), Token("", -0.1)), "stop")

    left = [delta async for delta in without_start(deltas(), 3)]
    assert "".join(delta.text for delta in left) == "urn a"
    tokens = [token for delta in left for token in delta.tokens]
    assert [token.text for token in tokens] == ["urn", " a", ""]
    assert tokens[0].top == (("urn", -2.0), ("u", -2.5))
