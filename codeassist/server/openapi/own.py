"""What is of this endpoint's own making."""

from __future__ import annotations

from codeassist.engine.attached import ENGINE_PATH, GENERATE_PATH, MODEL_HEADER
from codeassist.server.openapi.parts import (
    ANY_OBJECT,
    COUNT,
    FLAG,
    IDS,
    NUMBER,
    POSITIVE,
    SEED,
    TEXT,
    TEXTS,
    Json,
    answer,
    errors,
    events_content,
    get,
    json_content,
    nullable,
    reference,
    told,
)
from codeassist.types import Priority

_TAG = "codeassist"
_ERROR = reference("Error")

_HEALTH = told(
    {
        "status": {"enum": ["stopped", "starting", "ready", "restarting", "failed", "draining"]},
        "engine": ANY_OBJECT,
        "model": TEXT,
        "version": TEXT,
        "workspace": TEXT,
        "index": told({"state": {"enum": ["none", "indexing", "ready", "failed"]}, "files": COUNT, "vectors": FLAG}),
    }
)
_DOCUMENT = told({"openapi": TEXT, "info": ANY_OBJECT, "paths": ANY_OBJECT, "components": ANY_OBJECT})
_ENGINE = told({"model": ANY_OBJECT, "status": ANY_OBJECT})
_GENERATE: Json = {
    "type": "object",
    "properties": {
        "id": TEXT,
        "prompt": {"anyOf": [TEXT, IDS]},
        "max_tokens": POSITIVE,
        "forced_prefix": TEXT,
        "stop": TEXTS,
        "temperature": NUMBER,
        "top_p": NUMBER,
        "seed": nullable(SEED),
        "priority": {"enum": [int(priority) for priority in Priority]},
        "logprobs": FLAG,
        "top_logprobs": COUNT,
        "client": TEXT,
    },
    "required": ["id", "prompt", "max_tokens"],
    "additionalProperties": False,
}

PATHS: dict[str, Json] = {
    "/health": get(_TAG, "How engine and index are", _HEALTH, _ERROR),
    "/openapi.json": get(_TAG, "This document", _DOCUMENT, _ERROR),
    ENGINE_PATH: get(_TAG, "The engine, for our own other processes", _ENGINE, _ERROR),
    GENERATE_PATH: {
        "post": {
            "tags": [_TAG],
            "summary": "The engine's answer, for our own other processes",
            "description": f"The header `{MODEL_HEADER}` names the model that the prompt was made for; others refuse.",
            "requestBody": {"required": True, "content": json_content(_GENERATE)},
            "responses": {"200": answer(events_content("one event for each delta"))} | errors(_ERROR, 400, 413, 503),
        }
    },
}
SCHEMAS: dict[str, Json] = {}
