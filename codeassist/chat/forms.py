"""Answers that are JSON by a schema: how a server is told, and how the answer is read where nothing bound it."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any

from codeassist.chat.model import Form
from codeassist.errors import AnswerUnusable, RequestRejected

_log = logging.getLogger(__name__)

# Fields of a request's body that bind the answer.
Binding = dict[str, Any]
Send = Callable[[Binding], AsyncGenerator[str]]

_THOUGHT = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)


def bindings(form: Form) -> list[Binding]:
    """Ways to bind an answer to a form, the strictest first; the last binds nothing.

    Source: OpenAI's API reference, `response_format`; vLLM, llama.cpp, Ollama and LM Studio take the first, and servers
    that are older, or relay to others, often the second alone.
    """
    schema = {"name": form.name, "strict": True, "schema": dict(form.schema)}
    return [
        {"response_format": {"type": "json_schema", "json_schema": schema}},
        {"response_format": {"type": "json_object"}},
        {},
    ]


class Forms:
    """Which of these ways one server takes, learnt from what it refuses."""

    def __init__(self, server: str) -> None:
        """server: what to call it in a remark."""
        self._server = server
        self._way = 0

    @property
    def remark(self) -> str:
        """What a user may want to know of that; "" for nothing."""
        return f"{self._server} does not bind answers to a JSON schema; they are read as they come" if self._way else ""

    async def bound(self, send: Send, form: Form | None) -> AsyncGenerator[str]:
        """The pieces of one answer, asked for in a way that the server takes. Raises what `send` raises: a question
        that is refused in every way is refused for another reason, the first that was told."""
        ways = list(enumerate(bindings(form)))[self._way :] if form is not None else [(0, {})]
        refusal: RequestRejected | None = None
        for number, binding in ways:
            async with aclosing(send(binding)) as pieces:
                try:
                    first = await anext(pieces, "")
                except RequestRejected as error:
                    refusal = refusal or error
                    continue
                self._learn(number)
                yield first
                async for piece in pieces:
                    yield piece
                return
        assert refusal is not None
        raise refusal

    def _learn(self, way: int) -> None:
        if way > self._way:
            self._way = way
            _log.warning("%s", self.remark)


def read_json(answer: str) -> dict[str, Any]:
    """The JSON object of an answer: alone, in a code block, or after some words. Raises AnswerUnusable."""
    text = _THOUGHT.sub("", answer)
    decoder = json.JSONDecoder(parse_constant=_refuse_constant)
    at = text.find("{")
    while at >= 0:
        try:
            value, _ = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            at = text.find("{", at + 1) if _is_prose_before(text, at) else -1
            continue
        if isinstance(value, dict):
            return value
    raise AnswerUnusable("the chat model did not answer with the JSON that was asked for")


def _is_prose_before(text: str, at: int) -> bool:
    """Whether a brace that begins no JSON may be one of some words in front of it: the first of its line it is not."""
    return bool(text[text.rfind("\n", 0, at) + 1 : at].strip())


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")
