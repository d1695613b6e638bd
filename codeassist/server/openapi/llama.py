"""llama.cpp's dialect."""

from __future__ import annotations

from codeassist.server.llama_request import IGNORED, MAX_COMPLETIONS, NEUTRAL
from codeassist.server.openapi.parts import (
    ANY_OBJECT,
    ANY_SEED,
    COUNT,
    FLAG,
    INTEGER,
    NUMBER,
    POSITIVE,
    PREDICT,
    PROMPT,
    STOP,
    TEMPERATURE,
    TEXT,
    TEXTS,
    TOP_P,
    Json,
    ask,
    errors,
    events_content,
    get,
    ignored,
    json_content,
    list_of,
    neutral,
    obj,
    reference,
    told,
)

_TAG = "llama.cpp"
_ERROR = reference("LlamaError")

_OPTIONS: dict[str, Json] = {
    "n_predict": PREDICT,
    "n_cmpl": {
        "type": "integer",
        "minimum": 1,
        "maximum": MAX_COMPLETIONS,
        "description": "answers; more than one are a list, and are not streamed",
    },
    "n_indent": {
        "type": "integer",
        "minimum": 0,
        "maximum": 10_000,
        "description": "the answer ends before a line that is indented less",
    },
    "t_max_prompt_ms": NUMBER | {"description": "time for the prompt; more counts as time for the answer"},
    "t_max_predict_ms": NUMBER | {"description": "time for the answer, which ends once it has a whole line"},
    "temperature": TEMPERATURE,
    "top_p": TOP_P,
    "seed": ANY_SEED,
    "stop": STOP,
    "stream": FLAG,
    "response_fields": TEXTS | {"description": "fields to answer with; `timings/prompt_n` takes one out of an object"},
    **ignored(IGNORED),
    **neutral(NEUTRAL),
}
# What is streamed is one answer.
_ONE_STREAM: Json = {
    "not": {
        "properties": {"stream": {"const": True}, "n_cmpl": {"type": "integer", "minimum": 2}},
        "required": ["stream", "n_cmpl"],
    }
}
_CHUNK = {
    "type": "object",
    "properties": {"text": TEXT, "filename": {"type": ["string", "null"]}, "time": {}},
    "required": ["text"],
    "additionalProperties": False,
}
_INFILL = (
    obj(
        {
            "input_prefix": TEXT | {"description": "lines above the cursor"},
            "prompt": TEXT | {"description": "the cursor's line up to the cursor"},
            "input_suffix": TEXT | {"description": "what follows the cursor"},
            "input_extra": list_of(_CHUNK) | {"description": "code of other files, the best last"},
            **_OPTIONS,
        }
    )
    | _ONE_STREAM
)
_COMPLETION = obj({"prompt": PROMPT, **_OPTIONS}, ["prompt"]) | _ONE_STREAM

# At `/completions`, where OpenAI's clients ask as well.
COMPLETION_BY_NAME = (
    obj({"prompt": PROMPT, **_OPTIONS}, ["prompt"]) | _ONE_STREAM | {"required": ["prompt", "n_predict"]}
)

_ANSWERED = {
    "content": TEXT,
    "index": COUNT,
    "tokens": {"type": "array"},
    "id_slot": INTEGER,
    "stop": FLAG,
    "model": TEXT,
    "tokens_predicted": COUNT,
    "tokens_evaluated": COUNT,
    "generation_settings": ANY_OBJECT,
    "has_new_line": FLAG,
    "truncated": FLAG,
    "stop_type": {"enum": ["eos", "limit", "word"]},
    "stopping_word": TEXT,
    "tokens_cached": COUNT,
    "timings": ANY_OBJECT,
}
# `response_fields` may leave out any of them.
_ONE = told(_ANSWERED, _ANSWERED)
ANSWERED: Json = {"anyOf": [_ONE, list_of(_ONE)]}
_CONTENT = json_content(ANSWERED) | events_content(
    "events with `content`; the last one, where `stop` is true, has everything else"
)

_PROPS = told(
    {
        "default_generation_settings": ANY_OBJECT,
        "total_slots": POSITIVE,
        "model_alias": TEXT,
        "model_path": TEXT,
        "chat_template": TEXT,
        "modalities": ANY_OBJECT,
        "build_info": TEXT,
    }
)
_SLOT = told({"id": COUNT, "id_task": INTEGER, "n_ctx": POSITIVE, "is_processing": FLAG})
_REFUSALS = errors(_ERROR, 400, 413, 503)
_COMPLETE = ask(_TAG, "Continue a prompt, or fill the gap of a rendered one", _COMPLETION, _CONTENT, _REFUSALS)

PATHS: dict[str, Json] = {
    "/infill": ask(_TAG, "Fill a gap", _INFILL, _CONTENT, _REFUSALS),
    "/completion": _COMPLETE,
    "/props": get(_TAG, "The model, as llama.cpp describes one", _PROPS, _ERROR),
    "/slots": get(_TAG, "What is being answered", list_of(_SLOT), _ERROR),
}
SCHEMAS: dict[str, Json] = {
    "LlamaError": told({"error": told({"code": INTEGER, "message": TEXT, "type": TEXT})}),
}
