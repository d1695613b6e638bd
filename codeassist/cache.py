"""Suggestions that are still good: the user typed into one, or took back some of what was typed into it."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, replace

from codeassist.right_side import closers_taken
from codeassist.types import Document, Suggestion

# Each holds a copy of its document's text.
_KEPT = 16
# What an editor closes by itself while one types into a suggestion.
_CLOSERS, _MAX_CLOSED = ")]}\"'`", 3


@dataclass(frozen=True, slots=True)
class _Entry:
    path: str
    before: str
    after: str
    suggestion: Suggestion
    invoked: bool


class SuggestionCache:
    """The last suggestions, newest first. One event loop uses it; no locks."""

    def __init__(self) -> None:
        self._entries: deque[_Entry] = deque(maxlen=_KEPT)

    def store(self, document: Document, offset: int, suggestion: Suggestion, *, invoked: bool = False) -> None:
        """Remember what was suggested at this offset of the text. invoked: only because the user asked."""
        before, after = document.text[:offset], document.text[offset:]
        self._entries.appendleft(_Entry(document.path, before, after, suggestion, invoked))

    def keep_current(self, edited: Collection[str]) -> None:
        """Forget what was suggested in other documents than those that were edited since, whose text it knows."""
        if edited:
            kept = (entry for entry in self._entries if all(path == entry.path for path in edited))
            self._entries = deque(kept, maxlen=_KEPT)

    def reuse(self, document: Document, offset: int, *, invoked: bool = False) -> Suggestion | None:
        """What remains of an earlier suggestion at this offset, or None. What was shown only because the user asked is
        not shown unasked, for it never passed the gate, until the user types along."""
        before, after = document.text[:offset], document.text[offset:]
        for entry in self._entries:
            if entry.path != document.path or not after.endswith(entry.after):
                continue
            text = _remaining(entry, before)
            closed = after[: len(after) - len(entry.after)]
            if text and (invoked or not entry.invoked or len(before) > len(entry.before)):
                rest = replace(entry.suggestion, text=text, ms={}, from_cache=True)
                left = before[before.rfind("\n") + 1 :]
                rest = _behind_closed(rest, left, closed) if closed else rest
                if rest.text:
                    return rest
        return None


def _behind_closed(rest: Suggestion, left: str, closed: str) -> Suggestion:
    """What is left of a suggestion where an editor has closed by itself what was typed along; no text where what stands
    right of the cursor is something else. left: the cursor's line up to the cursor."""
    is_closer = len(closed) <= _MAX_CLOSED and all(character in _CLOSERS for character in closed)
    if is_closer and closers_taken(left, rest.text, closed) == len(closed):
        return replace(rest, replace_right=rest.replace_right + len(closed))
    is_at_end = is_closer and rest.text.endswith(closed) and "\n" not in rest.text
    return replace(rest, text=rest.text.removesuffix(closed) if is_at_end else "")


def _remaining(entry: _Entry, before: str) -> str:
    """Nothing once more is deleted than was typed into it: who deletes has no use for the same again."""
    if not before.startswith(entry.before):
        return ""
    typed = before[len(entry.before) :]
    return entry.suggestion.text[len(typed) :] if entry.suggestion.text.startswith(typed) else ""
