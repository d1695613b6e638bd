from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from codeassist.engine.scripted import Answer, ScriptedEngine
from codeassist.errors import EngineCrashed, RequestRejected
from codeassist.server.completion_request import read_completion_request
from codeassist.server.problems import Problem

FIM = {"prompt": "def add(a, b):\n    return ", "suffix": "\n"}


def chunks(response: httpx.Response) -> list[Any]:
    """The events of a stream, parsed; `[DONE]` stays text."""
    events = [line.removeprefix("data: ") for line in response.text.split("\n\n") if line]
    return [event if event == "[DONE]" else json.loads(event) for event in events]


def joined(events: list[Any]) -> str:
    return "".join(choice["text"] for event in events if event != "[DONE]" for choice in event["choices"])


async def test_prompt_and_suffix_are_filled_in(endpoint: Any) -> None:
    async with endpoint("a + b") as e:
        response = await e.client.post("/v1/completions", json=FIM)
        answer = response.json()
    assert response.status_code == 200
    assert answer["choices"] == [{"index": 0, "text": "a + b", "logprobs": None, "finish_reason": "stop"}]
    assert answer["object"] == "text_completion"
    assert answer["model"] == "scripted"
    assert answer["id"].startswith("cmpl-")
    assert isinstance(answer["created"], int)
    usage = answer["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert usage["prompt_tokens_details"] == {"cached_tokens": 0, "context_tokens": 0}


async def test_the_second_time_the_prompt_comes_from_the_cache(endpoint: Any) -> None:
    async with endpoint() as e:
        await e.client.post("/v1/completions", json=FIM)
        usage = (await e.client.post("/v1/completions", json=FIM)).json()["usage"]
    assert 0 < usage["prompt_tokens_details"]["cached_tokens"] < usage["prompt_tokens"]


async def test_a_stream_carries_the_same_text_in_pieces_and_ends_with_done(endpoint: Any) -> None:
    async with endpoint("a + b") as e:
        response = await e.client.post("/v1/completions", json={**FIM, "stream": True})
    events = chunks(response)
    assert response.headers["content-type"].startswith("text/event-stream")
    assert joined(events) == "a + b"
    assert len(events) > 2
    assert events[-1] == "[DONE]"
    assert [event["choices"][0]["finish_reason"] for event in events[:-1]] == [None] * (len(events) - 2) + ["stop"]
    assert all("usage" not in event for event in events[:-1])
    assert len({event["id"] for event in events[:-1]}) == 1


async def test_usage_follows_the_stream_when_it_is_asked_for(endpoint: Any) -> None:
    async with endpoint() as e:
        body = {"prompt": "x", "stream": True, "stream_options": {"include_usage": True}}
        events = chunks(await e.client.post("/v1/completions", json=body))
    assert events[-2]["choices"] == []
    assert events[-2]["usage"]["completion_tokens"] == 3


async def test_a_bare_prompt_goes_to_the_engine_as_it_is(endpoint: Any) -> None:
    async with endpoint("x") as e:
        for prompt in ("raw <｜fim▁begin｜> text", [5, 6, 7], [[5, 6, 7]], ["one"]):
            response = await e.client.post("/v1/completions", json={"prompt": prompt})
            assert response.status_code == 200
    assert [request.prompt for request in e.engine.requests] == [
        "raw <｜fim▁begin｜> text",
        (5, 6, 7),
        (5, 6, 7),
        "one",
    ]


async def test_an_empty_suffix_still_asks_for_filling_in(endpoint: Any) -> None:
    async with endpoint() as e:
        await e.client.post("/v1/completions", json={"prompt": "x = ", "suffix": ""})
    assert isinstance(e.engine.requests[0].prompt, tuple)


async def test_sampling_fields_reach_the_engine(endpoint: Any) -> None:
    body = {"prompt": "x", "max_tokens": 3, "temperature": 0.5, "top_p": 0.9, "seed": 7, "stop": "\n\n"}
    async with endpoint() as e:
        await e.client.post("/v1/completions", json=body)
        await e.client.post("/v1/completions", json={**body, "suffix": "y", "stop": ["a", "b"]})
    plain, fim = e.engine.requests
    assert (plain.max_tokens, plain.temperature, plain.top_p, plain.seed, plain.stop) == (3, 0.5, 0.9, 7, ("\n\n",))
    assert (fim.temperature, fim.top_p, fim.seed, fim.stop) == (0.5, 0.9, 7, ("a", "b"))


async def test_stop_texts_and_max_tokens_end_the_answer(endpoint: Any) -> None:
    async with endpoint("one two three") as e:
        stopped = (await e.client.post("/v1/completions", json={"prompt": "x", "stop": [" three"]})).json()
        cut = (await e.client.post("/v1/completions", json={"prompt": "x", "max_tokens": 2})).json()
    assert (stopped["choices"][0]["text"], stopped["choices"][0]["finish_reason"]) == ("one two", "stop")
    assert (cut["choices"][0]["text"], cut["choices"][0]["finish_reason"]) == ("one two", "length")


async def test_a_huge_max_tokens_is_capped_and_leaves_the_prompt_alone(endpoint: Any) -> None:
    prefix = "".join(f"value_{number} = {number}\n" for number in range(60))
    async with endpoint() as e:
        for asked in (4096, 1_000_000):
            body = {"prompt": prefix, "suffix": "\n", "max_tokens": asked}
            assert (await e.client.post("/v1/completions", json=body)).status_code == 200
        assert (await e.client.post("/v1/completions", json={"prompt": [1] * 4000, "max_tokens": 4096})).is_success
    assert len(e.engine.requests[0].prompt) > 500
    assert e.engine.requests[0].prompt == e.engine.requests[1].prompt
    assert e.engine.requests[2].max_tokens == 96


async def test_what_asks_for_nothing_is_accepted(endpoint: Any) -> None:
    body = {
        "prompt": "x",
        "model": "whatever",
        "user": "ada",
        "n": 1,
        "best_of": 1,
        "echo": False,
        "logprobs": None,
        "presence_penalty": 0,
        "frequency_penalty": 0.0,
        "logit_bias": {},
        "suffix": None,
        "stop": None,
        "max_tokens": None,
        "stream_options": None,
    }
    async with endpoint() as e:
        assert (await e.client.post("/v1/completions", json=body)).status_code == 200


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("n", 17, "from 1 to 16"),
        ("n", 0, "from 1 to 16"),
        ("n", True, "a whole number"),
        ("best_of", 3, "not supported"),
        ("echo", True, "not supported"),
        ("logprobs", 6, "from 0 to 5"),
        ("logprobs", True, "a whole number"),
        ("repetition_penalty", 1.1, "not supported"),
        ("top_k", "40", "must be a number"),
        ("presence_penalty", 0.5, "not supported"),
        ("logit_bias", {"50256": -100}, "not supported"),
        ("guided_json", {}, "unknown field"),
        ("Prompt", "x", "unknown field"),
        ("max_tokens", 0, "at least 1"),
        ("max_tokens", "9", "a whole number"),
        ("temperature", -0.1, "from 0 to 2"),
        ("temperature", 2.1, "from 0 to 2"),
        ("top_p", 0, "above 0"),
        ("seed", -1, "from 0"),
        ("seed", 1.5, "a whole number"),
        ("stop", [""], "none of them empty"),
        ("stop", 5, "a list of texts"),
        ("stop", ["x"] * 65, "at most 64"),
        ("stream", "yes", "true or false"),
        ("stream_options", {"include_usage": 1}, "true or false"),
        ("stream_options", {"other": True}, "include_usage"),
        ("suffix", 5, "a text"),
        ("model", 5, "a text"),
        ("prompt", 5, "a text or a list"),
        ("prompt", [], "a text or a list"),
        ("prompt", ["a", 1], "a text or a list"),
        ("prompt", [1, -1], "a text or a list"),
        ("prompt", [1, True], "a text or a list"),
        ("prompt", [[1], []], "a text or a list"),
        ("prompt", "\ud800", "surrogate"),
        ("suffix", "\udfff", "surrogate"),
        ("stop", ["\udfff"], "surrogate"),
    ],
)
def test_what_would_not_be_honoured_is_refused(field: str, value: object, told: str) -> None:
    with pytest.raises(Problem, match=told) as caught:
        read_completion_request({"prompt": "x", field: value})
    assert (caught.value.status, caught.value.param) == (400, field)


