"""`python -m codeassist.commands.local_review [BEGUN]`: a review for a hook. A request on stdin, an answer on stdout,
in JSON. BEGUN: seconds of the wall clock from which the review's time counts: loading this takes some of it.

The index on disk is brought up to date. Passes that need a model run where one answers already: that of a `codeassist
serve` of another repository, or the server of the settings.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path

from codeassist.commands.bars import bars
from codeassist.commands.front import Front, process_front
from codeassist.commands.opening import prepare
from codeassist.commands.review_opening import opened_repository
from codeassist.errors import CodeassistError
from codeassist.review.asked import Answer, Asked, answer_to_json, asked_from_json
from codeassist.review.passes.types import Deadline
from codeassist.review.reviewing import review_staged
from indexer.errors import IndexerError


def main() -> None:
    """Answer, and end."""
    gone = max(0.0, time.time() - float(sys.argv[1])) if len(sys.argv) > 1 else 0.0
    begun = time.monotonic() - gone
    asyncio.run(_tell(process_front(Path.cwd()), sys.stdin.read(), begun))


async def _tell(front: Front, request: str, begun: float) -> None:
    """Write the answer and end the process at once: an index that is still being built keeps what it has so far, and
    must not go on for minutes behind a commit that is done."""
    try:
        answer = answer_to_json(await _answer(front, asked_from_json(json.loads(request)), begun))
    except (CodeassistError, IndexerError) as error:
        answer = {"error": str(error)}
    front.print_json(answer)
    os._exit(0)


async def _answer(front: Front, asked: Asked, begun: float) -> Answer:
    deadline = Deadline(begun + asked.max_seconds)
    workspace = await asyncio.to_thread(Path(asked.workspace).resolve)
    settings = prepare(front, workspace, None).settings
    wanted = settings.review.passes if asked.passes is None else asked.passes
    with bars(front) as shown:
        opening = opened_repository(front, workspace, settings, wanted, shown, deadline, may_load=False)
        async with opening as (repository, missing):
            passes = [name for name in wanted if name not in missing]
            report = await review_staged(repository, deadline, passes, asked.index_file)
            return Answer(missing.added_to(report, wanted), settings.review.fail_on)


if __name__ == "__main__":
    main()
