from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from codeassist.assistant import open_assistant, open_index
from codeassist.commands.front import Front
from codeassist.commands.json_lines import answer_lines
from codeassist.errors import DocumentError


async def answers(*errors: BaseException | None) -> list[Any]:
    """What comes of one line for each: its error, or its number."""
    requests = b"".join(b'{"number": %d}\n' % number for number in range(1, len(errors) + 1))
    out = io.StringIO()
    front = Front(io.BytesIO(requests), out, out, {}, Path(), open_assistant, open_index, lambda: None)

    async def answer(request: Mapping[str, Any]) -> Mapping[str, Any]:
        if error := errors[request["number"] - 1]:
            raise error
        return request

    await answer_lines(front, {"number": (int, True)}, answer)
    return [json.loads(line) for line in out.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (
            RuntimeError("Symlink loop from 'loop'"),
            "internal error: RuntimeError: Symlink loop from 'loop' (the log shows where)",
        ),
        (DocumentError("a.py is no file"), "a.py is no file"),
        (PermissionError(13, "Permission denied", "/locked"), "/locked: Permission denied"),
    ],
)
async def test_whatever_goes_wrong_with_a_line_is_its_answer(error: Exception, message: str) -> None:
    wrong, right = await answers(error, None)
    assert wrong == {"error": {"kind": type(error).__name__, "message": message}}
    assert right == {"number": 2}


async def test_an_interruption_ends_the_lines() -> None:
    with pytest.raises(asyncio.CancelledError):
        await answers(asyncio.CancelledError(), None)
