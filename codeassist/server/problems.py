"""Errors in OpenAI's shape: `{"error": {"message", "type", "param", "code"}}`."""

from __future__ import annotations

import json
from collections.abc import Mapping

from starlette.responses import Response

from codeassist.errors import CodeassistError, EngineCrashed, EngineUnavailable, ModelError, RequestRejected

RETRY_AFTER_S = 2


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


def problem_body(problem: Problem) -> dict[str, object]:
    """The JSON body."""
    kind = "invalid_request_error" if problem.status < 500 else "server_error"
    error = {"message": problem.message, "type": kind, "param": problem.param, "code": problem.code}
    return {"error": error}


def problem_response(problem: Problem) -> Response:
    """The whole answer. All of it ASCII: a message may quote what is no valid text."""
    body = json.dumps(problem_body(problem), separators=(",", ":"))
    return Response(body, problem.status, problem.headers, "application/json")


def error_event(error: CodeassistError) -> str:
    """What ends a stream that cannot go on."""
    return json.dumps(problem_body(problem_of(error)), separators=(",", ":"))
