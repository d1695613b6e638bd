"""Gaps in bare texts: what clients of the HTTP endpoint want filled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from codeassist.asking import Asker
from codeassist.engine.streams import closing, without_start
from codeassist.pipeline import Pipeline
from codeassist.protocols import Engine
from codeassist.types import ContextReport, Cursor, Delta, Document, FimRequest, GenerationRequest


@dataclass(frozen=True, slots=True)
class PreparedGap:
    """What the engine will be asked, and what was added. n_forced: code points of the answer that the client has."""

    request: GenerationRequest
    n_forced: int
    context: ContextReport


class GapFiller:
    """Fills gaps for one workspace."""

    def __init__(self, engine: Engine, asker: Asker, pipeline: Pipeline) -> None:
        self._engine = engine
        self._asker = asker
        self._pipeline = pipeline

    async def prepare(self, asked: FimRequest) -> PreparedGap:
        """The prompt for a gap. Raises ModelError where the tokenizer cannot be read."""
        document = Document(path="", text=asked.prefix + asked.suffix)
        line = asked.prefix.count("\n")
        cursor = Cursor(line, len(asked.prefix) - (asked.prefix.rfind("\n") + 1))
        budgets = self._asker.budgets(0.0, asked.max_tokens)
        prepared = await asyncio.to_thread(self._pipeline.prepare_bare, document, cursor, budgets)
        filled = self._asker.fill(_request(asked), prepared)
        report = ContextReport(reason="no context was looked for")
        return PreparedGap(filled, len(prepared.prompt.forced_prefix), report)

    async def fill(self, prepared: PreparedGap) -> AsyncGenerator[Delta]:
        """The engine's answer without what the client has already. Leaving the loop aborts."""
        async with closing(self._engine.stream(prepared.request)) as stream:
            async for delta in without_start(stream, prepared.n_forced):
                yield delta


def _request(asked: FimRequest) -> GenerationRequest:
    return GenerationRequest(
        id=asked.id,
        prompt=(),
        max_tokens=asked.max_tokens,
        stop=asked.stop,
        temperature=asked.temperature,
        top_p=asked.top_p,
        seed=asked.seed,
        logprobs=asked.top_logprobs is not None,
        top_logprobs=asked.top_logprobs or 0,
        client=asked.client,
    )
