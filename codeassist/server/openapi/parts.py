"""What fragments are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Json = dict[str, Any]

TEXT: Json = {"type": "string"}
SOME_TEXT: Json = {"type": "string", "minLength": 1}
FLAG: Json = {"type": "boolean"}
NUMBER: Json = {"type": "number"}
INTEGER: Json = {"type": "integer"}
COUNT: Json = {"type": "integer", "minimum": 0}
POSITIVE: Json = {"type": "integer", "minimum": 1}
TEXTS: Json = {"type": "array", "items": TEXT}
IDS: Json = {"type": "array", "items": COUNT, "minItems": 1}
ANY_OBJECT: Json = {"type": "object"}
# Of an embedding: a part of a model's vectors means nothing.
DIMENSIONS: Json = {"enum": [None], "description": "may only ask for as many as the model has; leave it out"}

# What is sampled with: the checks are in `body.py`.
TEMPERATURE: Json = {"type": "number", "minimum": 0, "maximum": 2, "description": "0, which is greedy, where missing"}
TOP_P: Json = {"type": "number", "exclusiveMinimum": 0, "maximum": 1}
SEED: Json = {"type": "integer", "minimum": 0, "maximum": 2**63 - 1}
ANY_SEED: Json = {"type": "integer", "maximum": 2**63 - 1, "description": "below 0: any"}
STOP: Json = {"anyOf": [SOME_TEXT, {"type": "array", "items": SOME_TEXT, "maxItems": 64}]}
PROMPT: Json = {
    "anyOf": [
        TEXT,
        IDS,
        {"type": "array", "items": TEXT, "minItems": 1, "maxItems": 1},
        {"type": "array", "items": IDS, "minItems": 1, "maxItems": 1},
    ],
    "description": "one text, or one list of token ids",
}
PREDICT: Json = {"type": "integer", "minimum": -2, "description": "tokens; 0: the prompt alone; below: what is advised"}

_CONTEXT: Json = {
    "name": "codeassist-context",
    "in": "header",
    "schema": {"enum": ["on", "off"]},
    "description": "whether code of the repository may be added to the prompt",
}
_CLIENT: Json = {
    "name": "codeassist-client",
    "in": "header",
    "schema": TEXT,
    "description": "what a client calls itself, where many share a key or an address",
}
_PRIORITY: Json = {
    "name": "codeassist-priority",
    "in": "header",
    "schema": {"enum": ["chat", "review"]},
    "description": "who of two chats goes first; `review` waits for those of people",
}
CALLER = [_CONTEXT, _CLIENT, _PRIORITY]
REPORT: Json = {
    "codeassist-context-report": {"schema": TEXT, "description": "which code was added to the prompt, or why none"}
}

_MEANINGS = {
    400: "the request cannot be honoured as it is; the message names the field",
    401: "a key is needed, or is wrong",
    403: "the program or web page may not ask",
    404: "there is none of that name",
    409: "another workspace is served here",
    413: "the body is too large",
    422: "git cannot tell what is staged; the message says why",
    429: "too many requests; `Retry-After` tells when to ask again",
    501: "not installed; the message tells what to do",
    503: "the model does not answer now; `Retry-After` tells when to ask again",
}
# Every route may refuse so, before its dialect is asked.
GUARDED = (401, 403, 429)


def obj(properties: Mapping[str, Json], required: Iterable[str] = (), description: str = "") -> Json:
    """An object of a request: null counts as missing, other fields are refused unless they are null."""
    needed = list(required)
    made: Json = {
        "type": "object",
        "properties": {name: each if name in needed else nullable(each) for name, each in properties.items()},
        "additionalProperties": {"type": "null"},
    }
    return made | ({"required": needed} if needed else {}) | ({"description": description} if description else {})


def told(properties: Mapping[str, Json], optional: Iterable[str] = ()) -> Json:
    """An object of an answer: all fields but the optional ones are there, and there may be more."""
    left_out = set(optional)
    required = [name for name in properties if name not in left_out]
    return {"type": "object", "properties": dict(properties), "required": required}


def nullable(schema: Json) -> Json:
    """The same, or null."""
    if "enum" in schema:
        return schema if None in schema["enum"] else schema | {"enum": [*schema["enum"], None]}
    if "type" in schema:
        types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        return schema if "null" in types else schema | {"type": [*types, "null"]}
    if "anyOf" in schema:
        return schema | {"anyOf": [*schema["anyOf"], {"type": "null"}]}
    return schema


def list_of(schema: Json) -> Json:
    """An array."""
    return {"type": "array", "items": schema}


def ignored(names: Iterable[str]) -> dict[str, Json]:
    """Fields that any value may stand in."""
    return {name: {"description": "has no effect here"} for name in names}


def neutral(values: Mapping[str, tuple[object, ...]]) -> dict[str, Json]:
    """Fields that may only ask for nothing."""
    return {
        name: {"enum": [*allowed, None], "description": "not supported; may only ask for nothing"}
        for name, allowed in values.items()
    }


def reference(name: str) -> Json:
    """A schema among the components."""
    return {"$ref": f"#/components/schemas/{name}"}


def json_content(schema: Json) -> Json:
    """A body of JSON."""
    return {"application/json": {"schema": schema}}


def events_content(what: str) -> Json:
    """A body of server-sent events, each of which has its JSON as `data`."""
    event = {"type": "object", "properties": {"data": TEXT}, "required": ["data"], "description": what}
    return {"text/event-stream": {"schema": event}}


def lines_content(what: str) -> Json:
    """A body of lines of JSON."""
    return {"application/x-ndjson": {"schema": {"type": "string", "description": what}}}


def answer(content: Json, headers: Json | None = None) -> Json:
    """What comes where nothing is wrong."""
    return {"description": "the answer", "content": content} | ({"headers": headers} if headers else {})


def errors(schema: Json, *statuses: int) -> dict[str, Json]:
    """How a dialect refuses. The guard's own refusals are always among them."""
    return {
        str(status): {"description": _MEANINGS[status], "content": json_content(schema)}
        for status in sorted({*statuses, *GUARDED})
    }


def get(tag: str, summary: str, schema: Json, error: Json, *statuses: int) -> Json:
    """An operation that reads."""
    responses = {"200": answer(json_content(schema))} | errors(error, *statuses)
    return {"get": {"tags": [tag], "summary": summary, "responses": responses}}


def post(tag: str, summary: str, body: Json, content: Json, refusals: Mapping[str, Json]) -> Json:
    """An operation with a body."""
    return {
        "post": {
            "tags": [tag],
            "summary": summary,
            "requestBody": {"required": True, "content": json_content(body)},
            "responses": {"200": answer(content), **refusals},
        }
    }


def ask(tag: str, summary: str, body: Json, content: Json, refusals: Mapping[str, Json]) -> Json:
    """An operation that asks the model that fills gaps."""
    operation: Json = post(tag, summary, body, content, refusals)["post"]
    answered = {"200": answer(content, REPORT)}
    return {"post": operation | {"parameters": CALLER, "responses": operation["responses"] | answered}}


USAGE = told(
    {"prompt_tokens": COUNT, "completion_tokens": COUNT, "total_tokens": COUNT, "prompt_tokens_details": ANY_OBJECT},
    ["completion_tokens", "prompt_tokens_details"],
)
