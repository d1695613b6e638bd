"""Requests for the tests of engines, and how to read their answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from codeassist.protocols import Engine
from codeassist.types import Delta, GenerationRequest


def ask(id: str = "r1", **changes: Any) -> GenerationRequest:
    """A small request, with some fields changed."""
    return replace(GenerationRequest(id=id, prompt=(1, 2, 3, 4), max_tokens=16), **changes)


async def read(engine: Engine, request: GenerationRequest) -> list[Delta]:
    """All deltas of the answer."""
    return [delta async for delta in engine.stream(request)]


def text_of(deltas: list[Delta]) -> str:
    """The answer's text."""
    return "".join(delta.text for delta in deltas)


async def until(condition: Callable[[], object], seconds: float = 5) -> None:
    """Wait for what another connection or process brings about. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - nobody on this side could set an event
            await asyncio.sleep(0.002)
