"""Suggestions that are still good: the user typed into one, or took a few characters back."""

from __future__ import annotations

import dataclasses
from collections import deque
from dataclasses import dataclass

from codeassist.types import Document, Suggestion

# Each holds a copy of its document's text.
_KEPT = 16
# Taking back more than this is a change of mind, not a correction.
_MAX_BACKSPACES = 12


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

    def reuse(self, document: Document, offset: int, *, invoked: bool = False) -> Suggestion | None:
        """What remains of an earlier suggestion at this offset, or None. What was shown only because the user asked is
        not shown unasked, for it never passed the gate, until the user types along."""
        before, after = document.text[:offset], document.text[offset:]
        for entry in self._entries:
            if entry.path == document.path and entry.after == after:
                text = _remaining(entry, before)
                if text and (invoked or not entry.invoked or len(before) > len(entry.before)):
                    return dataclasses.replace(entry.suggestion, text=text, ms={}, from_cache=True)
        return None


def _remaining(entry: _Entry, before: str) -> str:
    if before.startswith(entry.before):
        typed = before[len(entry.before) :]
        return entry.suggestion.text[len(typed) :] if entry.suggestion.text.startswith(typed) else ""
    removed = entry.before[len(before) :]
    if entry.before.startswith(before) and len(removed) <= _MAX_BACKSPACES and "\n" not in removed:
        return removed + entry.suggestion.text
    return ""
