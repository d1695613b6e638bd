"""`POST /codeassist/v1/review`: what is wrong with what is staged, for hooks of this user's own.

The request names a folder and a file, so only processes that come through the user's own socket may ask. It is answered
with the warm index of this server's workspace, and its engine and chat model; other folders are refused, for another
repository's index says nothing of them, and what a second work tree has checked out differs from what is indexed.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Collection, Mapping
from functools import partial
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from codeassist.assistant import Assistant
from codeassist.errors import RequestRejected, ReviewImpossible
from codeassist.review.asked import REVIEW_PATH, Answer, Asked, answer_to_json, asked_from_json
from codeassist.review.passes.types import PASS_NAMES, Deadline, Pass, PassName
from codeassist.review.registry import PASSES
from codeassist.review.report import Report
from codeassist.review.reviewing import Repository, review_staged
from codeassist.server.connection import WhileConnected, compact_json, read_as
from codeassist.server.problems import Problem
from codeassist.server.protocol import OWN_STATE
from codeassist.server.service import Service

logger = logging.getLogger(__name__)

# A person commits one thing at a time; a second may commit while the first is still looked at.
AT_ONCE = 2


def review_routes(service: Service, passes: Mapping[PassName, Pass] = PASSES) -> list[Route]:
    """The route."""
    seats = asyncio.Semaphore(AT_ONCE)

    async def review(request: Request) -> Response:
        _require_own(request)
        asked = await read_as(request, asked_from_json)
        _require_passes(asked.passes or ())
        await asyncio.to_thread(_require_workspace, asked.workspace, service.assistant.workspace)
        return WhileConnected(partial(_answer, service.assistant, passes, asked, seats))

    return [Route(REVIEW_PATH, review, methods=["POST"])]


async def _answer(
    assistant: Assistant, passes: Mapping[PassName, Pass], asked: Asked, seats: asyncio.Semaphore
) -> Response:
    """What the review came to. Leaving ends it, its threads included."""
    deadline = Deadline(time.monotonic() + asked.max_seconds)
    try:
        async with asyncio.timeout(asked.max_seconds):
            await seats.acquire()
    except TimeoutError:
        raise Problem(503, f"{AT_ONCE} other reviews are under way; try again", code="too_many_reviews") from None
    try:
        report = await _review(assistant, passes, asked, deadline)
    except ReviewImpossible as error:
        raise Problem(422, str(error), code="review_impossible") from error
    finally:
        deadline.given_up.set()
        seats.release()
    _log(report)
    answer = Answer(report, assistant.settings.review.fail_on)
    return Response(compact_json(answer_to_json(answer)), media_type="application/json")


async def _review(assistant: Assistant, passes: Mapping[PassName, Pass], asked: Asked, deadline: Deadline) -> Report:
    settings = assistant.settings.review
    repository = Repository(assistant.workspace, assistant.index, assistant.refresh, settings, assistant, passes)
    wanted = settings.passes if asked.passes is None else asked.passes
    return await review_staged(repository, deadline, wanted, asked.index_file)


def _require_own(request: Request) -> None:
    if not getattr(request.state, OWN_STATE, False):
        message = (
            "reviews are for this user's own processes, which come through the server's Unix socket; "
            "others run `codeassist review` where the repository is"
        )
        raise Problem(403, message, code="not_own")


def _require_passes(names: Collection[str]) -> None:
    for name in names:
        if name not in PASS_NAMES:
            raise RequestRejected(f"there is no pass {name!r}; there are {', '.join(PASS_NAMES)}")


def _require_workspace(asked: str, workspace: Path) -> None:
    """Raises Problem for any other folder than the server's own."""
    try:
        is_ours = Path(asked).resolve() == workspace
    except (OSError, RuntimeError):
        is_ours = False
    if not is_ours:
        message = f"this server's index is of {workspace}; for another repository run a server there"
        raise Problem(409, message, code="other_workspace")


def _log(report: Report) -> None:
    stages = ", ".join(f"{one.name} {one.ms:.0f} ms" for one in report.passes)
    logger.info(
        "review of %d files, %d lines: %d findings in %.0f ms (%s)",
        report.n_files, report.n_lines, len(report.findings), report.ms, stages,
    )  # fmt: skip
