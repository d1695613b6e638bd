"""Ollama's dialect."""

from __future__ import annotations

from codeassist.server.embedder import MAX_TEXTS
from codeassist.server.ollama_options import IGNORED_OPTIONS
from codeassist.server.ollama_request import IGNORED, NEUTRAL
from codeassist.server.openapi.parts import (
    ANY_OBJECT,
    ANY_SEED,
    COUNT,
    DIMENSIONS,
    FLAG,
    NUMBER,
    PREDICT,
    SOME_TEXT,
    STOP,
    TEMPERATURE,
    TEXT,
    TEXTS,
    TOP_P,
    Json,
    answer,
    ask,
    errors,
    get,
    ignored,
    json_content,
    lines_content,
    list_of,
    neutral,
    obj,
    post,
    reference,
    told,
)

_TAG = "Ollama"
_ERROR = reference("OllamaError")

OPTIONS = obj(
    {
        "num_predict": PREDICT,
        "temperature": TEMPERATURE,
        "top_p": TOP_P,
        "seed": ANY_SEED,
        "stop": STOP,
        **ignored(IGNORED_OPTIONS),
    }
)
FORMAT: Json = {
    "anyOf": [{"enum": ["", "json"]}, {"type": "object"}],
    "description": "JSON, or JSON of this schema",
}
_GENERATE = obj(
    {
        "prompt": TEXT
        | {"description": "text before the gap, or a prompt; with neither it nor a suffix, nothing is asked"},
        "suffix": TEXT | {"description": "text after the gap"},
        "raw": FLAG | {"description": "the prompt is continued as it is, also by a model that chats"},
        "system": TEXT | {"description": "to a model that chats; else it has no effect"},
        "format": FORMAT,
        "model": TEXT,
        "stream": FLAG | {"description": "true where missing"},
        "options": OPTIONS,
        **ignored(IGNORED),
        **neutral(NEUTRAL),
    }
) | {
    # A format is for models that chat, which fill no gaps.
    "not": {
        "properties": {"format": {"anyOf": [{"const": "json"}, {"type": "object"}]}},
        "required": ["format"],
        "anyOf": [
            {"properties": {"suffix": SOME_TEXT}, "required": ["suffix"]},
            {"properties": {"raw": {"const": True}}, "required": ["raw"]},
        ],
    }
}
_FIGURES = "total_duration load_duration prompt_eval_count prompt_eval_duration eval_count eval_duration"
FIGURES: dict[str, Json] = dict.fromkeys(_FIGURES.split(), COUNT)
_GENERATED = told(
    {
        "model": TEXT,
        "created_at": TEXT,
        "response": TEXT,
        "done": FLAG,
        "done_reason": {"enum": ["stop", "length", "load"]},
        **FIGURES,
    }
)
LINES = lines_content("a line of JSON for each piece; in the last one `done` is true")

_DETAILS = told({"family": TEXT, "families": TEXTS, "format": TEXT, "parameter_size": TEXT, "quantization_level": TEXT})
_SUMMARY = {"name": TEXT, "model": TEXT, "size": COUNT, "digest": TEXT, "details": _DETAILS}
_LISTED = told({"models": list_of(told(_SUMMARY | {"modified_at": TEXT}))})
_RUNNING = told({"models": list_of(told(_SUMMARY | {"expires_at": TEXT, "size_vram": COUNT, "context_length": COUNT}))})
_SHOW = obj({"model": TEXT, "name": TEXT, "verbose": FLAG, **ignored(("options", "system", "template"))})
_SHOWN = told(
    {
        "modelfile": TEXT,
        "parameters": TEXT,
        "template": TEXT,
        "details": _DETAILS,
        "model_info": ANY_OBJECT,
        "capabilities": TEXTS,
        "modified_at": TEXT,
    }
)

_INPUT: Json = {"anyOf": [TEXT, {"type": "array", "items": SOME_TEXT, "maxItems": MAX_TEXTS}]}
_EMBED = obj(
    {"input": _INPUT, "dimensions": DIMENSIONS, **ignored(("keep_alive", "model", "options", "truncate"))}, ["input"]
)
_EMBEDDED = told(
    {
        "model": TEXT,
        "embeddings": list_of(list_of(NUMBER)),
        "total_duration": COUNT,
        "load_duration": COUNT,
        "prompt_eval_count": COUNT,
    }
)
_EMBED_ONE = obj({"prompt": TEXT, **ignored(("keep_alive", "model", "options"))})

_ROOT: Json = {
    "tags": [_TAG],
    "summary": "Whether anybody is there",
    "responses": {"200": answer({"text/plain": {"schema": TEXT}})} | errors(reference("Error")),
}

PATHS: dict[str, Json] = {
    "/": {"get": _ROOT},
    "/api/version": get(_TAG, "Whose interface this is", told({"version": TEXT, "codeassist": TEXT}), _ERROR),
    "/api/tags": get(_TAG, "The models", _LISTED, _ERROR),
    "/api/ps": get(_TAG, "The models, which are all loaded", _RUNNING, _ERROR),
    "/api/show": post(_TAG, "One model", _SHOW, json_content(_SHOWN), errors(_ERROR, 400, 413)),
    "/api/generate": ask(
        _TAG,
        "Fill a gap, or continue a prompt",
        _GENERATE,
        json_content(_GENERATED) | LINES,
        errors(_ERROR, 400, 413, 503),
    ),
    "/api/embed": post(_TAG, "Vectors of texts", _EMBED, json_content(_EMBEDDED), errors(_ERROR, 400, 413, 501)),
    "/api/embeddings": post(
        _TAG,
        "The vector of one text",
        _EMBED_ONE,
        json_content(told({"embedding": list_of(NUMBER)})),
        errors(_ERROR, 400, 413, 501),
    ),
}
SCHEMAS: dict[str, Json] = {"OllamaError": told({"error": TEXT})}
