"""Reviews before a commit."""

from __future__ import annotations

from typing import get_args

from codeassist.findings.types import Category, Severity
from codeassist.review.asked import FAIL_ON, MOST_SECONDS, REVIEW_PATH
from codeassist.review.passes.types import PASS_NAMES
from codeassist.server.openapi.parts import (
    COUNT,
    FLAG,
    NUMBER,
    POSITIVE,
    TEXT,
    TEXTS,
    Json,
    json_content,
    list_of,
    nullable,
    post,
    reference,
    told,
)
from codeassist.server.openapi.parts import errors as refusals

_SECONDS: Json = {"type": "number", "exclusiveMinimum": 0, "maximum": MOST_SECONDS}
_PATH: Json = {"type": "string", "pattern": "^/", "description": "an absolute path"}
_ASKED: Json = {
    "type": "object",
    "properties": {
        "workspace": _PATH,
        "max_seconds": _SECONDS,
        "index_file": {"type": "string", "pattern": "^(/.*)?$", "description": "the index that git is about to commit"},
        "passes": nullable({"type": "array", "items": {"enum": list(PASS_NAMES)}}),
    },
    "required": ["workspace", "max_seconds"],
    "additionalProperties": False,
}
_FINDING = told(
    {
        "id": TEXT,
        "path": TEXT,
        "start_line": POSITIVE,
        "end_line": POSITIVE,
        "severity": {"enum": list(get_args(Severity))},
        "category": {"enum": list(get_args(Category))},
        "message": TEXT,
        "evidence": TEXT,
        "start_column": COUNT,
        "end_column": nullable(COUNT),
        "places": TEXTS,
        "confidence": NUMBER,
        "found_by": TEXT,
        "replacement": nullable(told({"start_line": POSITIVE, "end_line": COUNT, "text": TEXT})),
    }
)
_REPORT = told(
    {
        "version": POSITIVE,
        "source": TEXT,
        "findings": list_of(_FINDING),
        "passes": list_of(told({"name": TEXT, "ms": NUMBER, "n_found": COUNT, "note": TEXT, "is_complete": FLAG})),
        "notes": TEXTS,
        "n_files": COUNT,
        "n_lines": COUNT,
        "n_dismissed": COUNT,
        "n_more": COUNT,
        "ms": NUMBER,
        "is_complete": FLAG,
    }
)
_ANSWER = told({"report": _REPORT, "fail_on": {"enum": list(FAIL_ON)}})

PATHS: dict[str, Json] = {
    REVIEW_PATH: post(
        "codeassist",
        "What is wrong with what is staged in this server's workspace; through the user's own Unix socket alone",
        _ASKED,
        json_content(_ANSWER),
        refusals(reference("Error"), 400, 409, 413, 422, 503),
    )
}
SCHEMAS: dict[str, Json] = {}
