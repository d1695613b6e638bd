"""Where bodies are read: what takes long must not keep others waiting."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from starlette.requests import Request
from starlette.types import Message

from codeassist.server.connection import read_as


def request_with(body: bytes) -> Request:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return Request({"type": "http", "method": "POST", "headers": []}, receive)


@pytest.mark.parametrize(("n_ids", "in_thread"), [(10, False), (100_000, True)])
async def test_a_large_body_is_taken_apart_in_a_thread(n_ids: int, in_thread: bool) -> None:
    threads: list[int] = []

    def read(body: dict[str, Any]) -> int:
        threads.append(threading.get_ident())
        return len(body["prompt"])

    assert await read_as(request_with(json.dumps({"prompt": [1] * n_ids}).encode()), read) == n_ids
    assert (threads[0] != threading.get_ident()) is in_thread
