"""Chats in OpenAI's dialect. What is described beyond our own checks is what the model that chats looks at itself."""

from __future__ import annotations

from codeassist.server.openapi.parts import (
    COUNT,
    FLAG,
    INTEGER,
    TEXT,
    USAGE,
    Json,
    answer,
    errors,
    events_content,
    json_content,
    list_of,
    nullable,
    post,
    reference,
    told,
)

_TAG = "OpenAI"
_RELAYED = {
    "tools": "functions that the model may call",
    "tool_choice": "whether and which",
    "response_format": "`json_object` or `json_schema`",
    "max_tokens": "of the answer",
    "max_completion_tokens": "of the answer",
    "temperature": "0 for the likeliest answer",
    "top_p": "of the likeliest tokens, which share is drawn from",
    "seed": "for the same answer again",
    "stop": "texts that end the answer",
    "n": "answers",
    "stream_options": "`include_usage`",
}
_MESSAGE: Json = {
    "type": "object",
    "properties": {"role": TEXT, "content": {"description": "a text, or parts; pictures as `data:` URLs only"}},
    "required": ["role"],
}
CHAT: Json = {
    "type": "object",
    "properties": {
        "messages": {"type": "array", "items": _MESSAGE, "minItems": 1},
        "model": nullable(TEXT),
        "stream": nullable(FLAG),
        **{name: {"description": what} for name, what in _RELAYED.items()},
    },
    "required": ["messages"],
    "description": "relayed to the model that chats, which may refuse what it does not know",
}
_ANSWERED = told(
    {
        "id": TEXT,
        "object": {"const": "chat.completion"},
        "created": INTEGER,
        "model": TEXT,
        "choices": list_of(
            told({"index": COUNT, "message": told({"role": TEXT}), "finish_reason": nullable(TEXT)}),
        ),
        "usage": USAGE,
    }
)
_REFUSED = answer(json_content({"type": "object"})) | {"description": "what another server said, as it is"}
_CHAT = post(
    _TAG,
    "Chat",
    CHAT,
    json_content(_ANSWERED) | events_content("`chat.completion.chunk`s, and `[DONE]`"),
    errors(reference("Error"), 400, 413, 503) | {"default": _REFUSED},
)

PATHS: dict[str, Json] = {"/v1/chat/completions": _CHAT}
SCHEMAS: dict[str, Json] = {}
