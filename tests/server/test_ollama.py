from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from codeassist.engine.scripted import Answer
from codeassist.errors import EngineCrashed
from codeassist.server.ollama_request import read_embed, read_generate
from codeassist.server.problems import Problem
from codeassist.types import Priority

GAP = {"model": "codeassist", "prompt": "def add(a, b):\n    return ", "suffix": "\n"}
RENDERED = "<｜fim▁begin｜>def add(a, b):\n    return <｜fim▁hole｜>\n<｜fim▁end｜>"


def lines(response: httpx.Response) -> list[dict[str, Any]]:
    return [json.loads(line) for line in response.text.splitlines()]


async def test_a_gap_is_answered_line_by_line(endpoint: Any) -> None:
    async with endpoint("a + b") as e:
        response = await e.client.post("/api/generate", json=GAP)
    told = lines(response)
    assert response.headers["content-type"] == "application/x-ndjson"
    assert "".join(line["response"] for line in told) == "a + b"
    assert [line["done"] for line in told] == [False] * (len(told) - 1) + [True]
    last = told[-1]
    assert (last["done_reason"], last["response"], last["load_duration"]) == ("stop", "", 0)
    assert last["prompt_eval_count"] > 0
    assert last["eval_count"] >= 3
    assert last["total_duration"] == pytest.approx(last["prompt_eval_duration"] + last["eval_duration"], abs=2)
    assert isinstance(e.engine.requests[0].prompt, tuple)


async def test_an_answer_at_once_is_one_object(endpoint: Any) -> None:
    async with endpoint("a + b") as e:
        answer = (await e.client.post("/api/generate", json={**GAP, "stream": False})).json()
    assert (answer["response"], answer["done"], answer["model"]) == ("a + b", True, "scripted")
    assert answer["created_at"].endswith("Z")


async def test_options_reach_the_engine(endpoint: Any) -> None:
    options = {"num_predict": 2, "temperature": 0.5, "top_p": 0.9, "seed": 7, "stop": ["\n\n"], "num_ctx": 8192}
    body = {"prompt": "x", "raw": True, "options": options, "keep_alive": "5m", "stream": False}
    async with endpoint("one two three") as e:
        answer = (await e.client.post("/api/generate", json=body)).json()
    asked = e.engine.requests[0]
    assert (asked.max_tokens, asked.temperature, asked.top_p, asked.seed, asked.stop) == (2, 0.5, 0.9, 7, ("\n\n",))
    assert asked.prompt == "x"
    assert (answer["response"], answer["done_reason"]) == ("one two", "length")


async def test_a_rendered_prompt_is_rendered_anew(endpoint: Any) -> None:
    async with endpoint("a + b") as e:
        answer = (await e.client.post("/api/generate", json={"prompt": RENDERED, "raw": True, "stream": False})).json()
    assert answer["response"] == "a + b"
    assert isinstance(e.engine.requests[0].prompt, tuple)


async def test_what_continue_puts_in_front_of_a_prefix_is_taken_off_as_in_other_dialects(endpoint: Any) -> None:
    body = {"prompt": "\n# shop/a.py\ndef add(a, b):\n    return ", "suffix": "\n", "stream": False}
    async with endpoint("a + b", "a + b") as e:
        await e.client.post("/api/generate", json=body | {"raw": True})
        await e.client.post("/v1/fim/completions", json=body)
    first, second = e.engine.requests
    assert first.prompt == second.prompt


@pytest.mark.parametrize("stream", [False, True])
async def test_an_empty_prompt_has_the_model_loaded(endpoint: Any, stream: bool) -> None:
    async with endpoint() as e:
        (answer,) = lines(await e.client.post("/api/generate", json={"model": "x", "stream": stream}))
    assert (answer["done"], answer["done_reason"], answer["response"]) == (True, "load", "")
    assert e.engine.requests == []


@pytest.mark.parametrize("stream", [False, True])
async def test_a_prompt_alone_may_be_computed(endpoint: Any, stream: bool) -> None:
    body = {**GAP, "options": {"num_predict": 0}, "stream": stream}
    async with endpoint("a + b") as e:
        told = lines(await e.client.post("/api/generate", json=body))
    assert "".join(line["response"] for line in told) == ""
    assert (told[-1]["eval_count"], told[-1]["done_reason"]) == (0, "length")
    assert [request.priority for request in e.engine.requests] == [Priority.AHEAD]


