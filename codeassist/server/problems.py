"""Errors as the dialect of a route tells them.

OpenAI's shape, where no other is known: `{"error": {"message", "type", "param", "code"}}`.
llama.cpp's (tools/server/README.md): `{"error": {"code": 400, "message", "type"}}`. Ollama's: `{"error": "..."}`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from starlette.responses import Response

from codeassist.errors import CodeassistError, EngineCrashed, EngineUnavailable, ModelError, RequestRejected

RETRY_AFTER_S = 2

_LLAMA_ROUTES = frozenset({"/infill", "/completion", "/props", "/slots"})
_OLLAMA_ROUTES = "/api/"
# Types of errors as llama.cpp's server names them, by status.
_LLAMA_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    501: "not_supported_error",
    503: "unavailable_error",
}


class Problem(Exception):
    """A request that is answered with an error.

    param: the field at fault. code: what a program may test for.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.param = param
        self.code = code
        self.headers = headers


def problem_of(error: CodeassistError) -> Problem:
    """How an error of the core is told to a client."""
    if isinstance(error, RequestRejected):
        return Problem(400, str(error), code="request_rejected")
    if isinstance(error, EngineUnavailable | EngineCrashed | ModelError):
        headers = {"Retry-After": str(RETRY_AFTER_S)}
        return Problem(503, str(error), code="engine_unavailable", headers=headers)
    return Problem(500, str(error), code="internal_error")


def problem_body(problem: Problem, path: str = "") -> dict[str, object]:
    """The JSON body. path: of the route that is asked, whose dialect decides the shape."""
    if path.startswith(_OLLAMA_ROUTES):
        return {"error": problem.message}
    if path in _LLAMA_ROUTES:
        kind = _LLAMA_TYPES.get(problem.status, _kind(problem))
        return {"error": {"code": problem.status, "message": problem.message, "type": kind}}
    error = {"message": problem.message, "type": _kind(problem), "param": problem.param, "code": problem.code}
    return {"error": error}


def problem_response(problem: Problem, path: str = "") -> Response:
    """The whole answer. All of it ASCII: a message may quote what is no valid text."""
    body = json.dumps(problem_body(problem, path), separators=(",", ":"))
    return Response(body, problem.status, problem.headers, "application/json")


def error_event(error: CodeassistError, path: str = "") -> str:
    """What ends a stream that cannot go on."""
    return json.dumps(problem_body(problem_of(error), path), separators=(",", ":"))


def _kind(problem: Problem) -> str:
    return "invalid_request_error" if problem.status < 500 else "server_error"
