"""The keystroke line: document and cursor in, suggestion out."""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from codeassist.alternatives import distinct
from codeassist.asking import OTHER_TEMPERATURE, Asker, Manner
from codeassist.cache import SuggestionCache
from codeassist.checking import Checker, KnownNames
from codeassist.documents import offset_of
from codeassist.errors import EngineError, ModelError
from codeassist.fim import find_template
from codeassist.gap_whereabouts import Repository
from codeassist.gaps import GapFiller
from codeassist.gate import skip_reason
from codeassist.generation import Answer, ms_since, read
from codeassist.outcomes import log_outcome
from codeassist.pipeline import Pipeline, Prepared
from codeassist.protocols import Engine, Tokenizer
from codeassist.right_side import in_place_of, rest_of_word
from codeassist.settings import CompletionSettings
from codeassist.types import Cursor, Document, Explanation, GenerationRequest, Priority, Suggestion
from codeassist.window import Window
from indexer.types import Retriever

logger = logging.getLogger(__name__)

Withheld = Callable[[Document], str | None]


def _nothing_withheld(_document: Document) -> str | None:
    return None


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
        known_names: KnownNames | None = None,
        repository: Repository | None = None,
        adapter: Callable[[], str] = str,
    ) -> None:
        """withheld: why no model may see a document, or None. known_names: those of some names that the repository has,
        None where nobody can tell. repository: what bare texts are matched to. These are called in threads. adapter:
        which one the engine's next answer is made with, "" for none. Raises ConfigError for an unknown template."""
        self._engine = engine
        self._tokenizer = tokenizer
        self._settings = settings
        template = find_template(engine.info.template)
        self._withheld = withheld
        self._checker = Checker(known_names)
        self._asker = Asker(engine, template, self._checker, lambda: self._settings)

        def make_pipeline(retriever: Retriever | None) -> Pipeline:
            return Pipeline(
                tokenizer,
                template,
                retriever,
                settings.retrieve_deadline_ms,
                heals=engine.info.supports_forced_prefix,
                is_exact=engine.info.tokenizer is not None,
            )

        self._pipeline = make_pipeline(retriever)
        self.gaps = GapFiller(engine, self._asker, make_pipeline, retriever, repository or Repository())
        self._adapter = adapter
        self._made_with = ""
        self._cache = SuggestionCache()
        self._ids = itertools.count(1)

    def asks_engine(self, document: Document, cursor: Cursor) -> bool:
        """Whether an unasked request here would reach the engine, as far as that can be told at once. Raises
        CursorError."""
        offset = offset_of(document, cursor)
        end = document.text.find("\n", offset)
        right = document.text[offset : end if end >= 0 else len(document.text)]
        is_skipped = self._off_reason(document) or skip_reason(document.text[offset - cursor.column : offset], right)
        return not is_skipped and not self.can_reuse(document, cursor)

    def edited_since(self, paths: Collection[str]) -> None:
        """These documents were edited: what is suggested in others may have to be another thing now."""
        self._current_cache().keep_current(paths)

    def can_reuse(self, document: Document, cursor: Cursor) -> bool:
        """Whether an earlier suggestion answers an unasked request here. Raises CursorError."""
        offset = offset_of(document, cursor)
        return self._engine.status.state == "ready" and self._current_cache().reuse(document, offset) is not None

    async def complete(self, document: Document, cursor: Cursor, *, invoked: bool = False) -> Suggestion:
        """What to suggest. invoked: the user asked, so it is shown where typing alone would not be disturbed.

        Raises CursorError. Everything else that goes wrong is a `drop_reason`. Cancelling aborts the generation.
        """
        return await self._complete(document, cursor, Manner(invoked))

    async def complete_ahead(self, document: Document, cursor: Cursor) -> Suggestion:
        """The same for a text that may come to be, after everybody else; only what the cache then holds is of use."""
        return await self._complete(document, cursor, Manner(priority=Priority.AHEAD))

    async def alternatives(self, document: Document, cursor: Cursor, limit: int) -> list[Suggestion]:
        """Different suggestions for a user who asked, best first; one without text when there is none.

        Raises CursorError. Cancelling aborts all of them.
        """
        started = time.perf_counter()
        offset, cache = offset_of(document, cursor), self._current_cache()
        others = [Manner(invoked=True, temperature=OTHER_TEMPERATURE)] * (limit - 1)
        manners = [Manner(invoked=True), *others]
        made = distinct(await self._made(document, cursor, manners))
        suggestions = [replace(one, ms={**one.ms, "total": ms_since(started)}) for one in made]
        for suggestion in reversed(suggestions):
            log_outcome(document, cursor, suggestion)
            if suggestion.text:
                cache.store(document, offset, suggestion, invoked=True)
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
        request = self._asker.fill(GenerationRequest(request_id, (), 1, priority=Priority.AHEAD), prepared)
        try:
            await read(self._engine, replace(request, max_tokens=1, forced_prefix=""), Answer(), lambda *_: True)
        except (EngineError, ModelError) as error:
            logger.info("%s %s: %s", request_id, document.path, error)
        await asyncio.to_thread(self._checker.follow, document)

    def configure(self, settings: CompletionSettings) -> None:
        """Take other settings from the next request on; what was made by the old ones is not shown again."""
        self._settings, self._cache = settings, SuggestionCache()
        self._pipeline.deadline_ms = settings.retrieve_deadline_ms
        self.gaps.configure(settings.retrieve_deadline_ms)

    async def explain(self, document: Document, cursor: Cursor, *, invoked: bool = False) -> Explanation:
        """What `complete` would send. Raises CursorError."""
        offset_of(document, cursor)
        prepared = await asyncio.to_thread(self._prepare, document, cursor)
        if isinstance(prepared, str):
            return Explanation.of_nothing(prepared)
        budgets = self._asker.budgets()
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

    def close(self) -> None:
        """Stop the worker threads."""
        self._pipeline.close()
        self.gaps.close()

    async def _complete(self, document: Document, cursor: Cursor, manner: Manner) -> Suggestion:
        started = time.perf_counter()
        offset, cache = offset_of(document, cursor), self._current_cache()
        is_ready = self._engine.status.state == "ready"
        suggestion = cache.reuse(document, offset, invoked=manner.invoked) if is_ready else None
        if suggestion is None:
            (suggestion,) = await self._made(document, cursor, [manner])
            if suggestion.text:
                cache.store(document, offset, suggestion, invoked=manner.invoked)
        suggestion = replace(suggestion, ms={**suggestion.ms, "total": ms_since(started)})
        log_outcome(document, cursor, suggestion)
        return suggestion

    def _current_cache(self) -> SuggestionCache:
        """What was suggested with the adapter that the next request is for; that of another one is forgotten."""
        adapter = self._adapter()
        if adapter != self._made_with:
            self._made_with, self._cache = adapter, SuggestionCache()
        return self._cache

    async def _made(self, document: Document, cursor: Cursor, manners: Sequence[Manner]) -> list[Suggestion]:
        """One suggestion for each manner, of which all or none are invoked. Inside of a word, that is completed."""
        offset = offset_of(document, cursor)
        rest = rest_of_word(document.text, offset) if manners[0].invoked else ""
        asked = replace(document, text=document.text[:offset] + document.text[offset + len(rest) :])
        prepared = await asyncio.to_thread(self._prepare, asked, cursor)
        made = await asyncio.gather(*(self._ask(asked, cursor, prepared, manner) for manner in manners))
        return [in_place_of(rest, one) for one in made]

    async def _ask(self, document: Document, cursor: Cursor, prepared: Prepared | str, manner: Manner) -> Suggestion:
        request_id = f"{'ahead' if manner.priority == Priority.AHEAD else 'complete'}-{next(self._ids)}"
        if isinstance(prepared, str):
            return Suggestion(request_id, "", drop_reason=prepared)
        reason = self._skip_reason(document, prepared.window, invoked=manner.invoked)
        if reason:
            return Suggestion(request_id, "", prepared.sources, ms=prepared.ms, drop_reason=reason)
        return await self._asker.ask(request_id, document, cursor, prepared, manner)

    def _prepare(self, document: Document, cursor: Cursor) -> Prepared | str:
        """The prompt, or why no model may see the document. Blocks; one visit to a thread costs a keystroke enough."""
        return self._withheld(document) or self._pipeline.prepare(document, cursor, self._asker.budgets())

    def _skip_reason(self, document: Document, window: Window, *, invoked: bool) -> str | None:
        return self._off_reason(document) or (None if invoked else skip_reason(window.left, window.right))

    def _off_reason(self, document: Document) -> str | None:
        if not self._settings.enabled:
            return "suggestions are off (completion.enabled)"
        if document.language in self._settings.languages_off:
            return f"suggestions are off for {document.language} (completion.languages_off)"
        return None