async def test_the_model_is_listed_and_takes_a_suffix(endpoint: Any) -> None:
    async with endpoint() as e:
        (listed,) = (await e.client.get("/api/tags")).json()["models"]
        (running,) = (await e.client.get("/api/ps")).json()["models"]
        shown = (await e.client.post("/api/show", json={"model": listed["name"]})).json()
        other = (await e.client.post("/api/show", json={"name": "qwen2.5-coder:1.5b", "verbose": True})).json()
    assert listed["name"] == running["name"] == "scripted:latest"
    assert running["context_length"] == 4096
    assert ".Suffix" in shown["template"]
    assert shown["capabilities"] == ["completion", "insert"]
    assert 4096 in shown["model_info"].values()
    assert other == shown


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_clients_find_somebody_there(endpoint: Any, method: str) -> None:
    async with endpoint() as e:
        response = await e.client.request(method, "/")
    assert response.status_code == 200
    assert ("is running" in response.text) is (method == "GET")


async def test_the_version_is_one_that_clients_take(endpoint: Any) -> None:
    async with endpoint() as e:
        version = (await e.client.get("/api/version")).json()["version"]
    assert [int(part) for part in version.split(".")] >= [0, 6, 4]


async def test_texts_become_vectors(endpoint: Any) -> None:
    async with endpoint() as e:
        many = (await e.client.post("/api/embed", json={"model": "x", "input": ["a file", "b"]})).json()
        one = (await e.client.post("/api/embeddings", json={"model": "x", "prompt": "a file"})).json()
        nothing = (await e.client.post("/api/embed", json={"model": "x", "input": []})).json()
        no_prompt = (await e.client.post("/api/embeddings", json={"model": "x"})).json()
    assert len(many["embeddings"]) == 2
    assert many["embeddings"][0] == pytest.approx(one["embedding"])
    assert many["prompt_eval_count"] == 3
    assert nothing["embeddings"] == no_prompt["embedding"] == []


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"prompt": 5}, "`prompt` must be a text"),
        ({"prompt": "x", "raw": True, "format": "json"}, "`format` is kept to by a model that chats"),
        ({"prompt": "x", "think": True}, "`think` is not supported"),
        ({"prompt": "x", "images": ["aGk="]}, "`images` is not supported"),
        ({"prompt": "x", "context": [1, 2]}, "`context` is not supported"),
        ({"prompt": "x", "options": {"temperature": 3}}, "`options.temperature` must be"),
        ({"prompt": "x", "options": {"warmth": 3}}, "unknown field `options.warmth`"),
        ({"prompt": "x", "options": {"num_predict": -3}}, "at least -2"),
        ({"prompt": "x", "options": 5}, "`options` must be an object"),
        ({"prompt": "x", "streams": True}, "unknown field `streams`"),
        ({"prompt": "x", "stream": "no"}, "true or false"),
    ],
)
def test_what_would_not_be_honoured_is_refused(body: dict[str, Any], told: str) -> None:
    with pytest.raises(Problem) as caught:
        read_generate(body)
    assert told in caught.value.message
    assert caught.value.status == 400


@pytest.mark.parametrize("body", [{}, {"input": [1]}, {"input": [""]}, {"input": "a", "dimensions": 0}])
def test_what_cannot_be_embedded_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(Problem):
        read_embed(body)


async def test_errors_are_a_sentence(endpoint: Any) -> None:
    async with endpoint(Answer("x", error=EngineCrashed("gone"))) as e:
        bad = await e.client.post("/api/generate", json={"prompt": 5})
        crashed = await e.client.post("/api/generate", json=GAP)
        missing = await e.client.get("/api/nothing")
    assert (bad.status_code, bad.json()) == (400, {"error": "`prompt` must be a text"})
    assert (crashed.status_code, crashed.json()) == (503, {"error": "gone"})
    assert missing.status_code == 404
    assert isinstance(missing.json()["error"], str)


async def test_a_stream_that_breaks_ends_with_an_error(endpoint: Any, gate: Any) -> None:
    gate.let(1)
    async with (
        endpoint("one two", gate=gate) as e,
        e.client.stream("POST", "/api/generate", json={"prompt": "x"}) as response,
    ):
        told = response.aiter_lines()
        first = json.loads(await anext(told))
        e.engine.crash()
        rest = [json.loads(line) async for line in told]
    assert first["response"]
    assert list(rest[-1]) == ["error"]
