"""Ghost text as an editor wants it: when to ask for it, what to have ready before it is asked for, and what came of it.

An unasked request waits until the user has likely stopped typing (`rhythm`), unless an earlier suggestion still answers
it. Once a suggestion is shown and no key comes, what would follow it is computed, so that it is there after Tab.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from codeassist.completion import Completer
from codeassist.documents import offset_of
from codeassist.errand import Errand
from codeassist.gate import after_accepting
from codeassist.outcomes import Outcomes
from codeassist.restraint import Restraint, little_reason
from codeassist.rhythm import Rhythm
from codeassist.settings import CompletionSettings
from codeassist.types import Cursor, Document, Outcome, Suggestion

# Suggestions that may still be told to have been accepted.
_REMEMBERED = 32


@dataclass(frozen=True, slots=True)
class Shown:
    """A suggestion where it was shown: the document with it in place, and the cursor behind it.

    text: what is new. before: everything up to the cursor behind it.
    """

    text: str
    document: Document
    cursor: Cursor
    before: str


class GhostText:
    """The ghost text of one workspace. One event loop owns it."""

    def __init__(
        self,
        completer: Callable[[], Awaitable[Completer]],
        settings: Callable[[], CompletionSettings],
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """clock: seconds, never backwards. sleep: waits so many of them."""
        self.outcomes = Outcomes()
        self._completer = completer
        self._settings = settings
        self._sleep = sleep
        self._rhythm = Rhythm(clock)
        self._restraint = Restraint()
        self._shown: OrderedDict[str, Shown] = OrderedDict()
        self._accepted: Shown | None = None
        self._n_asking = 0
        self._edited: set[str] = set()
        self._warm_line: tuple[str, int] | None = None
        self._warming, self._following = Errand(), Errand()
        self._followed: Shown | None = None
        self._found_ahead: Suggestion | None = None

    def edited(self, path: str, inserted: str) -> None:
        """A document was edited: somebody types, or accepts what is shown. inserted: what the edit put in."""
        self._edited.add(path)
        self._restraint.edited(inserted)
        shown = self._last_shown()
        if shown is not None and shown.text and inserted.replace("\r\n", "\n") == shown.text and len(inserted) > 1:
            self._accepted = shown
            return  # What is computed now is what the user wants next.
        self._rhythm.key()
        self._following.stop()
        self._followed = None

    def accepted(self, suggestion_id: str) -> None:
        """The user took a suggestion as a whole."""
        self._accepted = self._shown.get(suggestion_id, self._accepted)

    async def suggestions(self, document: Document, cursor: Cursor, *, invoked: bool) -> list[Suggestion]:
        """What to show, best first; at most one where the user has not asked. Raises CursorError."""
        completer = await self._completer()
        completer.edited_since(self._edited)
        self._edited.clear()
        self._n_asking += 1
        try:
            if invoked:
                found = await completer.alternatives(document, cursor, self._settings().alternatives)
            else:
                found = [await self._restrained(completer, document, cursor)]
        finally:
            self._n_asking -= 1
        self.outcomes.note(document, cursor, found[0])
        shown = [one for one in found if one.text]
        for one in reversed(shown):
            self._remember(document, cursor, one)
        if shown and not invoked and self._settings().ahead:
            self._follow(completer)
        return shown

    async def prewarm(self, document: Document, cursor: Cursor) -> None:
        """Have the prompt for this cursor computed before the first key. Raises CursorError."""
        await (await self._completer()).prewarm(document, cursor)

    def last(self, path: str | None) -> Outcome | None:
        """What the last request in a document came to, in any document for None."""
        return self.outcomes.last(path)

    async def close(self) -> None:
        """Stop what runs in the background."""
        await self._warming.close()
        await self._following.close()

    async def _restrained(self, completer: Completer, document: Document, cursor: Cursor) -> Suggestion:
        """A suggestion, unless the last keys say that it would only be in the way."""
        before = document.text[: offset_of(document, cursor)]
        reason = self._restraint.word_reason(document.path, before)
        if reason:
            return Suggestion("", "", drop_reason=reason)
        suggestion = await self._unasked(completer, document, cursor)
        reason = little_reason(suggestion) or self._taken_back_reason(document, before, suggestion)
        if reason:
            return replace(suggestion, text="", drop_reason=reason)
        if suggestion.text:
            self._restraint.shown(before, suggestion)
        return suggestion

    async def _unasked(self, completer: Completer, document: Document, cursor: Cursor) -> Suggestion:
        waited_ms, suggestion = 0.0, None
        if self._followed is not None and _is_at(self._followed, document, cursor):
            suggestion = await self._known_ahead()
        elif completer.asks_engine(document, cursor):
            waited_ms = await self._pause(completer, document, cursor)
        suggestion = suggestion or await completer.complete(document, cursor)
        if not suggestion.from_cache and suggestion.usage.completion_tokens:
            ms = suggestion.ms
            self._rhythm.answered(ms.get("first_token", 0.0) + ms.get("decode", 0.0))
        noted = replace(suggestion, ms={"wait": waited_ms, **suggestion.ms})
        return self._unless_accepted(document, cursor, noted)

    async def _known_ahead(self) -> Suggestion | None:
        """That nothing follows what was accepted, where that is known; what does follow, the completer has."""
        await self._following.done()
        found = self._found_ahead
        is_nothing = found is not None and not found.text and found.usage.completion_tokens > 0
        return replace(found, ms={}, from_cache=True) if found is not None and is_nothing else None

    async def _pause(self, completer: Completer, document: Document, cursor: Cursor) -> float:
        """Wait until the user has likely stopped typing; a new line's prompt is computed meanwhile. The wait in ms."""
        wait_ms = self._rhythm.wait_ms(self._settings().debounce_ms, self._restraint.pause_ms)
        if wait_ms <= 0:
            return 0.0
        place = (document.path, cursor.line)
        if place != self._warm_line and not _left_of(document, cursor).strip():
            self._warming.start(completer.prewarm(document, cursor))
        self._warm_line = place
        await self._sleep(wait_ms / 1000)
        return wait_ms

    def _taken_back_reason(self, document: Document, before: str, suggestion: Suggestion) -> str | None:
        """Why not to offer again what was accepted here and deleted or undone, or None."""
        accepted = self._accepted
        is_same = accepted is not None and accepted.text == suggestion.text and suggestion.text != ""
        is_here = accepted is not None and (document.path, before + suggestion.text) == (
            accepted.document.path,
            accepted.before,
        )
        return "it was just accepted and taken back" if is_same and is_here else None

    def _unless_accepted(self, document: Document, cursor: Cursor, suggestion: Suggestion) -> Suggestion:
        """Not what goes on with a line that the user has just had finished."""
        if self._accepted is None or not _is_at(self._accepted, document, cursor):
            return suggestion
        reason = after_accepting(_left_of(document, cursor), suggestion.text)
        return replace(suggestion, text="", drop_reason=reason) if reason else suggestion

    def _remember(self, document: Document, cursor: Cursor, suggestion: Suggestion) -> None:
        self._shown[suggestion.id] = shown_at(document, cursor, suggestion)
        self._shown.move_to_end(suggestion.id)
        while len(self._shown) > _REMEMBERED:
            self._shown.popitem(last=False)

    def _last_shown(self) -> Shown | None:
        return next(reversed(self._shown.values()), None)

    def _follow(self, completer: Completer) -> None:
        """Compute what follows the suggestion that is shown, once it is likely that no key comes before it is there."""
        shown = self._last_shown()
        if shown is not None and not completer.can_reuse(shown.document, shown.cursor):
            self._following.start(self._computed_ahead(completer, shown))
            self._followed, self._found_ahead = shown, None

    async def _computed_ahead(self, completer: Completer, shown: Shown) -> None:
        await self._sleep(self._rhythm.quiet_ms() / 1000)
        if not self._n_asking:
            self._found_ahead = await completer.complete_ahead(shown.document, shown.cursor)


def shown_at(document: Document, cursor: Cursor, suggestion: Suggestion) -> Shown:
    """A suggestion as it is shown at a cursor that lies inside of the document."""
    offset = offset_of(document, cursor)
    before = document.text[: offset - suggestion.replace_left] + suggestion.text
    after = document.text[offset + suggestion.replace_right :]
    line = before.count("\n")
    behind = Cursor(line, len(before) - (before.rfind("\n") + 1))
    return Shown(suggestion.text, replace(document, text=before + after), behind, before)


def _is_at(shown: Shown, document: Document, cursor: Cursor) -> bool:
    """Whether this is the document with the suggestion taken over, and the cursor behind it."""
    return cursor == shown.cursor and document.path == shown.document.path and document.text == shown.document.text


def _left_of(document: Document, cursor: Cursor) -> str:
    offset = offset_of(document, cursor)
    return document.text[offset - cursor.column : offset]
