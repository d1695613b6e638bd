"""Chats in Ollama's dialect, before a chat model that a test plays, on a real socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from asking import until

from codeassist.chat.endpoint import ChatReply, Json
from codeassist.chat.scripted_endpoint import ScriptedEndpoint
from codeassist.errors import EngineUnavailable
from codeassist.server.ollama_chat_request import read_chat
from codeassist.server.problems import Problem
from codeassist.types import Priority

HELLO: Json = {"model": "scripted-chat", "messages": [{"role": "user", "content": "say hello"}]}
WEATHER = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}

CALL = {"function": {"name": "weather"}}


class Replies(ScriptedEndpoint):
    """Answers every chat with these bytes."""

    def __init__(self, *chunks: bytes, status: int = 200, media_type: str = "text/event-stream") -> None:
        super().__init__()
        self._reply = status, media_type
        self._sent = chunks

    @asynccontextmanager
    async def answer(self, body: Json, *, priority: Priority, client: str) -> AsyncIterator[ChatReply]:
        self.asked.append(body)
        yield ChatReply(*self._reply, self._bytes(), "other-chat")

    async def _bytes(self) -> AsyncIterator[bytes]:
        for chunk in self._sent:
            yield chunk


def event(delta: Json, reason: str | None = None) -> bytes:
    chunk = {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}
    return f"data: {json.dumps(chunk)}\n\n".encode()


def call(**function: str) -> Json:
    return {"tool_calls": [{"index": 0, "function": function}]}


def lines(response: httpx.Response) -> list[Json]:
    return [json.loads(line) for line in response.text.splitlines()]


async def test_a_chat_is_answered_line_by_line(endpoint: Any) -> None:
    chat = ScriptedEndpoint(["hello you"])
    async with endpoint(chat=chat) as e:
        response = await e.client.post("/api/chat", json=HELLO)
        record = e.service.journal.ended[0]
    told = lines(response)
    assert response.headers["content-type"] == "application/x-ndjson"
    assert [line["message"]["content"] for line in told] == ["hello", " you", ""]
    assert [line["done"] for line in told] == [False, False, True]
    assert {line["message"]["role"] for line in told} == {"assistant"}
    last = told[-1]
    assert (last["model"], last["done_reason"], last["eval_count"]) == ("scripted-chat", "stop", 2)
    assert last["total_duration"] == pytest.approx(last["prompt_eval_duration"] + last["eval_duration"], abs=2)
    assert last["prompt_eval_count"] > 0
    assert chat.priorities == [Priority.CHAT]
    assert (record.route, record.state, record.usage.completion_tokens, record.is_streamed) == (
        "/api/chat",
        "done",
        2,
        True,
    )


async def test_an_answer_at_once_is_one_object(endpoint: Any) -> None:
    async with endpoint(chat=ScriptedEndpoint(["hello you"])) as e:
        answer = (await e.client.post("/api/chat", json=HELLO | {"stream": False})).json()
        assert not e.service.journal.ended[0].is_streamed
    assert answer["message"] == {"role": "assistant", "content": "hello you"}
    assert (answer["done"], answer["eval_count"]) == (True, 2)


async def test_what_is_asked_is_told_in_openais_words(endpoint: Any) -> None:
    options = {"num_predict": 5, "temperature": 0.5, "top_p": 0.9, "seed": 7, "stop": ["END"], "num_ctx": 4096}
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    chat = ScriptedEndpoint()
    async with endpoint(chat=chat) as e:
        await e.client.post("/api/chat", json=HELLO | {"options": options, "format": schema, "keep_alive": "5m"})
        await e.client.post("/api/chat", json=HELLO | {"format": "json", "tools": [WEATHER], "stream": False})
    first, second = chat.asked
    assert first == {
        "messages": HELLO["messages"],
        "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}},
        "max_tokens": 5,
        "temperature": 0.5,
        "top_p": 0.9,
        "seed": 7,
        "stop": ["END"],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert (second["response_format"], second["tools"], second["stream"]) == ({"type": "json_object"}, [WEATHER], False)


def test_results_of_tools_find_their_calls() -> None:
    calls = [{"function": {"name": name, "arguments": {"of": name}}} for name in ("a", "b", "a")]
    said = [
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": "", "tool_calls": calls, "thinking": "hm"},
        {"role": "tool", "content": "1", "tool_name": "b"},
        {"role": "tool", "content": "2", "tool_name": "a"},
        {"role": "tool", "content": "3"},
        {"role": "tool", "content": "4", "tool_name": "c"},
    ]
    body = read_chat({"messages": said}).body
    assert body is not None
    _, asked, *results = body["messages"]
    assert asked["tool_calls"][1] == {
        "id": "call_2",
        "type": "function",
        "function": {"name": "b", "arguments": '{"of": "b"}'},
    }
    assert [result["tool_call_id"] for result in results] == ["call_2", "call_1", "call_3", "call_c"]


@pytest.mark.parametrize("stream", [False, True])
async def test_calls_of_tools_are_told_whole(endpoint: Any, stream: bool) -> None:
    chunks = [
        event({"role": "assistant", "reasoning": "hm"}),
        event(call(name="weather")),
        event(call(arguments='{"town": ')),
        event(call(arguments='"Rome"}')),
        event({}, "tool_calls"),
        b"data: [DONE]\n\n",
    ]
    async with endpoint(chat=Replies(*chunks)) as e:
        response = await e.client.post("/api/chat", json=HELLO | {"tools": [WEATHER], "stream": stream})
    told = lines(response)
    (called,) = [line["message"]["tool_calls"] for line in told if "tool_calls" in line["message"]]
    assert called == [{"function": {"index": 0, "name": "weather", "arguments": {"town": "Rome"}}}]
    assert "".join(line["message"].get("thinking", "") for line in told) == "hm"
    assert told[-1]["done_reason"] == "stop"
    assert response.headers["codeassist-fallback"] == "other-chat"


async def test_arguments_that_are_no_json_are_told_as_they_are(endpoint: Any) -> None:
    function = {"name": "weather", "arguments": "Rome"}
    whole = {"choices": [{"message": {"content": None, "tool_calls": [{"function": function}]}}]}
    chat = Replies(json.dumps(whole).encode(), media_type="application/json")
    async with endpoint(chat=chat) as e:
        answer = (await e.client.post("/api/chat", json=HELLO | {"stream": False})).json()
    assert answer["message"]["tool_calls"][0]["function"]["arguments"] == {"arguments": "Rome"}


@pytest.mark.parametrize("stream", [False, True])
async def test_without_messages_the_model_is_loaded(endpoint: Any, stream: bool) -> None:
    chat = ScriptedEndpoint()
    async with endpoint(chat=chat) as e:
        (answer,) = lines(await e.client.post("/api/chat", json={"model": "x", "stream": stream}))
    assert (answer["done_reason"], answer["message"]["content"], chat.asked) == ("load", "", [])


async def test_a_prompt_alone_may_be_computed(endpoint: Any) -> None:
    chat = ScriptedEndpoint(["hello"])
    async with endpoint(chat=chat) as e:
        (answer,) = lines(await e.client.post("/api/chat", json=HELLO | {"options": {"num_predict": 0}}))
    assert (answer["message"]["content"], answer["eval_count"], answer["done_reason"]) == ("", 0, "length")
    assert (chat.asked[0]["max_tokens"], chat.priorities) == (1, [Priority.AHEAD])


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("chat", "status", "told"),
    [
        (None, 400, "no chat model is configured"),
        (ScriptedEndpoint([EngineUnavailable("still loading")]), 503, "still loading"),
        (Replies(b'{"error": {"message": "too long"}}', status=400), 400, "too long"),
        (Replies(b"<html>", status=502), 502, "other-chat answered 502"),
        (Replies(b"data: nonsense\n\n"), 503, "not understood"),
    ],
)
async def test_what_keeps_a_chat_from_answering_is_a_sentence(
    endpoint: Any, chat: Any, status: int, told: str, stream: bool
) -> None:
    async with endpoint(chat=chat) as e:
        answer = await e.client.post("/api/chat", json=HELLO | {"stream": stream})
        assert [record.state for record in e.service.journal.ended] == ["failed"] * (chat is not None)
    assert answer.status_code == status
    assert told in answer.json()["error"]


async def test_a_stream_that_breaks_ends_with_an_error(endpoint: Any) -> None:
    chat = Replies(event({"content": "one"}), b'data: {"error": {"message": "gone"}}\n\n')
    async with endpoint(chat=chat) as e:
        first, last = lines(await e.client.post("/api/chat", json=HELLO))
        assert e.service.journal.ended[0].state == "failed"
    assert first["message"]["content"] == "one"
    assert last == {"error": "gone"}


async def test_a_client_that_leaves_ends_the_answer(endpoint: Any) -> None:
    chat = ScriptedEndpoint(["never heard to its end"])
    chat.hold = asyncio.Event()
    async with endpoint(chat=chat) as e:
        async with e.client.stream("POST", "/api/chat", json=HELLO) as answer:
            async for _ in answer.aiter_lines():
                break
        await until(lambda: e.service.journal.ended)
        assert (e.service.journal.ended[0].state, chat.n_abandoned) == ("left", 1)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"messages": "hello"}, "`messages` must be a list of objects"),
        ({"messages": [{"content": "x"}]}, "`messages.0.role` is missing"),
        ({"messages": [{"role": "robot"}]}, "`messages.0.role` must be one of"),
        ({"messages": [{"role": "user", "images": ["aGk="]}]}, "`messages.0.images` is not supported"),
        ({"messages": [{"role": "user", "content": ["x"]}]}, "`messages.0.content` must be a text"),
        ({"messages": [{"role": "assistant", "tool_calls": [5]}]}, "`messages.0.tool_calls` must be"),
        ({"messages": [{"role": "assistant", "tool_calls": [{}]}]}, "`tool_calls.function` is missing"),
        ({"messages": [{"role": "tool", "tool_calls": [CALL | {"id": {}}]}]}, "`tool_calls.id` must be a text"),
        (HELLO | {"format": 5}, "`format` must be"),
        (HELLO | {"tools": [5]}, "`tools` must be a list of objects"),
        (HELLO | {"think": True}, "`think` is not supported"),
        (HELLO | {"options": {"warmth": 1}}, "unknown field `options.warmth`"),
        (HELLO | {"streams": True}, "unknown field `streams`"),
    ],
)
def test_what_would_not_be_honoured_is_refused(body: Json, told: str) -> None:
    with pytest.raises(Problem) as caught:
        read_chat(body)
    assert told in caught.value.message
    assert caught.value.status == 400


async def test_both_models_are_listed_with_what_they_can(endpoint: Any) -> None:
    async with endpoint(chat=ScriptedEndpoint()) as e:
        listed = (await e.client.get("/api/tags")).json()["models"]
        running = (await e.client.get("/api/ps")).json()["models"]
        shown = [(await e.client.post("/api/show", json={"model": model["name"]})).json() for model in listed]
    assert [model["name"] for model in listed] == ["scripted:latest", "scripted-chat:latest"]
    assert [model["context_length"] for model in running] == [4096, 8192]
    assert [model["capabilities"] for model in shown] == [["completion", "insert"], ["completion", "tools"]]
    assert [".Suffix" in model["template"] for model in shown] == [True, False]


@pytest.mark.parametrize(
    ("more", "is_chat"),
    [
        ({"model": "scripted-chat:latest", "system": "be kind"}, True),
        ({"model": "scripted", "format": "json"}, True),
        ({"model": "scripted"}, False),
        ({"model": "scripted-chat", "raw": True}, False),
        ({"model": "scripted-chat", "suffix": "\n"}, False),
        ({"model": "scripted-chat", "prompt": "<｜fim▁begin｜>a<｜fim▁hole｜>b<｜fim▁end｜>"}, False),
    ],
)
async def test_a_prompt_goes_to_the_model_that_is_meant(endpoint: Any, more: Json, is_chat: bool) -> None:
    chat = ScriptedEndpoint(["chatted"])
    async with endpoint("filled", chat=chat) as e:
        told = lines(await e.client.post("/api/generate", json={"prompt": "x = "} | more))
    assert "".join(line["response"] for line in told) == ("chatted" if is_chat else "filled")
    assert told[-1]["done"] is True
    system = [{"role": "system", "content": "be kind"}] if "system" in more else []
    if is_chat:
        assert chat.asked[0]["messages"] == [*system, {"role": "user", "content": "x = "}]
