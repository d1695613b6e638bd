"""Gaps in bare texts: what clients of the HTTP endpoint want filled.

A client's text is matched to an indexed file and put back into it; from there on its prompt comes about as an editor's
does. A text that no file is known for gets what the index has of code like it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, replace

from codeassist.asking import Asker
from codeassist.engine.streams import closing, without_start
from codeassist.gap_document import alone
from codeassist.gap_memory import key_of_text
from codeassist.gap_report import report_of
from codeassist.gap_retrieval import GapRetriever
from codeassist.gap_snippets import SnippetReader
from codeassist.gap_text import GapText, read_gap
from codeassist.gap_whereabouts import Found, Repository, Whereabouts
from codeassist.pipeline import Pipeline, Prepared
from codeassist.protocols import Engine
from codeassist.types import ContextReport, Delta, Document, FimRequest, GenerationRequest
from codeassist.window import Window
from indexer.errors import IndexerError
from indexer.types import Retriever

logger = logging.getLogger(__name__)

MakePipeline = Callable[[Retriever], Pipeline]


@dataclass(frozen=True, slots=True)
class PreparedGap:
    """What the engine will be asked, and what was added. n_forced: code points of the answer that the client has.
    window: what the prompt shows of the text."""

    request: GenerationRequest
    n_forced: int
    context: ContextReport
    window: Window


class GapFiller:
    """Fills gaps for one workspace."""

    def __init__(
        self,
        engine: Engine,
        asker: Asker,
        make_pipeline: MakePipeline,
        retriever: Retriever | None,
        repository: Repository,
    ) -> None:
        """make_pipeline: of a retriever. repository: what is known of the files of the workspace."""
        self._engine = engine
        self._asker = asker
        self._with_context = make_pipeline(GapRetriever(retriever))
        self._without_context = make_pipeline(GapRetriever(None))
        self._repository = repository
        self._whereabouts = Whereabouts(repository)
        self._snippets = SnippetReader(repository.root, repository.locate, repository.withheld)

    async def prepare(self, asked: FimRequest) -> PreparedGap:
        """The prompt for a gap. Raises ModelError where the tokenizer cannot be read."""
        prepared, report = await asyncio.to_thread(self._prepare, asked)
        filled = self._asker.fill(_request(asked, self._asker.stops), prepared)
        return PreparedGap(filled, len(prepared.prompt.forced_prefix), report, prepared.window)

    async def fill(self, prepared: PreparedGap) -> AsyncGenerator[Delta]:
        """The engine's answer without what the client has already. Leaving the loop aborts."""
        async with closing(self._engine.stream(prepared.request)) as stream:
            async for delta in without_start(stream, prepared.n_forced):
                yield delta

    def configure(self, deadline_ms: int) -> None:
        """Another deadline for what the index finds."""
        self._with_context.deadline_ms = deadline_ms

    def close(self) -> None:
        """Stop the worker threads."""
        self._with_context.close()
        self._without_context.close()

    def _prepare(self, asked: FimRequest) -> tuple[Prepared, ContextReport]:
        """The prompt, and what was added to it. Blocks."""
        started = time.perf_counter()
        try:
            prepared, report = self._with_all(asked)
        except IndexerError as error:  # A failed index means less context.
            logger.warning("%s: no context: %s", asked.id, error)
            without = replace(asked, snippets=())
            prepared, report = self._bare(read_gap(asked), without, f"the index cannot be used ({error})")
        return prepared, replace(report, ms=(time.perf_counter() - started) * 1000)

    def _with_all(self, asked: FimRequest) -> tuple[Prepared, ContextReport]:
        """With everything that may be added. Raises IndexerError."""
        gap = read_gap(asked)
        reason = self._why_none(asked)
        found = None if reason else self._whereabouts.find(gap, asked.client, asked.path)
        if found is None or found.withheld:
            return self._bare(gap, asked, reason or f"its file is withheld ({found.withheld if found else ''})")
        return self._placed(found, asked)

    def _why_none(self, asked: FimRequest) -> str:
        if not asked.wants_context:
            return "the client wants none"
        return "" if self._repository.adds_context() else "it is off (server.context)"

    def _placed(self, found: Found, asked: FimRequest) -> tuple[Prepared, ContextReport]:
        """With what the repository has, and what the client sent."""
        pipeline, document, cursor = self._with_context, found.document, found.spliced.cursor
        budgets = self._asker.budgets(None, asked.max_tokens)
        sent = self._snippets.hits(asked.snippets, document.text)
        prepared = pipeline.prepare(document, cursor, budgets, key=found.key, sent=sent)
        if not prepared.sources:  # What is kept for other files goes to this one.
            budgets = self._asker.budgets(0.0, asked.max_tokens)
            prepared = self._without_context.prepare(document, cursor, budgets, key=found.key)
        return prepared, report_of(prepared, found.spliced, pipeline.count, found.path)

    def _bare(self, gap: GapText, asked: FimRequest, reason: str) -> tuple[Prepared, ContextReport]:
        """The text by itself, with what the client sent of other files."""
        text, spliced, pipeline = gap.prefix + gap.suffix, alone(gap), self._without_context
        sent = self._snippets.hits(asked.snippets, text)
        budgets = self._asker.budgets(None if sent else 0.0, asked.max_tokens)
        key = key_of_text(asked.client, gap.prefix)
        prepared = pipeline.prepare(Document("", text), spliced.cursor, budgets, key=key, sent=sent)
        return prepared, report_of(prepared, spliced, pipeline.count, "", reason)


def _request(asked: FimRequest, more_stops: tuple[str, ...]) -> GenerationRequest:
    return GenerationRequest(
        id=asked.id,
        prompt=(),
        max_tokens=asked.max_tokens,
        stop=tuple(dict.fromkeys((*asked.stop, *more_stops))),
        temperature=asked.temperature,
        top_p=asked.top_p,
        seed=asked.seed,
        logprobs=asked.top_logprobs is not None,
        top_logprobs=asked.top_logprobs or 0,
        client=asked.client,
        priority=asked.priority,
    )
