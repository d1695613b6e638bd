"""OpenAI's dialect, and those that descend from it."""

from __future__ import annotations

from codeassist.server.embedder import MAX_TEXTS
from codeassist.server.openapi.parts import (
    COUNT,
    DIMENSIONS,
    FLAG,
    INTEGER,
    NUMBER,
    POSITIVE,
    PROMPT,
    SEED,
    SOME_TEXT,
    STOP,
    TEMPERATURE,
    TEXT,
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
    post,
    reference,
    told,
)
from codeassist.server.rerank import MAX_DOCUMENTS

_TAG = "OpenAI"
_ERROR = reference("Error")
_REFUSALS = errors(_ERROR, 400, 413, 503)
_EVENTS = events_content("events like the answer, and `[DONE]`")
_REASON: Json = {"enum": ["stop", "length", None]}

MODEL = told(
    {
        "id": TEXT,
        "object": {"const": "model"},
        "created": INTEGER,
        "owned_by": TEXT,
        "max_model_len": POSITIVE,
    }
)
_USAGE = told(
    {
        "prompt_tokens": COUNT,
        "completion_tokens": COUNT,
        "total_tokens": COUNT,
        "prompt_tokens_details": {"type": "object"},
    },
    ["completion_tokens", "prompt_tokens_details"],
)


def _answered(kind: str, choice: Json) -> Json:
    return told(
        {
            "id": TEXT,
            "object": {"const": kind},
            "created": INTEGER,
            "model": TEXT,
            "choices": list_of(choice),
            "usage": _USAGE,
        }
    )


_NEUTRAL = neutral(
    {
        "n": (1,),
        "best_of": (1,),
        "echo": (False,),
        "logprobs": (),
        "presence_penalty": (0,),
        "frequency_penalty": (0,),
        "logit_bias": ({},),
    }
)
_SAMPLING: dict[str, Json] = {
    "max_tokens": POSITIVE,
    "temperature": TEMPERATURE,
    "top_p": TOP_P,
    "stop": STOP,
    "stream": FLAG,
    "stream_options": {"type": "object", "properties": {"include_usage": FLAG}, "additionalProperties": False},
    "model": TEXT,
    "user": TEXT,
    **_NEUTRAL,
}
_COMPLETION = obj(
    {
        "prompt": PROMPT,
        "suffix": TEXT
        | {"description": "text after the gap; the prompt, which is text then, is what stands before it"},
        "seed": SEED,
        **_SAMPLING,
    },
    ["prompt"],
) | {
    "not": {
        "properties": {"suffix": TEXT, "prompt": {"type": "array", "items": {"type": ["integer", "array"]}}},
        "required": ["suffix", "prompt"],
    }
}
_FIM = obj(
    {
        "prompt": {"anyOf": [TEXT, {"type": "array", "items": TEXT, "minItems": 1, "maxItems": 1}]},
        "suffix": TEXT,
        "random_seed": SEED,
        **_SAMPLING,
    },
    ["prompt"],
)
_CHOICE = told({"index": COUNT, "text": TEXT, "logprobs": {}, "finish_reason": _REASON})
_MESSAGE_CHOICE = told(
    {
        "index": COUNT,
        "message": told({"role": {"const": "assistant"}, "content": TEXT}),
        "finish_reason": _REASON,
    }
)

_EMBEDDINGS = obj(
    {
        "input": {"anyOf": [SOME_TEXT, {"type": "array", "items": SOME_TEXT, "minItems": 1, "maxItems": MAX_TEXTS}]},
        "dimensions": DIMENSIONS,
        "encoding_format": {"enum": ["float", "base64"]},
        **ignored(("model", "user")),
    },
    ["input"],
)
_EMBEDDED = told(
    {
        "object": {"const": "list"},
        "data": list_of(
            told({"object": {"const": "embedding"}, "index": COUNT, "embedding": {"type": ["array", "string"]}})
        ),
        "model": TEXT,
        "usage": _USAGE,
    }
)
_RERANK = obj(
    {
        "query": SOME_TEXT,
        "documents": {
            "type": "array",
            "items": {
                "anyOf": [
                    TEXT,
                    {
                        "type": "object",
                        "properties": {"text": TEXT},
                        "required": ["text"],
                        "additionalProperties": False,
                    },
                ]
            },
            "minItems": 1,
            "maxItems": MAX_DOCUMENTS,
        },
        "top_n": POSITIVE,
        "return_documents": FLAG,
        **ignored(("model", "user")),
    },
    ["query", "documents"],
)
_RERANKED = told(
    {
        "id": TEXT,
        "object": {"const": "list"},
        "model": TEXT,
        "results": list_of(
            told(
                {
                    "index": COUNT,
                    "relevance_score": NUMBER | {"minimum": 0, "maximum": 1},
                    "document": told({"text": TEXT}),
                },
                ["document"],
            )
        ),
        "usage": _USAGE,
    }
)

_NO_EMBEDDER = errors(_ERROR, 400, 413, 501)
_RANK = post("Jina, Cohere", "Documents by relevance", _RERANK, json_content(_RERANKED), _NO_EMBEDDER)
_ID: Json = {"name": "id", "in": "path", "required": True, "schema": SOME_TEXT}
_ONE_MODEL = get(_TAG, "One model", MODEL, _ERROR, 404)

PATHS: dict[str, Json] = {
    "/v1/models": get(_TAG, "The models", told({"object": {"const": "list"}, "data": list_of(MODEL)}), _ERROR),
    "/v1/models/{id}": {"get": _ONE_MODEL["get"] | {"parameters": [_ID]}},
    "/v1/completions": ask(
        _TAG,
        "Fill a gap, or continue a prompt",
        _COMPLETION,
        json_content(_answered("text_completion", _CHOICE)) | _EVENTS,
        _REFUSALS,
    ),
    "/v1/fim/completions": ask(
        "Mistral",
        "Fill a gap",
        _FIM,
        json_content(_answered("chat.completion", _MESSAGE_CHOICE)) | _EVENTS,
        _REFUSALS,
    ),
    "/v1/embeddings": post(_TAG, "Vectors of texts", _EMBEDDINGS, json_content(_EMBEDDED), _NO_EMBEDDER),
    "/v1/rerank": _RANK,
    "/rerank": _RANK,
}
SCHEMAS: dict[str, Json] = {
    "Error": told({"error": told({"message": TEXT, "type": TEXT, "param": {}, "code": {}})}),
}
