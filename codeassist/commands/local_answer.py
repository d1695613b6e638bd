"""The hook's own review, in a process that can be ended: a thread that is deep in a parser cannot."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time

from codeassist.commands.hook_server import NoReview
from codeassist.review.asked import Answer, Asked, answer_from_json, asked_to_json

# -P: the folder that git calls hooks in is somebody's repository, and its modules are not ours.
_COMMAND = (sys.executable, "-P", "-m", "codeassist.commands.local_review")


def local_answer(asked: Asked) -> Answer:
    """The review. Its process does not outlive the call, whatever ends it. Raises NoReview."""
    with subprocess.Popen(
        (*_COMMAND, f"{time.time()}"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, process_group=0, text=True
    ) as process:
        try:
            said, _ = process.communicate(json.dumps(asked_to_json(asked)))
        except BaseException:
            _kill(process)
            raise
        _kill(process)  # what it may have started
    return _read(said, process.returncode)


def _kill(process: subprocess.Popen[str]) -> None:
    with contextlib.suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)


def _read(said: str, code: int) -> Answer:
    try:
        value = json.loads(said)
        if isinstance(value, dict) and "error" in value:
            raise NoReview(str(value["error"]))
        return answer_from_json(value)
    except ValueError:
        raise NoReview(f"its process ended with {code} and no report") from None
