"""Tabby's dialect."""

from __future__ import annotations

from codeassist.server.openapi.parts import (
    ANY_OBJECT,
    COUNT,
    FLAG,
    INTEGER,
    NUMBER,
    SOME_TEXT,
    TEMPERATURE,
    TEXT,
    Json,
    errors,
    get,
    ignored,
    json_content,
    list_of,
    nullable,
    obj,
    reference,
    told,
)
from codeassist.server.tabby_request import MAX_SNIPPETS, SNIPPETS

_TAG = "Tabby"
_ERROR = reference("Error")

_SNIPPET: Json = {
    "type": "object",
    "properties": {"filepath": TEXT, "body": TEXT, "score": {}},
    "required": ["filepath", "body"],
    "additionalProperties": False,
}
_SEGMENTS = obj(
    {
        "prefix": TEXT,
        "suffix": TEXT,
        "filepath": TEXT,
        "clipboard": TEXT,
        **dict.fromkeys(SNIPPETS, list_of(_SNIPPET) | {"maxItems": MAX_SNIPPETS}),
        **ignored(("git_url", "edit_history")),
    }
)
_OFF: Json = {"enum": [False]}
_DEBUG = obj(
    {
        "raw_prompt": TEXT | {"description": "goes to the model as it is, in place of the segments"},
        "disable_retrieval_augmented_code_completion": FLAG,
        "return_snippets": _OFF,
        "return_prompt": _OFF,
    }
)


def _with(inside: str, name: str) -> Json:
    """Bodies with a text of this name that is not empty."""
    part = {"type": "object", "properties": {name: SOME_TEXT}, "required": [name]}
    return {"properties": {inside: part}, "required": [inside]}


# A body with a `prompt` is OpenAI's.
COMPLETION = obj(
    {
        "language": TEXT,
        "segments": _SEGMENTS,
        "debug_options": _DEBUG,
        "temperature": TEMPERATURE,
        "seed": INTEGER,
        "mode": {"enum": ["standard"]},
        "user": TEXT,
        "model": TEXT,
    }
) | {
    "anyOf": [_with("segments", "prefix"), _with("segments", "suffix"), _with("debug_options", "raw_prompt")],
    "not": {"required": ["prompt"]},
}
COMPLETED = told(
    {
        "id": TEXT,
        "choices": list_of(told({"index": COUNT, "text": TEXT})),
        "mode": {"const": "standard"},
    }
)

_EVENT: Json = {
    "type": "object",
    "properties": {
        "type": {"enum": ["view", "select", "dismiss"]},
        "completion_id": TEXT,
        "choice_index": nullable(INTEGER),
        "select_kind": nullable(TEXT),
        "elapsed": nullable(NUMBER),
    },
    "required": ["type", "completion_id"],
}
_HEALTH = told(
    {
        "model": TEXT,
        "device": TEXT,
        "arch": TEXT,
        "cpu_info": TEXT,
        "cpu_count": COUNT,
        "cuda_devices": {"type": "array"},
        "version": ANY_OBJECT,
    }
)
_SELECT_KIND: Json = {"name": "select_kind", "in": "query", "schema": TEXT}
_READ_HEALTH = get(_TAG, "What answers", _HEALTH, _ERROR)
_SETTING = told({"disable_client_side_telemetry": FLAG})

PATHS: dict[str, Json] = {
    "/v1/health": _READ_HEALTH | {"post": _READ_HEALTH["get"]},
    "/v1/events": {
        "post": {
            "tags": [_TAG],
            "summary": "What became of a completion",
            "parameters": [_SELECT_KIND],
            "requestBody": {"required": True, "content": json_content(_EVENT)},
            "responses": {"200": {"description": "noted"}} | errors(_ERROR, 400, 413),
        }
    },
    "/v1beta/server_setting": get(_TAG, "What clients are told to do", _SETTING, _ERROR),
}
SCHEMAS: dict[str, Json] = {}