async def test_a_refusal_has_the_shape_that_clients_know(endpoint: Any) -> None:
    async with endpoint() as e:
        response = await e.client.post("/v1/completions", json={"prompt": "x", "echo": True})
    assert response.status_code == 400
    assert response.json() == {
        "error": {
            "message": "`echo` is not supported; leave it out (or send false or null)",
            "type": "invalid_request_error",
            "param": "echo",
            "code": "unsupported_field",
        }
    }
    assert e.engine.requests == []


async def test_a_field_name_that_is_no_text_is_refused_like_any_other(endpoint: Any) -> None:
    async with endpoint() as e:
        response = await e.client.post("/v1/completions", content=b'{"prompt": "x", "\\ud800": 1}')
    assert (response.status_code, response.json()["error"]["code"]) == (400, "unknown_field")


async def test_token_ids_can_not_have_a_suffix(endpoint: Any) -> None:
    async with endpoint() as e:
        response = await e.client.post("/v1/completions", json={"prompt": [1, 2], "suffix": "x"})
    assert response.status_code == 400


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b'"x"', b"\xff\xfe", b"[" * 100_000, b'{"prompt": NaN}', b"{}"])
async def test_a_body_that_is_no_request_is_a_400(endpoint: Any, body: bytes) -> None:
    async with endpoint() as e:
        response = await e.client.post("/v1/completions", content=body)
    assert response.status_code == 400
    assert response.json()["error"]["message"]


