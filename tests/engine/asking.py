"""Requests for the tests of engines, and how to read their answers."""

from __future__ import annotations

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
