"""The keystroke line: document and cursor in, suggestion out."""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace

from codeassist.alternatives import distinct
from codeassist.cache import SuggestionCache
from codeassist.documents import offset_of
from codeassist.errors import EngineError, ModelError
from codeassist.fim import Template, find_template
from codeassist.gate import confidence_in, skip_reason
from codeassist.generation import Answer, Wanted, engine_ms, ms_since, read
from codeassist.outcomes import log_outcome
from codeassist.pipeline import HEALED_TOKENS, Budgets, Pipeline, Prepared
from codeassist.protocols import Engine, Tokenizer
from codeassist.settings import CompletionSettings
from codeassist.trim import TrimLimits, trim
from codeassist.types import Cursor, Delta, Document, Explanation, GenerationRequest, Priority, Suggestion
from codeassist.window import Window, starts_block
from indexer.types import Retriever

logger = logging.getLogger(__name__)

Withheld = Callable[[Document], str | None]


def _nothing_withheld(_document: Document) -> str | None:
    return None


# Other answers than the likeliest: at this temperature they are still code, and differ in every second place.
_TEMPERATURE, _TOP_P = 0.8, 0.95


@dataclass(frozen=True, slots=True)
class _Manner:
    """How the engine is asked. invoked: by the user, so whatever it says is shown. seed: 0 for the likeliest answer."""

    invoked: bool = False
    seed: int = 0
    priority: Priority = Priority.COMPLETION


