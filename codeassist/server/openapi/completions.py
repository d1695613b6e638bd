"""Completions: OpenAI's dialect, DeepSeek's and Mistral's, which descend from it, and Tabby's on the same route."""

from __future__ import annotations

from codeassist.server.completion_fields import MAX_CHOICES
from codeassist.server.completion_request import FILTERS, IGNORED, NEUTRAL
from codeassist.server.mistral import UNKNOWN
from codeassist.server.openapi import llama, tabby
from codeassist.server.openapi.parts import (
    COUNT,
    FLAG,
    IDS,
    INTEGER,
    POSITIVE,
    SEED,
    STOP,
    TEMPERATURE,
    TEXT,
    TOP_P,
    USAGE,
    Json,
    ask,
    errors,
    events_content,
    ignored,
    json_content,
    list_of,
    neutral,
    nullable,
    obj,
    reference,
    told,
)

_TAG = "OpenAI"
_REFUSALS = errors(reference("Error"), 400, 413, 503)
_EVENTS = events_content("events like the answer, and `[DONE]`")
_REASON: Json = {"enum": ["stop", "length", None]}

_SAMPLING: dict[str, Json] = {
    "max_tokens": POSITIVE,
    "temperature": TEMPERATURE,
    "top_p": TOP_P,
    "stop": STOP,
    "stream": FLAG,
    "model": TEXT,
    **{
        name: {"type": ["number", "boolean"], "description": "with a temperature, none but those that filter nothing"}
        for name in FILTERS
    },
    **ignored(IGNORED),
    **neutral(NEUTRAL),
}
_STREAM_OPTIONS: Json = {
    "type": "object",
    "properties": dict.fromkeys(("include_usage", "continuous_usage_stats", "include_obfuscation"), FLAG),
    "additionalProperties": False,
}
_PART: Json = {"anyOf": [TEXT, IDS]}


def _several(most: int) -> Json:
    return {"anyOf": [TEXT, IDS, {"type": "array", "items": _PART, "minItems": 1, "maxItems": most}]}


# Rules that tie several fields together are told in words: generators of requests make little of them as schemas.
COMPLETION = obj(
    {
        "prompt": _several(MAX_CHOICES) | {"description": "text or token ids, or several of them"},
        "suffix": TEXT | {"description": "text after the gap; what stands before it is the prompt, which is text then"},
        "seed": SEED,
        "n": POSITIVE | {"maximum": MAX_CHOICES, "description": f"answers to each prompt; {MAX_CHOICES} in all"},
        "best_of": {"enum": [1], "description": "as `n`, if anything"},
        "logprobs": {"anyOf": [{"type": "integer", "minimum": 0, "maximum": 5}, {"const": False}]},
        "stream_options": _STREAM_OPTIONS,
        **_SAMPLING,
    },
    ["prompt"],
)
_FIM = obj(
    {
        "prompt": {"anyOf": [TEXT, {"type": "array", "items": TEXT, "minItems": 1, "maxItems": 1}]},
        "suffix": TEXT,
        "random_seed": SEED,
        **{name: schema for name, schema in _SAMPLING.items() if name not in UNKNOWN},
    },
    ["prompt"],
) | {"not": {"required": ["seed"]}}


def _answered(kind: str, choice: Json) -> Json:
    return told(
        {
            "id": TEXT,
            "object": {"const": kind},
            "created": INTEGER,
            "model": TEXT,
            "choices": list_of(choice),
            "usage": USAGE,
        }
    )


_CHOICE = told({"index": COUNT, "text": TEXT, "logprobs": nullable({"type": "object"}), "finish_reason": _REASON})
_MESSAGE = told(
    {
        "index": COUNT,
        "message": told({"role": {"const": "assistant"}, "content": TEXT}),
        "finish_reason": _REASON,
    }
)
_TEXT_ANSWER = _answered("text_completion", _CHOICE)


def _complete(tag: str, body: Json, answered: Json) -> Json:
    content = json_content(answered) | _EVENTS
    return ask(tag, "Fill a gap, or continue a prompt", body, content, _REFUSALS)


_OPENAI = _complete(_TAG, {"anyOf": [COMPLETION, tabby.COMPLETION]}, {"anyOf": [_TEXT_ANSWER, tabby.COMPLETED]})
_SHORT = _complete(
    _TAG,
    {"anyOf": [COMPLETION, tabby.COMPLETION, llama.COMPLETION_BY_NAME]},
    {"anyOf": [_TEXT_ANSWER, tabby.COMPLETED, llama.ANSWERED]},
)
_DEEPSEEK = _complete("DeepSeek", COMPLETION, _TEXT_ANSWER)
_MISTRAL = _complete("Mistral", _FIM, _answered("chat.completion", _MESSAGE))

PATHS: dict[str, Json] = {
    "/v1/completions": _OPENAI,
    "/completions": _SHORT,
    "/beta/completions": _DEEPSEEK,
    "/v1/beta/completions": _DEEPSEEK,
    "/v1/fim/completions": _MISTRAL,
    "/fim/completions": _MISTRAL,
}
SCHEMAS: dict[str, Json] = {}
