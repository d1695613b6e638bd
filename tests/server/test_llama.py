from __future__ import annotations

import json
from typing import Any

import pytest

from codeassist.engine.scripted import Answer
from codeassist.errors import EngineCrashed
from codeassist.server.llama_request import read_completion, read_infill
from codeassist.server.problems import Problem
from codeassist.types import Priority, Snippet
from codeassist.unwrapping import Unwrapped

# What llama.vim asks to be told.
FIELDS = [
    "content",
    "timings/prompt_n",
    "timings/prompt_ms",
    "timings/prompt_per_token_ms",
    "timings/prompt_per_second",
    "timings/predicted_n",
    "timings/predicted_ms",
    "timings/predicted_per_token_ms",
    "timings/predicted_per_second",
    "truncated",
    "tokens_cached",
]
# The body that llama.vim sends.
VIM: dict[str, Any] = {
    "input_prefix": "import math\n\ndef add(a, b):\n",
    "input_suffix": "\n\nprint(add(1, 2))\n",
    "input_extra": [],
    "prompt": "    r",
    "id_slot": 0,
    "n_predict": 128,
    "stop": [],
    "n_indent": 4,
    "top_k": 40,
    "top_p": 0.9,
    "samplers": ["top_k", "top_p", "infill"],
    "stream": False,
    "cache_prompt": True,
    "t_max_prompt_ms": 500,
    "t_max_predict_ms": 250,
    "response_fields": FIELDS,
    "model": "",
}
RENDERED = "<｜fim▁begin｜>def add(a, b):\n    <｜fim▁hole｜>\n<｜fim▁end｜>"


def spelled(e: Any, number: int = -1) -> str:
    """The prompt of a request to the engine, with special tokens spelled out."""
    return str(e.assistant.completer._tokenizer.decode(e.engine.requests[number].prompt))


async def test_what_llama_vim_sends_is_answered_as_it_reads_it(endpoint: Any) -> None:
    async with endpoint("    return a + b") as e:
        response = await e.client.post("/infill", json=VIM)
        prompt = spelled(e)
    assert response.status_code == 200
    assert '"content":"' in response.text
    answer = response.json()
    assert set(answer) == set(FIELDS)
    assert answer["content"]
    assert answer["truncated"] is False
    assert answer["timings/predicted_n"] > 0
    assert "def add(a, b):" in prompt
    assert "print(add(1, 2))" in prompt


async def test_without_a_choice_of_fields_everything_is_told(endpoint: Any) -> None:
    async with endpoint("a + b") as e:
        answer = (await e.client.post("/infill", json={"input_prefix": "return ", "input_suffix": "\n"})).json()
    assert answer["content"] == "a + b"
    assert (answer["stop"], answer["stop_type"], answer["model"]) == (True, "eos", "scripted")
    assert answer["timings"]["prompt_n"] == answer["tokens_evaluated"] > 0
    assert answer["generation_settings"]["temperature"] == 0
    assert answer["tokens_cached"] == 0


async def test_a_warm_up_computes_the_prompt_and_writes_nothing(endpoint: Any) -> None:
    async with endpoint("a + b") as e:
        warm = (await e.client.post("/infill", json={**VIM, "n_predict": 0, "response_fields": []})).json()
        told = (await e.client.post("/infill", json={**VIM, "response_fields": []})).json()
        streamed = await e.client.post("/infill", json={**VIM, "n_predict": 0, "stream": True})
    assert (warm["content"], warm["tokens_predicted"]) == ("", 0)
    assert e.engine.requests[0].max_tokens < e.engine.requests[1].max_tokens
    asked = [request.priority for request in e.engine.requests]
    assert asked == [Priority.AHEAD, Priority.COMPLETION, Priority.AHEAD]
    assert told["tokens_cached"] > 0
    assert len(streamed.text.split("\n\n")) == 2


async def test_several_answers_are_a_list_and_only_the_first_is_the_likeliest(endpoint: Any) -> None:
    async with endpoint("one", "two", "three") as e:
        answers = (await e.client.post("/infill", json={**VIM, "n_cmpl": 3, "seed": 7})).json()
    assert sorted(answer["content"] for answer in answers) == ["one", "three", "two"]
    asked = sorted((request.temperature, request.seed) for request in e.engine.requests)
    assert asked == [(0.0, 7), (0.8, 8), (0.8, 9)]


async def test_one_of_several_answers_that_fails_ends_the_others(endpoint: Any) -> None:
    async with endpoint("one", Answer("two", error=EngineCrashed("gone"))) as e:
        response = await e.client.post("/infill", json={**VIM, "n_cmpl": 2})
    assert response.status_code == 503
    assert response.json()["error"] == {"code": 503, "message": "gone", "type": "unavailable_error"}


async def test_a_stream_ends_with_the_figures(endpoint: Any) -> None:
    async with endpoint("a + b") as e:
        response = await e.client.post("/completion", json={"prompt": "x = ", "stream": True})
    events = [json.loads(line.removeprefix("data: ")) for line in response.text.split("\n\n") if line]
    assert response.headers["content-type"].startswith("text/event-stream")
    assert "".join(event["content"] for event in events) == "a + b"
    assert [event["stop"] for event in events] == [False] * (len(events) - 1) + [True]
    assert events[-1]["timings"]["predicted_n"] == 3


