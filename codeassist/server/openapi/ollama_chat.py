"""Chats in Ollama's dialect."""

from __future__ import annotations

from codeassist.server.ollama_chat_request import IGNORED, NEUTRAL
from codeassist.server.ollama_messages import IGNORED as IGNORED_OF_MESSAGES
from codeassist.server.ollama_messages import NEUTRAL as NEUTRAL_OF_MESSAGES
from codeassist.server.ollama_messages import ROLES
from codeassist.server.openapi.ollama import FIGURES, FORMAT, LINES, OPTIONS
from codeassist.server.openapi.parts import (
    ANY_OBJECT,
    FLAG,
    TEXT,
    Json,
    errors,
    ignored,
    json_content,
    list_of,
    neutral,
    nullable,
    obj,
    post,
    reference,
    told,
)

_FUNCTION: Json = {
    "type": "object",
    "properties": {"name": TEXT, "arguments": nullable(ANY_OBJECT)},
    "required": ["name"],
}
_CALL: Json = {
    "type": "object",
    "properties": {"function": _FUNCTION, "id": nullable(TEXT)},
    "required": ["function"],
}
_MESSAGE = obj(
    {
        "role": {"enum": list(ROLES)},
        "content": TEXT,
        "tool_calls": list_of(_CALL) | {"description": "of an answer"},
        "tool_name": TEXT | {"description": "of a result"},
        "tool_call_id": TEXT | {"description": "of a result, where its call had an `id`"},
        **ignored(IGNORED_OF_MESSAGES),
        **neutral(NEUTRAL_OF_MESSAGES),
    },
    ["role"],
)
_CHAT = obj(
    {
        "model": TEXT,
        "messages": list_of(_MESSAGE) | {"description": "without any, nothing is asked"},
        "tools": list_of(ANY_OBJECT) | {"description": "functions that the model may call"},
        "format": FORMAT,
        "stream": FLAG | {"description": "true where missing"},
        "options": OPTIONS,
        **ignored(IGNORED),
        **neutral(NEUTRAL),
    }
)
_CHATTED = told(
    {
        "model": TEXT,
        "created_at": TEXT,
        "message": told({"role": {"const": "assistant"}, "content": TEXT}),
        "done": FLAG,
        "done_reason": {"enum": ["stop", "length", "load"]},
        **FIGURES,
    }
)
_REFUSALS = errors(reference("OllamaError"), 400, 413, 503)

PATHS: dict[str, Json] = {
    "/api/chat": post("Ollama", "Chat", _CHAT, json_content(_CHATTED) | LINES, _REFUSALS),
}
SCHEMAS: dict[str, Json] = {}
