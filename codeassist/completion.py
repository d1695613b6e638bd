"""The keystroke line: document and cursor in, suggestion out."""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace

from codeassist.cache import SuggestionCache
from codeassist.documents import offset_of
from codeassist.errors import EngineError, ModelError
from codeassist.fim import Template, find_template
from codeassist.gate import confidence_in, skip_reason
from codeassist.pipeline import HEALED_TOKENS, Budgets, Pipeline, Prepared
from codeassist.protocols import Engine, Tokenizer
from codeassist.settings import CompletionSettings
from codeassist.trim import TrimLimits, trim
from codeassist.types import (
    Cursor,
    Delta,
    Document,
    Explanation,
    FinishReason,
    GenerationRequest,
    Priority,
    Suggestion,
    Token,
    Usage,
)
from codeassist.window import Window, starts_block
from indexer.types import Retriever

logger = logging.getLogger(__name__)

Withheld = Callable[[Document], str | None]


def _nothing_withheld(_document: Document) -> str | None:
    return None


@dataclass(slots=True)
class _Answer:
    """What has come from the engine so far; `raw` includes the forced prefix. given_up_at: the confidence at which
    nobody wanted to know the rest."""

    raw: str = ""
    tokens: list[Token] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    finish_reason: FinishReason | None = None
    first_token_at: float | None = None
    given_up_at: float | None = None

    def add(self, delta: Delta) -> None:
        if self.first_token_at is None:
            self.first_token_at = time.perf_counter()
        self.raw += delta.text
        self.tokens.extend(delta.tokens)
        self.usage = delta.usage
        self.finish_reason = delta.finish_reason


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

    async def complete(self, document: Document, cursor: Cursor, *, invoked: bool = False) -> Suggestion:
        """What to suggest. invoked: the user asked, so it is shown where typing alone would not be disturbed.

        Raises CursorError. Everything else that goes wrong is a `drop_reason`. Cancelling aborts the generation.
        """
        started = time.perf_counter()
        offset = offset_of(document, cursor)
        is_ready = self._engine.status.state == "ready"
        suggestion = self._cache.reuse(document, offset, invoked=invoked) if is_ready else None
        if suggestion is None:
            suggestion = await self._ask(document, cursor, started, invoked=invoked)
            if suggestion.text:
                self._cache.store(document, offset, suggestion, invoked=invoked)
        suggestion = replace(suggestion, ms={**suggestion.ms, "total": _ms_since(started)})
        _log(document, cursor, suggestion)
        return suggestion

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

    async def _ask(self, document: Document, cursor: Cursor, started: float, *, invoked: bool) -> Suggestion:
        request_id = f"complete-{next(self._ids)}"
        prepared = await asyncio.to_thread(self._prepare, document, cursor)
        if isinstance(prepared, str):
            return Suggestion(request_id, "", drop_reason=prepared)
        reason = self._skip_reason(document, prepared.window, invoked=invoked)
        if reason:
            return Suggestion(request_id, "", prepared.sources, ms=prepared.ms, drop_reason=reason)
        limits = TrimLimits(multiline=starts_block(prepared.window), max_lines=self._settings.max_lines)
        answer = _Answer()
        sent = time.perf_counter()
        try:
            await self._generate(request_id, prepared, limits, answer, least=0.0 if invoked else self._gate())
        except (EngineError, ModelError) as error:
            return Suggestion(request_id, "", prepared.sources, ms=prepared.ms, drop_reason=str(error))
        suggestion = self._finish(request_id, prepared, limits, answer, invoked=invoked)
        return replace(suggestion, ms={**prepared.ms, **_engine_ms(sent, answer)})

    def _prepare(self, document: Document, cursor: Cursor) -> Prepared | str:
        """The prompt, or why no model may see the document. Blocks; one visit to a thread costs a keystroke enough."""
        return self._withheld(document) or self._pipeline.prepare(document, cursor, self._budgets())

    async def _generate(
        self, request_id: str, prepared: Prepared, limits: TrimLimits, answer: _Answer, least: float
    ) -> None:
        """Read the engine's answer until it ends or nothing more could change what is shown: the text is settled, or
        its first line, which only becomes less certain with every token, is less so than `least`.
        """
        info = self._engine.info
        request = GenerationRequest(
            id=request_id,
            prompt=(),
            max_tokens=self._max_tokens(),
            stop=self._template.stop if info.tokenizer is None else (),
            priority=Priority.COMPLETION,
            logprobs=info.supports_logprobs,
        )
        n_forced = len(prepared.prompt.forced_prefix)
        stream = self._engine.stream(self._fill(request, prepared))
        try:
            async for delta in stream:
                answer.add(delta)
                answer.given_up_at = _too_doubtful(answer, n_forced, prepared.window, limits, least)
                if answer.given_up_at is not None:
                    break
                if "\n" in delta.text and self._is_settled(answer.raw[n_forced:], prepared.window, limits):
                    break
        finally:
            await _aclose(stream)

    def _is_settled(self, raw: str, window: Window, limits: TrimLimits) -> bool:
        return trim(raw, window, limits, finished=False).settled

    def _finish(
        self, request_id: str, prepared: Prepared, limits: TrimLimits, answer: _Answer, *, invoked: bool
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
            confidence=confidence,
        )

    def _skip_reason(self, document: Document, window: Window, *, invoked: bool) -> str | None:
        if not self._settings.enabled:
            return "suggestions are off (completion.enabled)"
        if document.language in self._settings.languages_off:
            return f"suggestions are off for {document.language} (completion.languages_off)"
        return None if invoked else skip_reason(window)

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


def _too_doubtful(answer: _Answer, n_forced: int, window: Window, limits: TrimLimits, least: float) -> float | None:
    """The confidence in what would be shown of an answer so far where it is below the least, else None."""
    raw = answer.raw[n_forced:]
    confidence = confidence_in(answer.tokens, n_forced, raw) if least > 0.0 else None
    if confidence is None or confidence >= least:
        return None
    confidence = confidence_in(answer.tokens, n_forced, trim(raw, window, limits, finished=True).text)
    return confidence if confidence is not None and confidence < least else None


def _engine_ms(sent: float, answer: _Answer) -> dict[str, float]:
    first = answer.first_token_at or time.perf_counter()
    return {"first_token": (first - sent) * 1000, "decode": _ms_since(first)}


def _ms_since(moment: float) -> float:
    return (time.perf_counter() - moment) * 1000


async def _aclose(stream: AsyncIterator[Delta]) -> None:
    """Abort what is still running: an async generator that is merely dropped would be closed some time later."""
    close = getattr(stream, "aclose", None)
    if close is not None:
        await close()


def _log(document: Document, cursor: Cursor, suggestion: Suggestion) -> None:
    usage = suggestion.usage
    logger.info(
        "%s %s:%d %s prompt=%d cached=%d out=%d %s",
        suggestion.id,
        document.path,
        cursor.line + 1,
        suggestion.drop_reason or ("reused" if suggestion.from_cache else "shown"),
        usage.prompt_tokens,
        usage.cached_tokens,
        usage.completion_tokens,
        " ".join(f"{stage}={ms:.1f}ms" for stage, ms in suggestion.ms.items()),
    )
