"""The embedded engine with a real vLLM, and what tests ask it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

from tokenizers import Tokenizer

from codeassist.engine.choose import open_embedded
from codeassist.engine.embedded import EmbeddedEngine
from codeassist.settings import EngineSettings
from codeassist.speculation import Speculation
from codeassist.types import GenerationRequest

CODE = '''
class Queue:
    """Holds items in order of arrival."""

    def __init__(self, limit):
        self.limit = limit
        self.items = []

    def put(self, item):
        if len(self.items) >= self.limit:
            raise Full(item)
        self.items.append(item)

    def get(self):
        """The oldest item."""
'''


@contextlib.asynccontextmanager
async def running(model: Path, **settings: object) -> AsyncIterator[EmbeddedEngine]:
    engine = open_embedded(replace(EngineSettings(), model=str(model), kv_cache_gib=0.5, **settings))  # type: ignore[arg-type]
    try:
        await engine.start()
        yield engine
    finally:
        await engine.close()


def encode(engine: EmbeddedEngine, text: str) -> tuple[int, ...]:
    assert engine.info.tokenizer is not None
    return (0, *Tokenizer.from_file(str(engine.info.tokenizer)).encode(text, add_special_tokens=False).ids)


def ask(engine: EmbeddedEngine, text: str = CODE * 3, max_tokens: int = 16, **changes: object) -> GenerationRequest:
    return GenerationRequest("e2e", encode(engine, text), max_tokens, **changes)  # type: ignore[arg-type]


def assert_counted(speculation: Speculation | None, method: str, n_drafted: int) -> None:
    """Told before an answer ends, so that nobody has to wait for it."""
    assert speculation is not None
    assert (speculation.method, len(speculation.accepted_at)) == (method, n_drafted)
    assert 0 < speculation.drafts <= speculation.drafted_tokens
    assert speculation.accepted_tokens == sum(speculation.accepted_at) <= speculation.drafted_tokens
    assert list(speculation.accepted_at) == sorted(speculation.accepted_at, reverse=True)
