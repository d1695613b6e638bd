"""Answers by a schema: how servers are asked for them, and how they are read where nothing bound them."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from codeassist.chat.endpoint_chat import EndpointChat
from codeassist.chat.forms import Binding, Forms, read_json
from codeassist.chat.model import Form, Message, formed_answer
from codeassist.chat.scripted_endpoint import ScriptedEndpoint
from codeassist.errors import AnswerUnusable, EngineUnavailable, RequestRejected
from codeassist.settings import ChatSettings
from codeassist.types import Priority

FORM = Form("answer", {"type": "object", "properties": {"a": {"type": "integer"}}})


class Picky:
    """A server that takes some kinds of `response_format`, and refuses others."""

    def __init__(self, *taken: str, says: str = "that is unknown here") -> None:
        self.taken = taken
        self.says = says
        self.asked: list[str] = []

    async def send(self, binding: Binding) -> AsyncGenerator[str]:
        kind = binding.get("response_format", {}).get("type", "none")
        self.asked.append(kind)
        if kind not in self.taken:
            raise RequestRejected(f"{kind}: {self.says}")
        yield '{"a"'
        yield ": 1}"

    async def ask(self, forms: Forms, form: Form | None = FORM) -> str:
        return "".join([piece async for piece in forms.bound(self.send, form)])


async def test_a_schema_is_asked_for_and_nothing_is_said() -> None:
    server, forms = Picky("json_schema"), Forms("here")
    assert await server.ask(forms) == '{"a": 1}'
    assert (server.asked, forms.remark) == (["json_schema"], "")


@pytest.mark.parametrize(
    ("taken", "tried"), [(("json_object", "none"), ["json_object"]), (("none",), ["json_object", "none"])]
)
async def test_what_a_server_refuses_is_not_asked_twice(taken: tuple[str, ...], tried: list[str]) -> None:
    server, forms = Picky(*taken), Forms("here")
    assert await server.ask(forms) == '{"a": 1}'
    assert await server.ask(forms) == '{"a": 1}'
    assert server.asked == ["json_schema", *tried, tried[-1]]
    assert forms.remark == "here does not bind answers to a JSON schema; they are read as they come"


async def test_a_question_that_is_refused_in_any_way_teaches_nothing() -> None:
    server, forms = Picky(says="the prompt is too long"), Forms("here")
    with pytest.raises(RequestRejected, match="json_schema: the prompt is too long"):
        await server.ask(forms)
    server.taken = ("json_schema",)
    assert await server.ask(forms) == '{"a": 1}'
    assert (server.asked[-1], forms.remark) == ("json_schema", "")


async def test_without_a_form_nothing_is_bound() -> None:
    server, forms = Picky("none"), Forms("here")
    assert await server.ask(forms, None) == '{"a": 1}'
    assert (server.asked, forms.remark) == (["none"], "")


async def test_a_server_that_is_down_is_asked_once() -> None:
    n_asked = 0

    async def send(binding: Binding) -> AsyncGenerator[str]:
        nonlocal n_asked
        n_asked += 1
        raise EngineUnavailable("down")
        yield ""

    with pytest.raises(EngineUnavailable):
        [piece async for piece in Forms("here").bound(send, FORM)]
    assert n_asked == 1


@pytest.mark.parametrize(
    "answer",
    [
        '{"a": 1}',
        '  \n{"a": 1}\n',
        '```json\n{"a": 1}\n```',
        '<think>{"a": 2}</think>\n{"a": 1}',
        'Here it is, in the form {a}: {"a": 1} and that is all.',
        'f{} is what I looked at.\n{"a": 1}'.replace("f{}", "f{x}"),
    ],
)
def test_json_is_found_where_models_put_it(answer: str) -> None:
    assert read_json(answer) == {"a": 1}


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "no",
        "[1]",
        '{"a": 1',
        '{"a": {"a": 1}',
        '{"a": NaN}',
        "{'a': 1}",
        '{"findings": [{"a": 1}, {"b"',
        "{" * 5000,
    ],
)
def test_what_is_no_json_object_is_unusable(answer: str) -> None:
    with pytest.raises(AnswerUnusable, match="JSON that was asked for"):
        read_json(answer)


async def test_the_server_asks_its_own_model_with_the_priority_of_a_review() -> None:
    endpoint = ScriptedEndpoint(['{"a": 1}'])
    chat = EndpointChat(endpoint, ChatSettings(max_tokens=99))
    answer = await formed_answer(chat, [Message("user", "say it")], FORM, Priority.REVIEW)
    await chat.close()
    assert json.loads(answer) == {"a": 1}
    (body,) = endpoint.asked
    assert body["response_format"]["json_schema"] == {"name": "answer", "strict": True, "schema": FORM.schema}
    assert (body["max_tokens"], body["messages"]) == (99, [{"role": "user", "content": "say it"}])
    assert endpoint.priorities == [Priority.REVIEW]
    assert endpoint.n_abandoned == 0
    assert chat.remark == ""


async def test_leaving_the_answer_aborts_it() -> None:
    endpoint = ScriptedEndpoint(["one two three"])
    pieces = EndpointChat(endpoint, ChatSettings()).ask([Message("user", "x")])
    assert await anext(pieces) == "one"
    await pieces.aclose()
    assert endpoint.n_abandoned == 1


async def test_an_endpoint_that_refuses_forms_is_asked_without() -> None:
    def script(body: dict[str, Any]) -> str:
        if "response_format" in body:
            raise RequestRejected("no such field")
        return '{"a": 1}'

    chat = EndpointChat(ScriptedEndpoint(script), ChatSettings())
    assert await formed_answer(chat, [Message("user", "x")], FORM, Priority.REVIEW) == '{"a": 1}'
    assert "scripted-chat does not bind" in chat.remark
