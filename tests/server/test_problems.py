"""How errors of the core are told to a client."""

import pytest

from codeassist.errors import CodeassistError, EngineCrashed, EngineUnavailable, ModelError, RequestRejected
from codeassist.server.problems import problem_of


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (EngineUnavailable("no"), 503),
        (EngineCrashed("no"), 503),
        (ModelError("a shard is cut off"), 503),
        (RequestRejected("too long"), 400),
        (CodeassistError("odd"), 500),
    ],
)
def test_what_may_pass_can_be_tried_again(error: CodeassistError, status: int) -> None:
    problem = problem_of(error)
    assert (problem.status, "Retry-After" in (problem.headers or {})) == (status, status == 503)
