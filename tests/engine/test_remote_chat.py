"""Chat with a server on a real socket that answers well, badly, or not at all."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest
from loopback import serving, unused_address
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from codeassist.chat.model import Form, Message, formed_answer, open_chat, opened, whole_answer
from codeassist.engine.remote_chat import RemoteChat
from codeassist.errors import AnswerCutOff, EngineError, NoChatModel
from codeassist.settings import ChatSettings
from codeassist.types import Priority

QUESTION = [Message("system", "be brief"), Message("user", "hello é")]


def piece(text: str | None, reason: str | None = None) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": reason}]}


def sse(*events: Any) -> str:
    return "".join(f"data: {event if isinstance(event, str) else json.dumps(event)}\n\n" for event in events)


GOOD = sse({"choices": []}, piece(None), piece("Hel"), piece("lo"), piece("", "stop"), "[DONE]")


class Server:
    """Answers every question with what a test gives it."""

    def __init__(self, answer: Callable[[], Response] = lambda: PlainTextResponse(GOOD)) -> None:
        self.answer = answer
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.priorities: list[str | None] = []

    def app(self) -> Starlette:
        async def models(request: Request) -> Response:
            return JSONResponse({"data": [{"id": "first"}, {"id": "second"}]})

        async def chat(request: Request) -> Response:
            self.asked.append(await request.json())
            self.keys.append(request.headers.get("authorization"))
            self.priorities.append(request.headers.get("codeassist-priority"))
            return self.answer()

        return Starlette(
            routes=[Route("/v1/models", models), Route("/v1/chat/completions", chat, methods=["POST"])],
        )


def test_a_chat_that_is_turned_off_is_none() -> None:
    with pytest.raises(NoChatModel):
        open_chat(ChatSettings(kind="none", url="http://127.0.0.1:1/v1"))


async def ask(server: Server, **settings: Any) -> str:
    async with serving(server.app()) as address:
        given = ChatSettings(url=f"{address}/v1", **settings)
        async with opened(open_chat, given) as chat:
            return await whole_answer(chat, QUESTION)


async def test_the_answer_is_put_together_from_its_pieces() -> None:
    server = Server()
    assert await ask(server, model="coder", api_key="secret", max_tokens=99) == "Hello"
    assert server.asked == [
        {
            "model": "coder",
            "messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hello é"}],
            "max_tokens": 99,
            "temperature": 0,
            "stream": True,
        }
    ]
    assert server.keys == ["Bearer secret"]


async def test_without_a_name_the_first_model_is_asked_and_no_key_is_sent() -> None:
    server = Server()
    assert await ask(server) == "Hello"
    assert (server.asked[0]["model"], server.keys) == ("first", [None])


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (
            lambda: JSONResponse({"error": {"message": "no key"}}, 401),
            "no key; set chat.api_key .*CODEASSIST_CHAT_API_KEY",
        ),
        (lambda: JSONResponse({"detail": "gone"}, 404), "404: gone; check chat.url .* and chat.model"),
        (lambda: PlainTextResponse("boom", 500), "500: boom; see the server's log"),
        (lambda: PlainTextResponse("slow down", 429), "429: slow down"),
        (lambda: RedirectResponse("http://127.0.0.1:1/v1"), "no redirect is followed: set chat.url"),
        (lambda: PlainTextResponse("<html>hello</html>"), "ended its answer in the middle, or does not stream"),
        (lambda: PlainTextResponse(""), "ended its answer in the middle"),
        (lambda: PlainTextResponse("\x00\xff" * 1000), "ended its answer in the middle"),
        (lambda: PlainTextResponse(GOOD, headers={"content-encoding": "gzip"}), "cannot be decoded"),
        (lambda: PlainTextResponse("no", 500, headers={"content-encoding": "gzip"}), "cannot be decoded"),
        (lambda: PlainTextResponse(sse("{not json")), "malformed"),
        (lambda: PlainTextResponse(sse("[1, 2]")), "malformed"),
        (lambda: PlainTextResponse(sse({"choices": "none"})), "malformed"),
        (lambda: PlainTextResponse(sse({"choices": [3]})), "malformed"),
        (lambda: PlainTextResponse(sse({"choices": [{"delta": "x"}]})), "malformed"),
        (lambda: PlainTextResponse(sse(piece("a"), {"error": {"message": "out of memory"}})), "out of memory"),
        (lambda: PlainTextResponse(sse(piece("a"), piece("b"))), "ended its answer in the middle"),
        (lambda: JSONResponse({"choices": [{"message": {"content": "whole"}}]}), "does not stream"),
    ],
)
async def test_what_is_no_answer_says_what_to_do(answer: Callable[[], Response], told: str) -> None:
    with pytest.raises(EngineError, match=told):
        await ask(Server(answer), model="coder")


async def test_an_answer_that_is_too_long_names_the_setting() -> None:
    with pytest.raises(AnswerCutOff, match=r"cut off after 16 tokens; raise chat\.max_tokens"):
        await ask(Server(lambda: PlainTextResponse(sse(piece("a", "length"), "[DONE]"))), max_tokens=16)


async def test_a_connection_that_breaks_in_the_middle_is_told() -> None:
    async def broken() -> AsyncIterator[str]:
        yield sse(piece("a"))
        raise ConnectionResetError

    with pytest.raises(EngineError, match=r"broke off in the middle|ended its answer"):
        await ask(Server(lambda: StreamingResponse(broken())), model="coder")


async def test_nobody_at_the_address_is_told() -> None:
    async with opened(open_chat, ChatSettings(url=f"{unused_address()}/v1", model="coder")) as chat:
        with pytest.raises(EngineError, match="cannot be reached"):
            await whole_answer(chat, QUESTION)


async def test_a_server_that_only_says_that_it_is_there_is_given_up() -> None:
    async def pings() -> AsyncIterator[str]:
        while True:
            yield ": ping\n\n"
            await asyncio.sleep(0.005)

    with pytest.raises(EngineError, match=r"said nothing for 0.05 s.*chat\.timeout_s"):
        await ask(Server(lambda: StreamingResponse(pings())), model="coder", timeout_s=0.05)


async def test_a_server_that_hangs_is_given_up() -> None:
    async def silence() -> AsyncIterator[str]:
        await asyncio.Event().wait()
        yield ""

    with pytest.raises(EngineError, match=r"said nothing for 0.05 s"):
        await ask(Server(lambda: StreamingResponse(silence())), model="coder", timeout_s=0.05)


async def test_leaving_the_loop_closes_the_connection() -> None:
    left = asyncio.Event()

    async def endless() -> AsyncIterator[str]:
        try:
            while True:
                yield sse(piece("word "))
                await asyncio.sleep(0.001)
        finally:
            left.set()

    server = Server(lambda: StreamingResponse(endless()))
    async with serving(server.app()) as address:
        chat = RemoteChat(ChatSettings(url=f"{address}/v1", model="coder"))
        async with aclosing(chat.ask(QUESTION)) as pieces:
            assert await anext(pieces) == "word "
        async with asyncio.timeout(30):
            await left.wait()
        await chat.close()


def test_no_address_is_no_chat_model() -> None:
    with pytest.raises(NoChatModel, match=r"set chat\.url in your settings"):
        open_chat(replace(ChatSettings(), model="coder"))


@pytest.mark.parametrize("status", [400, 422])
async def test_a_server_that_refuses_a_schema_is_asked_without_and_remembered(status: int) -> None:
    form = Form("answer", {"type": "object"})
    server = Server()
    said = '{"error": {"message": "response_format json_schema is not supported"}}'
    server.answer = lambda: Response(said, status) if "response_format" in server.asked[-1] else PlainTextResponse(GOOD)
    async with serving(server.app()) as url:
        chat = RemoteChat(ChatSettings(url=f"{url}/v1", model="coder"))
        assert chat.remark == ""
        assert await formed_answer(chat, QUESTION, form, Priority.REVIEW) == "Hello"
        assert await formed_answer(chat, QUESTION, form, Priority.REVIEW) == "Hello"
        await chat.close()
    sent = [body.get("response_format", {}).get("type") for body in server.asked]
    assert sent == ["json_schema", "json_object", None, None]
    assert server.priorities == ["review"] * 4
    assert chat.remark.endswith("does not bind answers to a JSON schema; they are read as they come")


async def test_a_question_of_a_person_tells_no_priority_and_no_form() -> None:
    server = Server()
    async with serving(server.app()) as url:
        chat = RemoteChat(ChatSettings(url=f"{url}/v1", model="coder"))
        assert await whole_answer(chat, QUESTION) == "Hello"
        await chat.close()
    assert server.priorities == [None]
    assert "response_format" not in server.asked[0]
