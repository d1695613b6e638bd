"""From a chat in Ollama's words to one in OpenAI's (pure).

Ollama names the function that a result is of, OpenAI the call; arguments are an object there and a text here. Pictures
are refused, for which model sees them is not known here.
"""

from __future__ import annotations

import json
from typing import Any

from codeassist.engine.fields import Misfit, mapping, one_of
from codeassist.server.body import Body
from codeassist.server.completion_fields import characters

Json = dict[str, Any]

ROLES = ("system", "user", "assistant", "tool")
# Of a message: the answer's model is not told again what it thought.
IGNORED = ("name", "thinking")
NEUTRAL: dict[str, tuple[object, ...]] = {"images": ([],)}


def messages(value: object) -> list[Json]:
    """Messages as OpenAI has them. Raises Misfit, and Problem for what is in one of them."""
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise Misfit("a list of objects")
    pending = _Pending()
    return [_message(item, number, pending) for number, item in enumerate(value)]


def tools(value: object) -> list[Json]:
    """Functions that the model may call, which are described as OpenAI's are."""
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise Misfit("a list of objects")
    return value


def response_format(value: object) -> Json | None:
    """What `format` asks for: nothing, any JSON, or JSON of a schema."""
    if value == "":
        return None
    if value == "json":
        return {"type": "json_object"}
    if isinstance(value, dict):
        return {"type": "json_schema", "json_schema": {"name": "answer", "schema": value}}
    raise Misfit('"json" or a JSON schema')


class _Pending:
    """Calls whose results have not been told yet."""

    def __init__(self) -> None:
        self._n_made = 0
        self._calls: list[tuple[str, str]] = []

    def made(self, name: str, given: str) -> str:
        """The id of a new call; given: its own, "" for none."""
        self._n_made += 1
        call_id = given or f"call_{self._n_made}"
        self._calls.append((call_id, name))
        return call_id

    def answered(self, name: str, given: str) -> str:
        """The id of the call that a result is of: the first one of that function, or the first one at all."""
        fitting = [call for call in self._calls if given == call[0]]
        fitting = fitting or [call for call in self._calls if name == call[1]] or self._calls
        found = next(iter(fitting), (given or f"call_{name}", name))
        if found in self._calls:
            self._calls.remove(found)
        return given or found[0]


def _message(fields: Json, number: int, pending: _Pending) -> Json:
    body = Body(fields, f"messages.{number}.")
    said: Json = {"role": body.require("role", one_of(ROLES)), "content": body.take("content", characters, "")}
    calls = body.take("tool_calls", _calls, [])
    name, given = body.take("tool_name", characters, ""), body.take("tool_call_id", characters, "")
    body.ignore(IGNORED)
    body.require_neutral(NEUTRAL)
    body.finish()
    if calls and said["role"] == "assistant":
        said["tool_calls"] = [_call(*call, pending) for call in calls]
    if said["role"] == "tool":
        said["tool_call_id"] = pending.answered(name, given)
    return said


def _call(call_id: str, name: str, arguments: Json, pending: _Pending) -> Json:
    function = {"name": name, "arguments": json.dumps(arguments, ensure_ascii=False)}
    return {"id": pending.made(name, call_id), "type": "function", "function": function}


def _calls(value: object) -> list[tuple[str, str, Json]]:
    """Id ("" for none), name and arguments of each."""
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise Misfit("a list of objects")
    return [_made_call(Body(item, "tool_calls.")) for item in value]


def _made_call(body: Body) -> tuple[str, str, Json]:
    function = Body(body.require("function", mapping), "tool_calls.function.")
    name = function.require("name", characters)
    return body.take("id", characters, ""), name, function.take("arguments", mapping, {})
