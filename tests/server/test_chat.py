"""`/v1/chat/completions` before a chat model that a test plays, on a real socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from asking import until

from codeassist.chat.model import Form, Message, formed_answer, whole_answer
from codeassist.chat.scripted_endpoint import ScriptedEndpoint
from codeassist.engine.remote_chat import RemoteChat
from codeassist.errors import EngineCrashed, EngineUnavailable, RequestRejected
from codeassist.server.journal import Exchange, Record
from codeassist.settings import ChatSettings
from codeassist.types import Priority

HELLO: dict[str, Any] = {"model": "any", "messages": [{"role": "user", "content": "say hello"}]}


def events(body: str) -> list[Any]:
    data = [line.removeprefix("data: ") for line in body.splitlines() if line.startswith("data: ")]
    return [json.loads(event) if event != "[DONE]" else event for event in data]


async def test_an_answer_is_relayed_as_it_is(endpoint: Callable[..., Any]) -> None:
    chat = ScriptedEndpoint(["hello you"])
    async with endpoint(chat=chat) as opened:
        answer = await opened.client.post("/v1/chat/completions", json=HELLO | {"top_k": 5})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json()["choices"][0]["message"] == {"role": "assistant", "content": "hello you"}
    assert answer.json()["model"] == "scripted-chat"
    assert chat.asked == [HELLO | {"top_k": 5}]
    assert chat.priorities == [Priority.CHAT]


async def test_a_warm_up_of_a_llama_cpp_client_asks_the_model_nothing(endpoint: Callable[..., Any]) -> None:
    chat = ScriptedEndpoint(["hello you"])
    async with endpoint(chat=chat) as opened:
        warm_up = HELLO | {"n_predict": 0, "cache_prompt": True, "samplers": [], "stream": False}
        answer = await opened.client.post("/v1/chat/completions", json=warm_up)
    assert answer.json()["choices"][0]["message"]["content"] == ""
    assert chat.asked == []


async def test_a_stream_is_relayed_event_by_event(endpoint: Callable[..., Any]) -> None:
    async with endpoint(chat=ScriptedEndpoint(["hello you"])) as opened:
        answer = await opened.client.post("/v1/chat/completions", json=HELLO | {"stream": True})
    assert answer.headers["content-type"].startswith("text/event-stream")
    *chunks, done = events(answer.text)
    assert "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks) == "hello you"
    assert (chunks[-1]["choices"][0]["finish_reason"], done) == ("stop", "[DONE]")


@pytest.mark.parametrize("stream", [False, True])
async def test_the_journal_learns_what_a_chat_took(endpoint: Callable[..., Any], stream: bool) -> None:
    records: list[Record] = []
    async with endpoint(chat=ScriptedEndpoint(["one two three"])) as opened:
        opened.service.journal.on_change(records.append)
        await opened.client.post("/v1/chat/completions", json=HELLO | {"stream": stream})
        await until(lambda: len(records) == 2)
    ended = records[-1]
    assert (ended.state, ended.finish_reason, ended.route) == ("done", "stop", "/v1/chat/completions")
    assert (ended.model, ended.is_streamed, ended.usage.completion_tokens) == ("scripted-chat", stream, 3)
    assert {"first_token", "decode", "total"} <= set(ended.ms)


async def test_a_client_that_leaves_ends_the_answer(endpoint: Callable[..., Any]) -> None:
    chat = ScriptedEndpoint(["never heard to its end"])
    chat.hold = asyncio.Event()
    async with endpoint(chat=chat) as opened:
        async with opened.client.stream("POST", "/v1/chat/completions", json=HELLO | {"stream": True}) as answer:
            async for _ in answer.aiter_bytes():
                break
        await until(lambda: chat.n_abandoned == 1)
        await until(lambda: opened.service.journal.ended)
        assert opened.service.journal.ended[0].state == "left"
        assert not opened.service.journal.running


async def test_a_client_that_leaves_before_the_first_byte_ends_the_answer(endpoint: Callable[..., Any]) -> None:
    chat = ScriptedEndpoint(["never heard"])
    chat.hold = asyncio.Event()
    async with endpoint(chat=chat) as opened:
        asking = asyncio.create_task(opened.client.post("/v1/chat/completions", json=HELLO))
        await until(lambda: chat.asked)
        asking.cancel()
        await until(lambda: chat.n_abandoned == 1)
        await until(lambda: opened.service.journal.ended)
        assert opened.service.journal.ended[0].state == "left"


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (EngineUnavailable("still loading"), 503, "engine_unavailable"),
        (EngineCrashed("it died"), 503, "engine_unavailable"),
        (RequestRejected("n is too many"), 400, "request_rejected"),
    ],
)
async def test_what_keeps_a_chat_from_answering_is_told(
    endpoint: Callable[..., Any], error: Any, status: int, code: str
) -> None:
    async with endpoint(chat=ScriptedEndpoint([error])) as opened:
        answer = await opened.client.post("/v1/chat/completions", json=HELLO | {"stream": True})
        assert opened.service.journal.ended[0].state == "failed"
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.json()["error"]["message"] == str(error)


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": "hello"}, "messages"),
        ({"messages": ["hello"]}, "messages"),
        ({"messages": [{"content": "hello"}]}, "messages"),
        (HELLO | {"stream": "yes"}, "stream"),
        (HELLO | {"model": 3}, "model"),
    ],
)
async def test_what_cannot_be_relayed_is_refused(endpoint: Callable[..., Any], body: Any, named: str) -> None:
    async with endpoint(chat=ScriptedEndpoint()) as opened:
        answer = await opened.client.post("/v1/chat/completions", json=body)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, named)


async def test_without_a_chat_model_the_remedy_is_named(endpoint: Callable[..., Any]) -> None:
    async with endpoint() as opened:
        answer = await opened.client.post("/v1/chat/completions", json=HELLO)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "no_chat_model")
    assert all(name in answer.json()["error"]["message"] for name in ("chat.url", "chat.directory"))
    # The engine here is none whose model we could give a template.
    assert "chat.template" not in answer.json()["error"]["message"]


async def test_the_editors_commands_may_ask_it_too(endpoint: Callable[..., Any]) -> None:
    async with endpoint(chat=ScriptedEndpoint(["hello you"])) as opened:
        chat = RemoteChat(ChatSettings(url=f"{opened.url}/v1"))
        assert await whole_answer(chat, [Message("user", "say hello")]) == "hello you"
        await chat.close()


async def test_a_review_waits_for_chats_of_people(endpoint: Callable[..., Any]) -> None:
    played = ScriptedEndpoint(["{}"])
    async with endpoint(chat=played) as opened:
        chat = RemoteChat(ChatSettings(url=f"{opened.url}/v1"))
        form = Form("answer", {"type": "object"})
        assert await formed_answer(chat, [Message("user", "look")], form, Priority.REVIEW) == "{}"
        await chat.close()
        refused = await opened.client.post("/v1/chat/completions", json=HELLO, headers={"codeassist-priority": "first"})
    assert played.priorities == [Priority.REVIEW]
    assert played.asked[0]["response_format"]["type"] == "json_schema"
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "bad_header")


async def test_both_models_are_listed(endpoint: Callable[..., Any]) -> None:
    async with endpoint(chat=ScriptedEndpoint()) as opened:
        listed = (await opened.client.get("/v1/models")).json()["data"]
    assert [(model["id"], model["max_model_len"]) for model in listed] == [("scripted", 4096), ("scripted-chat", 8192)]


@pytest.mark.parametrize("stream", [False, True])
async def test_who_wants_texts_gets_those_of_chats(endpoint: Callable[..., Any], stream: bool) -> None:
    exchanges: list[Exchange] = []
    body = HELLO | {"stream": stream}
    said = "hello you " * 2000
    async with endpoint(chat=ScriptedEndpoint([said])) as opened:
        opened.service.journal.on_answer(lambda _, exchange: exchanges.append(exchange))
        await opened.client.post("/v1/chat/completions", json=body)
        await until(lambda: exchanges)
    assert exchanges == [Exchange(body, said)]
