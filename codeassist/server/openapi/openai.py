"""The models, and what the embedding model answers: OpenAI's dialect, Jina's and Cohere's."""

from __future__ import annotations

from codeassist.server.embedder import MAX_TEXTS
from codeassist.server.openapi.parts import (
    COUNT,
    DIMENSIONS,
    FLAG,
    INTEGER,
    NUMBER,
    POSITIVE,
    SOME_TEXT,
    TEXT,
    USAGE,
    Json,
    errors,
    get,
    ignored,
    json_content,
    list_of,
    obj,
    post,
    reference,
    told,
)
from codeassist.server.rerank import MAX_DOCUMENTS

_TAG = "OpenAI"
_ERROR = reference("Error")

MODEL = told(
    {
        "id": TEXT,
        "object": {"const": "model"},
        "created": INTEGER,
        "owned_by": TEXT,
        "max_model_len": POSITIVE,
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
        "usage": USAGE,
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
        "usage": USAGE,
    }
)

_NO_EMBEDDER = errors(_ERROR, 400, 413, 501)
_RANK = post("Jina, Cohere", "Documents by relevance", _RERANK, json_content(_RERANKED), _NO_EMBEDDER)
_ID: Json = {"name": "id", "in": "path", "required": True, "schema": SOME_TEXT}
_ONE_MODEL = get(_TAG, "One model", MODEL, _ERROR, 404)

_MODELS = get(_TAG, "The models", told({"object": {"const": "list"}, "data": list_of(MODEL)}), _ERROR)

PATHS: dict[str, Json] = {
    "/v1/models": _MODELS,
    "/models": _MODELS,
    "/v1/models/{id}": {"get": _ONE_MODEL["get"] | {"parameters": [_ID]}},
    "/v1/embeddings": post(_TAG, "Vectors of texts", _EMBEDDINGS, json_content(_EMBEDDED), _NO_EMBEDDER),
    "/v1/rerank": _RANK,
    "/rerank": _RANK,
}
SCHEMAS: dict[str, Json] = {
    "Error": told({"error": told({"message": TEXT, "type": TEXT, "param": {}, "code": {}})}),
}