class Completer:
    """Makes suggestions for one workspace. Not thread-safe: one event loop owns it."""

    def __init__(
        self,
        engine: Engine,
        tokenizer: Tokenizer,
        retriever: Retriever | None,
        settings: CompletionSettings,
        *,
        withheld: Withheld = _nothing_withheld,
    ) -> None:
        """withheld: why no model may see a document, or None; called in a thread. Raises ConfigError for an unknown
        template."""
        self._engine = engine
        self._tokenizer = tokenizer
        self._settings = settings
        self._template: Template = find_template(engine.info.template)
        self._withheld = withheld
        self._pipeline = Pipeline(
            tokenizer,
            self._template,
            retriever,
            settings.retrieve_deadline_ms,
            heals=engine.info.supports_forced_prefix,
            is_exact=engine.info.tokenizer is not None,
        )
        self._cache = SuggestionCache()
        self._ids = itertools.count(1)

    def can_reuse(self, document: Document, cursor: Cursor) -> bool:
        """Whether an earlier suggestion answers an unasked request here. Raises CursorError."""
        offset = offset_of(document, cursor)
        return self._engine.status.state == "ready" and self._cache.reuse(document, offset) is not None

    async def complete(self, document: Document, cursor: Cursor, *, invoked: bool = False) -> Suggestion:
        """What to suggest. invoked: the user asked, so it is shown where typing alone would not be disturbed.

        Raises CursorError. Everything else that goes wrong is a `drop_reason`. Cancelling aborts the generation.
        """
        return await self._complete(document, cursor, _Manner(invoked))

    async def complete_ahead(self, document: Document, cursor: Cursor) -> Suggestion:
        """The same for a text that may come to be, after everybody else; only what the cache then holds is of use."""
        return await self._complete(document, cursor, _Manner(priority=Priority.AHEAD))

    async def alternatives(self, document: Document, cursor: Cursor, limit: int) -> list[Suggestion]:
        """Different suggestions for a user who asked, best first; one without text when there is none.

        Raises CursorError. Cancelling aborts all of them.
        """
        started = time.perf_counter()
        offset = offset_of(document, cursor)
        prepared = await asyncio.to_thread(self._prepare, document, cursor)
        manners = [_Manner(invoked=True, seed=seed) for seed in range(limit)]
        async with asyncio.TaskGroup() as tasks:
            made = [tasks.create_task(self._ask(document, prepared, manner)) for manner in manners]
        total = {"total": ms_since(started)}
        suggestions = [replace(one, ms={**one.ms, **total}) for one in distinct(task.result() for task in made)]
        for suggestion in reversed(suggestions):
            log_outcome(document, cursor, suggestion)
            if suggestion.text:
                self._cache.store(document, offset, suggestion, invoked=True)
        return suggestions

    async def prewarm(self, document: Document, cursor: Cursor) -> None:
        """Have the engine compute the prompt for this cursor, so that its KV cache has it when a key comes.

        Raises CursorError. An engine that cannot is no error.
        """
        offset_of(document, cursor)
        if self._engine.status.state != "ready" or self._off_reason(document):
            return
        prepared = await asyncio.to_thread(self._prepare, document, cursor)
        if isinstance(prepared, str):
            return
        request_id = f"prewarm-{next(self._ids)}"
        request = self._fill(GenerationRequest(request_id, (), 1, priority=Priority.AHEAD), prepared)
        try:
            await read(self._engine, replace(request, max_tokens=1, forced_prefix=""), Answer(), lambda *_: True)
        except (EngineError, ModelError) as error:
            logger.info("%s %s: %s", request_id, document.path, error)

    def configure(self, settings: CompletionSettings) -> None:
        """Take other settings from the next request on."""
        self._settings = settings
        self._pipeline.deadline_ms = settings.retrieve_deadline_ms

    async def explain(self, document: Document, cursor: Cursor, *, invoked: bool = False) -> Explanation:
        """What `complete` would send. Raises CursorError."""
        offset_of(document, cursor)
        prepared = await asyncio.to_thread(self._prepare, document, cursor)
        if isinstance(prepared, str):
            return Explanation.of_nothing(prepared)
        budgets = self._budgets()
        allowed = {"slot": prepared.slot_room, "above": budgets.above, "suffix": budgets.suffix, "total": budgets.total}
        used = {**prepared.used, "total": len(prepared.ids)}
        return Explanation(
            prompt=self._tokenizer.decode(prepared.ids) if self._engine.info.tokenizer else prepared.text,
            prompt_tokens=len(prepared.ids),
            sources=prepared.sources,
            left_out=prepared.left_out,
            budgets={part: {"allowed": allowed.get(part, used[part]), "used": used[part]} for part in used},
            forced_prefix=prepared.prompt.forced_prefix,
            skip_reason=self._skip_reason(document, prepared.window, invoked=invoked),
            ms=prepared.ms,
        )

    async def fim(self, prefix: str, suffix: str, request: GenerationRequest) -> AsyncIterator[Delta]:
        """Fill in between two bare texts; `request.prompt` and `forced_prefix` are filled in here."""
        document = Document(path="", text=prefix + suffix)
        line = prefix.count("\n")
        cursor = Cursor(line, len(prefix) - (prefix.rfind("\n") + 1))
        budgets = self._budgets(0.0, request.max_tokens)
        prepared = await asyncio.to_thread(self._pipeline.prepare_bare, document, cursor, budgets)
        n_forced = len(prepared.prompt.forced_prefix)
        filled = self._fill(request, prepared)
        async for delta in self._engine.stream(filled):
            text, n_forced = delta.text[n_forced:], max(n_forced - len(delta.text), 0)
            yield replace(delta, text=text)

    def close(self) -> None:
        """Stop the worker threads."""
        self._pipeline.close()

    async def _complete(self, document: Document, cursor: Cursor, manner: _Manner) -> Suggestion:
        started = time.perf_counter()
        offset = offset_of(document, cursor)
        is_ready = self._engine.status.state == "ready"
        suggestion = self._cache.reuse(document, offset, invoked=manner.invoked) if is_ready else None
        if suggestion is None:
            prepared = await asyncio.to_thread(self._prepare, document, cursor)
            suggestion = await self._ask(document, prepared, manner)
            if suggestion.text:
                self._cache.store(document, offset, suggestion, invoked=manner.invoked)
        suggestion = replace(suggestion, ms={**suggestion.ms, "total": ms_since(started)})
        log_outcome(document, cursor, suggestion)
        return suggestion

    async def _ask(self, document: Document, prepared: Prepared | str, manner: _Manner) -> Suggestion:
        request_id = f"{'ahead' if manner.priority == Priority.AHEAD else 'complete'}-{next(self._ids)}"
        if isinstance(prepared, str):
            return Suggestion(request_id, "", drop_reason=prepared)
        reason = self._skip_reason(document, prepared.window, invoked=manner.invoked)
        if reason:
            return Suggestion(request_id, "", prepared.sources, ms=prepared.ms, drop_reason=reason)
        limits = TrimLimits(multiline=starts_block(prepared.window), max_lines=self._settings.max_lines)
        answer = Answer()
        sent = time.perf_counter()
        try:
            await self._generate(request_id, prepared, limits, answer, manner)
        except (EngineError, ModelError) as error:
            return Suggestion(request_id, "", prepared.sources, ms=prepared.ms, drop_reason=str(error))
        suggestion = self._finish(request_id, prepared, limits, answer, invoked=manner.invoked)
        return replace(suggestion, ms={**prepared.ms, **engine_ms(sent, answer)})

    def _prepare(self, document: Document, cursor: Cursor) -> Prepared | str:
        """The prompt, or why no model may see the document. Blocks; one visit to a thread costs a keystroke enough."""
        return self._withheld(document) or self._pipeline.prepare(document, cursor, self._budgets())

    async def _generate(
        self, request_id: str, prepared: Prepared, limits: TrimLimits, answer: Answer, manner: _Manner
    ) -> None:
        """Read the engine's answer until it ends or nothing more could change what is shown."""
        info = self._engine.info
        request = GenerationRequest(
            id=request_id,
            prompt=(),
            max_tokens=self._max_tokens(),
            stop=self._template.stop if info.tokenizer is None else (),
            temperature=_TEMPERATURE if manner.seed else 0.0,
            top_p=_TOP_P if manner.seed else 1.0,
            seed=manner.seed or None,
            priority=manner.priority,
            logprobs=info.supports_logprobs,
        )
        least = 0.0 if manner.invoked else self._gate()
        wanted = Wanted(prepared.window, limits, len(prepared.prompt.forced_prefix), least)
        await read(self._engine, self._fill(request, prepared), answer, wanted.ends)

    def _finish(
        self, request_id: str, prepared: Prepared, limits: TrimLimits, answer: Answer, *, invoked: bool
    ) -> Suggestion:
        n_forced = len(prepared.prompt.forced_prefix)
        raw = answer.raw[n_forced:]
        trimmed = trim(raw, prepared.window, limits, finished=True, truncated=answer.finish_reason == "length")
        confidence = answer.given_up_at
        if confidence is None:
            confidence = confidence_in(answer.tokens, n_forced, trimmed.text)
        reason = trimmed.reason or self._gate_reason(confidence, invoked=invoked)
        return Suggestion(
            id=request_id,
            text="" if reason else trimmed.text,
            sources=prepared.sources,
            usage=answer.usage,
            drop_reason=reason,
            replace_right=trimmed.replace_right,
            confidence=confidence,
        )

    def _skip_reason(self, document: Document, window: Window, *, invoked: bool) -> str | None:
        return self._off_reason(document) or (None if invoked else skip_reason(window))

    def _off_reason(self, document: Document) -> str | None:
        if not self._settings.enabled:
            return "suggestions are off (completion.enabled)"
        if document.language in self._settings.languages_off:
            return f"suggestions are off for {document.language} (completion.languages_off)"
        return None

    def _gate(self) -> float:
        """The confidence that an unasked suggestion needs."""
        least = self._settings.min_confidence
        return least if least >= 0 else self._engine.info.gate or 0.0

    def _gate_reason(self, confidence: float | None, *, invoked: bool) -> str | None:
        """Why a suggestion is too uncertain to be shown unasked, or None."""
        least = self._gate()
        if invoked or confidence is None or confidence >= least:
            return None
        return f"low confidence ({confidence:.2f} < {least:.2f})"

    def _fill(self, request: GenerationRequest, prepared: Prepared) -> GenerationRequest:
        prompt: tuple[int, ...] | str = prepared.ids if self._engine.info.tokenizer else prepared.text
        room = max(self._engine.info.context_tokens - len(prepared.ids), 1)
        return replace(
            request,
            prompt=prompt,
            forced_prefix=prepared.prompt.forced_prefix,
            max_tokens=min(request.max_tokens + HEALED_TOKENS, room),
        )

    def _max_tokens(self) -> int:
        return self._settings.max_tokens or self._engine.info.completion_tokens

    def _budgets(self, context_share: float | None = None, max_tokens: int = 0) -> Budgets:
        share = self._settings.context_share if context_share is None else context_share
        info = self._engine.info
        room = info.context_tokens - (max_tokens or self._max_tokens()) - HEALED_TOKENS
        total = min(self._settings.prompt_tokens or info.prompt_tokens, room)
        return Budgets.split(max(total, 0), share, self._settings.suffix_share)
