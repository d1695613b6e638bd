"""From a prompt to a suggestion: the engine is asked, its answer trimmed, judged and checked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from codeassist.checking import Checked, Checker
from codeassist.errors import EngineError, ModelError
from codeassist.fim import Template
from codeassist.gate import confidence_in, least_confidence, low_confidence
from codeassist.generation import Answer, Wanted, engine_ms, ms_since, read
from codeassist.pipeline import HEALED_TOKENS, Budgets, Prepared
from codeassist.protocols import Engine
from codeassist.settings import CompletionSettings
from codeassist.trim import TrimLimits, trim
from codeassist.types import Cursor, Document, GenerationRequest, Priority, Suggestion
from codeassist.window import starts_block

# Of other answers than the likeliest: they are still code, and differ in every second place.
OTHER_TEMPERATURE, _TOP_P = 0.8, 0.95
# How a suggestion with a plain name that nobody knows is ranked among others that were asked for.
_UNKNOWN_NAME = 0.1


@dataclass(frozen=True, slots=True)
class Manner:
    """How the engine is asked. invoked: by the user, so whatever it says is shown. temperature: 0 for the likeliest
    answer."""

    invoked: bool = False
    temperature: float = 0.0
    priority: Priority = Priority.COMPLETION


class Asker:
    """Asks one engine. settings: those of the moment."""

    def __init__(
        self, engine: Engine, template: Template, checker: Checker, settings: Callable[[], CompletionSettings]
    ) -> None:
        self._engine = engine
        self._template = template
        self._checker = checker
        self._settings = settings

    async def ask(
        self, request_id: str, document: Document, cursor: Cursor, prepared: Prepared, manner: Manner
    ) -> Suggestion:
        """What the engine suggests at a cursor; what goes wrong is a `drop_reason`."""
        limits = TrimLimits(multiline=starts_block(prepared.window), max_lines=self._settings().max_lines)
        least = 0.0 if manner.invoked else self._gate()
        answer, sent = Answer(), time.perf_counter()
        wanted = Wanted(prepared.window, limits, len(prepared.prompt.forced_prefix), least)
        try:
            await read(self._engine, self.fill(self._request(request_id, manner), prepared), answer, wanted.ends)
        except (EngineError, ModelError) as error:
            return Suggestion(request_id, "", prepared.sources, ms=prepared.ms, drop_reason=str(error))
        ms = {**prepared.ms, **engine_ms(sent, answer)}
        made = replace(_trimmed(request_id, prepared, limits, answer), ms=ms)
        reason = made.drop_reason or low_confidence(made.confidence, least)
        if reason:
            return replace(made, text="", drop_reason=reason)
        started = time.perf_counter()
        checked = await asyncio.to_thread(self._checked, document, cursor, prepared, made)
        return replace(_judged(made, checked, least, manner), ms={**ms, "check": ms_since(started)})

    def fill(self, request: GenerationRequest, prepared: Prepared) -> GenerationRequest:
        """The request with a prompt in it."""
        prompt: tuple[int, ...] | str = prepared.ids if self._engine.info.tokenizer else prepared.text
        room = max(self._engine.info.context_tokens - len(prepared.ids), 1)
        return replace(
            request,
            prompt=prompt,
            forced_prefix=prepared.prompt.forced_prefix,
            max_tokens=min(request.max_tokens + HEALED_TOKENS, room),
        )

    def budgets(self, context_share: float | None = None, max_tokens: int = 0) -> Budgets:
        """Tokens for each part of a prompt. context_share: of code from elsewhere; None for the setting."""
        settings, info = self._settings(), self._engine.info
        share = settings.context_share if context_share is None else context_share
        room = info.context_tokens - (max_tokens or self._max_tokens()) - HEALED_TOKENS
        total = min(settings.prompt_tokens or info.prompt_tokens, room)
        return Budgets.split(max(total, 0), share, settings.suffix_share)

    @property
    def stops(self) -> tuple[str, ...]:
        """The template's tokens, as texts where we do not know the model's: it may spell them. Where we do, its engine
        ends at the first by itself; going on to another file is no end of a text to it."""
        return self._template.stop_texts if self._engine.info.tokenizer is None else self._template.stop[1:]

    def _request(self, request_id: str, manner: Manner) -> GenerationRequest:
        info = self._engine.info
        return GenerationRequest(
            id=request_id,
            prompt=(),
            max_tokens=self._max_tokens(),
            stop=self.stops,
            temperature=manner.temperature,
            top_p=_TOP_P if manner.temperature else 1.0,
            priority=manner.priority,
            logprobs=info.supports_logprobs,
        )

    def _checked(self, document: Document, cursor: Cursor, prepared: Prepared, made: Suggestion) -> Checked:
        window = prepared.window
        opens = starts_block(window) and bool(window.left.strip())
        seen = [part.text for part in prepared.prompt.parts if part.kind == "slot"]
        return self._checker.check(document, cursor, made.text, made.replace_right, opens=opens, seen=seen)

    def _max_tokens(self) -> int:
        return self._settings().max_tokens or self._engine.info.completion_tokens

    def _gate(self) -> float:
        """The confidence that an unasked suggestion needs in code."""
        least = self._settings().min_confidence
        return least if least >= 0 else self._engine.info.gate or 0.0


def _trimmed(request_id: str, prepared: Prepared, limits: TrimLimits, answer: Answer) -> Suggestion:
    n_forced = len(prepared.prompt.forced_prefix)
    is_cut = answer.finish_reason == "length"
    trimmed = trim(answer.raw[n_forced:], prepared.window, limits, finished=True, truncated=is_cut)
    confidence = answer.given_up_at
    if confidence is None:
        confidence = confidence_in(answer.tokens, n_forced, trimmed.text)
    return Suggestion(
        id=request_id,
        text=trimmed.text,
        sources=prepared.sources,
        usage=answer.usage,
        drop_reason=trimmed.reason,
        replace_right=trimmed.replace_right,
        confidence=confidence,
    )


def _judged(made: Suggestion, checked: Checked, least: float, manner: Manner) -> Suggestion:
    """The suggestion as far as it was found sound; who asked for it sees it whole, behind others.

    least: the confidence that it needs in code.
    """
    if checked.unknown and not manner.invoked:
        return replace(made, text="", drop_reason=f"it uses a name that nobody knows ({checked.unknown})")
    trust = checked.trust * (_UNKNOWN_NAME if checked.unknown else 1.0)
    confidence = None if made.confidence is None else made.confidence * trust
    reason = low_confidence(confidence, least_confidence(least, checked.prose))
    return replace(made, text="" if reason else checked.text, confidence=confidence, drop_reason=reason)
