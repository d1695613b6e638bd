"""When the user has just shown not to want what would be suggested. One event loop owns it.

Found in typing that was recorded (`bench.editor replay` notes each key): unasked suggestions that come while somebody
deletes mostly offer what is being deleted, and in a name that nobody can know yet one wrong suggestion follows another.
"""

from __future__ import annotations

import re

from codeassist.types import Suggestion

# From the second deletion in a row on, an answer waits until no key has come for so long.
_DELETING = 2
DELETING_PAUSE_MS = 400.0
# After so many suggestions that were typed over, the word is its author's.
_TYPED_OVER = 2
# Tab is one key, too.
_LEAST_CHARACTERS = 2
_WORD_LEFT = re.compile(r"\w*\Z")
# A longer run of letters and digits is data. The search for its start takes time by the square of what it looks at.
_MAX_WORD = 200


class Restraint:
    """What the last keys say of suggestions."""

    def __init__(self) -> None:
        self._n_deletions = 0
        self._word: tuple[str, str] | None = None
        self._n_typed_over = 0
        self._shown: tuple[str, str] | None = None

    def edited(self, inserted: str) -> None:
        """A document was edited. inserted: what the edit put in, "" when it only took away."""
        self._n_deletions = 0 if inserted else self._n_deletions + 1

    @property
    def pause_ms(self) -> float:
        """How long no key must have come before anything is asked for."""
        return DELETING_PAUSE_MS if self._n_deletions >= _DELETING else 0.0

    def word_reason(self, path: str, before: str) -> str | None:
        """Why nothing is suggested in the word at the cursor, or None. before: the document up to the cursor."""
        word = path, _without_word(before)
        if word != self._word:
            self._word, self._n_typed_over = word, 0
        elif self._shown is not None and _is_typed_over(*self._shown, before):
            self._n_typed_over += 1
        self._shown = None
        is_enough = self._n_typed_over >= _TYPED_OVER
        return f"{self._n_typed_over} suggestions for this word were typed over" if is_enough else None

    def shown(self, before: str, suggestion: Suggestion) -> None:
        """This is suggested at a cursor that `word_reason` was asked about. before: the document up to it."""
        self._shown = before, suggestion.text


def _without_word(before: str) -> str:
    """A text without the word that it ends with."""
    found = _WORD_LEFT.search(before[-_MAX_WORD:])
    return before.removesuffix(found.group()) if found is not None else before


def _is_typed_over(before: str, text: str, now: str) -> bool:
    """Whether what was typed since a suggestion is something else."""
    return now.startswith(before) and len(now) > len(before) and not text.startswith(now[len(before) :])


def little_reason(suggestion: Suggestion) -> str | None:
    """Why a suggestion is not worth its Tab, or None. The rest of one that is typed along stays to its end."""
    is_little = not suggestion.from_cache and 0 < len(suggestion.text.strip()) < _LEAST_CHARACTERS
    return "it would save no key" if is_little else None
