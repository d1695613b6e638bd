"""What a server tells of itself: metrics, status and dashboard."""

from __future__ import annotations

from codeassist.server.openapi.parts import (
    ANY_OBJECT,
    COUNT,
    NUMBER,
    TEXT,
    Json,
    answer,
    errors,
    get,
    list_of,
    nullable,
    reference,
    told,
)
from codeassist.server.status import MOST_RECORDS, MOST_WAIT_S, REQUESTS, STATUS

_TAG = "operations"
_ERROR = reference("Error")

_STATUS = told(
    {
        "version": TEXT,
        "workspace": TEXT,
        "model": TEXT,
        "uptime_s": NUMBER,
        "engine": ANY_OBJECT,
        "speculation": nullable(ANY_OBJECT),
        "index": ANY_OBJECT,
        "requests": ANY_OBJECT,
        "latency_ms": ANY_OBJECT,
        "tokens": ANY_OBJECT,
        "saved": nullable(ANY_OBJECT),
        "completions": ANY_OBJECT,
        "clients": list_of(ANY_OBJECT),
        "shadow": nullable(ANY_OBJECT),
    }
)
_RECORD = told(
    {
        "number": COUNT,
        "id": TEXT,
        "route": TEXT,
        "model": TEXT,
        "started": NUMBER,
        "state": {"enum": ["running", "done", "left", "superseded", "failed"]},
        "usage": ANY_OBJECT,
        "ms": ANY_OBJECT,
    }
)
_REQUESTS = told({"started": NUMBER, "latest": COUNT, "requests": list_of(_RECORD)})


def _query(name: str, what: str) -> Json:
    schema = {"type": "number", "minimum": 0}
    return {"name": name, "in": "query", "schema": schema, "description": what}


def _files(summary: str, *types: str) -> Json:
    """An operation that answers with a file, for which no key is needed."""
    content = {each: {"schema": TEXT} for each in types}
    refused = errors(_ERROR, 404) if len(types) > 1 else errors(_ERROR)
    return {"tags": [_TAG], "summary": summary, "security": [{}], "responses": {"200": answer(content)} | refused}


_NEWS = [
    _query("after", f"the `latest` of the answer before; of older requests, the last {MOST_RECORDS} are told"),
    _query("wait", f"seconds to wait for news, {MOST_WAIT_S:g} at most"),
]
_ASKED = get(_TAG, "Requests that run, and those that ended", _REQUESTS, _ERROR, 400)
_FILE: Json = {
    "name": "file",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "minLength": 1},
    "examples": {"style": {"value": "style.css"}, "program": {"value": "page.js"}},
}
_METRICS: Json = {
    "tags": [_TAG],
    "summary": "Counters and histograms for Prometheus",
    "responses": {"200": answer({"text/plain": {"schema": TEXT}})} | errors(_ERROR),
}

PATHS: dict[str, Json] = {
    STATUS: get(_TAG, "What `codeassist status` shows", _STATUS, _ERROR),
    REQUESTS: {"get": _ASKED["get"] | {"parameters": _NEWS}},
    "/metrics": {"get": _METRICS},
    "/ui": {"get": _files("The dashboard", "text/html")},
    "/ui/{file}": {
        "get": _files("Its parts", "text/html", "text/css", "text/javascript") | {"parameters": [_FILE]},
    },
}
SCHEMAS: dict[str, Json] = {}