async def test_a_huge_body_is_refused_before_it_is_read_to_the_end(endpoint: Any) -> None:
    async with endpoint() as e:
        response = await e.client.post("/v1/completions", content=b" " * (8 * 1024 * 1024 + 1))
    assert response.status_code == 413
    assert "8 MiB" in response.json()["error"]["message"]


@pytest.mark.parametrize("stream", [False, True])
async def test_an_engine_that_is_not_ready_is_a_503_with_retry_after(endpoint: Any, stream: bool) -> None:
    async with endpoint(start=False) as e:
        response = await e.client.post("/v1/completions", json={**FIM, "stream": stream})
    assert response.status_code == 503
    assert int(response.headers["retry-after"]) > 0
    assert response.json()["error"]["type"] == "server_error"
    assert "the engine is stopped; GET /health tells when" in response.json()["error"]["message"]


@pytest.mark.parametrize("stop", [ScriptedEngine.crash, lambda engine: engine.fail("no memory")])
async def test_whether_it_answers_again_is_for_the_engine_to_say(endpoint: Any, stop: Any) -> None:
    async with endpoint() as e:
        stop(e.engine)
        for stream in (False, True):
            response = await e.client.post("/v1/completions", json={**FIM, "stream": stream})
            assert (response.status_code, response.json()["error"]["code"]) == (503, "engine_unavailable")
            assert int(response.headers["retry-after"]) > 0
        e.engine.recover()
        assert (await e.client.post("/v1/completions", json=FIM)).status_code == 200


@pytest.mark.parametrize("stream", [False, True])
async def test_what_the_engine_rejects_is_a_400(endpoint: Any, stream: bool) -> None:
    async with endpoint() as e:
        response = await e.client.post("/v1/completions", json={"prompt": [1] * 5000, "stream": stream})
    assert response.status_code == 400
    assert "context" in response.json()["error"]["message"]


async def test_an_engine_that_dies_in_the_middle_ends_the_stream_with_an_error(endpoint: Any, gate: Any) -> None:
    body = {"prompt": "x", "stream": True}
    gate.let(1)
    async with (
        endpoint("one two three", gate=gate) as e,
        e.client.stream("POST", "/v1/completions", json=body) as response,
    ):
        lines = response.aiter_lines()
        first = await anext(lines)
        e.engine.crash()
        rest = [line async for line in lines if line]
    assert json.loads(first.removeprefix("data: "))["choices"]
    assert response.status_code == 200
    assert json.loads(rest[-1].removeprefix("data: "))["error"]["code"] == "engine_unavailable"
    assert "[DONE]" not in rest[-1]


@pytest.mark.parametrize(("error", "status"), [(EngineCrashed("gone"), 503), (RequestRejected("too long"), 400)])
async def test_errors_of_the_engine_keep_their_meaning(endpoint: Any, error: Any, status: int) -> None:
    async with endpoint(Answer("x", error=error)) as e:
        for stream in (False, True):
            response = await e.client.post("/v1/completions", json={"prompt": "x", "stream": stream})
            assert response.status_code == status
            assert response.json()["error"]["message"] == str(error)


async def test_models_tells_the_name_and_the_context(endpoint: Any) -> None:
    async with endpoint() as e:
        answer = (await e.client.get("/v1/models")).json()
    assert answer["object"] == "list"
    assert answer["data"][0]["id"] == "scripted"
    assert answer["data"][0]["max_model_len"] == 4096
    assert answer["data"][0]["object"] == "model"


async def test_an_unknown_path_is_told_in_the_same_shape(endpoint: Any) -> None:
    async with endpoint() as e:
        missing = await e.client.get("/v1/nothing")
        wrong = await e.client.get("/v1/completions")
    assert missing.status_code == 404
    assert "/v1/completions" in missing.json()["error"]["message"]
    assert wrong.status_code == 405
    assert wrong.json()["error"]["type"] == "invalid_request_error"