@pytest.mark.parametrize("path", ["/completion", "/completions"])
async def test_a_prompt_goes_to_the_model_as_it_is(endpoint: Any, path: str) -> None:
    async with endpoint("one two") as e:
        answer = (await e.client.post(path, json={"prompt": "x = ", "n_predict": 1, "stop": ["."]})).json()
    assert e.engine.requests[0].prompt == "x = "
    assert (answer["content"], answer["stop_type"]) == ("one", "limit")


async def test_a_rendered_prompt_is_rendered_anew(endpoint: Any) -> None:
    async with endpoint("return a + b") as e:
        answer = (await e.client.post("/completion", json={"prompt": RENDERED})).json()
        prompt = spelled(e)
    assert answer["content"].strip() == "return a + b"
    assert isinstance(e.engine.requests[0].prompt, tuple)
    assert prompt.count("<｜fim▁hole｜>") == 1


async def test_lines_that_are_indented_less_end_the_answer(endpoint: Any) -> None:
    async with endpoint("    return a\n\n    pass\nnext_one()\n") as e:
        answer = (await e.client.post("/infill", json={**VIM, "prompt": "", "response_fields": []})).json()
        records = e.service.journal.ended
    assert answer["content"] == "    return a\n\n    pass"
    assert answer["stop_type"] == "limit"
    assert [record.state for record in records] == ["done"]


def test_the_newest_chunk_of_a_client_comes_first() -> None:
    extra = [{"text": "old", "filename": "a.py", "time": [1, 2]}, {"text": "new"}]
    asked = read_infill({"input_extra": extra})
    assert isinstance(asked.wanted.prompt, Unwrapped)
    assert asked.wanted.prompt.snippets == (Snippet("", "new"), Snippet("a.py", "old"))


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("n_predict", -3, "at least -2"),
        ("n_cmpl", 9, "from 1 to 8"),
        ("grammar", "root ::= [a-z]", "not supported"),
        ("json_schema", {}, "not supported"),
        ("n_probs", 3, "not supported"),
        ("lora", [{"id": 0, "scale": 0.5}], "not supported"),
        ("temperature", 10**400, "not as large"),
        ("n_indent", -1, "from 0"),
        ("response_fields", "content", "a list of texts"),
        ("max_tokens", 3, "unknown field"),
        ("prompt", ["a", "b"], "one text"),
        ("prompt", [[["x"]]], "one text"),
        ("stop", ["\ud800"], "surrogate"),
    ],
)
def test_what_would_not_be_honoured_is_refused(field: str, value: object, told: str) -> None:
    with pytest.raises(Problem, match=told) as caught:
        read_completion({"prompt": "x", field: value})
    assert (caught.value.status, caught.value.param) == (400, field)


@pytest.mark.parametrize(
    "extra", [5, [5], [{"filename": "a"}], [{"text": 5}], [{"text": "a", "other": 1}], [{"text": "a", "filename": 0}]]
)
def test_chunks_that_are_none_are_refused(extra: object) -> None:
    with pytest.raises(Problem, match="input_extra"):
        read_infill({"input_extra": extra})


def test_several_answers_cannot_be_streamed() -> None:
    with pytest.raises(Problem, match="answered at once"):
        read_infill({"n_cmpl": 2, "stream": True})


def test_no_limit_of_tokens_is_the_models_own() -> None:
    assert read_completion({"prompt": "x", "n_predict": -1}).n_predict is None


def test_json_does_not_tell_64_from_64_0() -> None:
    asked = read_completion({"prompt": [1.0, 2], "n_predict": 64.0})
    assert (asked.wanted.prompt, asked.n_predict) == ((1, 2), 64)
    with pytest.raises(Problem, match="a whole number"):
        read_completion({"prompt": "x", "n_predict": 64.5})


async def test_errors_have_the_shape_of_this_dialect(endpoint: Any) -> None:
    async with endpoint(start=False) as e:
        missing = await e.client.post("/completion", json={})
        unready = await e.client.post("/infill", json={**VIM, "stream": True})
        wrong = await e.client.get("/infill")
    assert missing.json() == {"error": {"code": 400, "message": "`prompt` is missing", "type": "invalid_request_error"}}
    assert (unready.status_code, unready.json()["error"]["type"]) == (503, "unavailable_error")
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (405, 405)


async def test_properties_and_slots_tell_of_the_model(endpoint: Any) -> None:
    async with endpoint() as e:
        props = (await e.client.get("/props")).json()
        slots = (await e.client.get("/slots")).json()
    assert props["default_generation_settings"]["n_ctx"] == 4096
    assert props["model_alias"] == "scripted"
    assert slots == [{"id": 0, "id_task": -1, "n_ctx": 4096, "is_processing": False}]


async def test_the_journal_knows_that_a_limit_ended_an_answer(endpoint: Any) -> None:
    async with endpoint("a = 1\n    b = 2\nc = 3\n    d = 4\ne = 5") as e:
        body = {"input_prefix": "def f():\n", "prompt": "    ", "n_indent": 4}
        answer = await e.client.post("/infill", json=body)
        (record,) = e.service.journal.ended
    assert answer.json()["stop_type"] == "limit"
    assert (record.state, record.finish_reason) == ("done", "length")
    assert "decode" in record.ms


async def test_a_refused_field_is_told_in_the_words_of_json(endpoint: Any) -> None:
    async with endpoint() as e:
        answer = await e.client.post("/completion", json={"prompt": "x", "ignore_eos": True})
    assert "(or send false or null)" in answer.json()["error"]["message"]
