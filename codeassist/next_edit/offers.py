"""What was offered, and what the user made of it: a pattern that was not followed stays quiet. Any thread."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from codeassist.next_edit.history import Edit
from codeassist.next_edit.types import NextEdit, Pattern
from codeassist.types import Cursor

# Who asks again within so many lines is still at the same place, or on the way to the one that was offered.
NEAR_LINES = 8


@dataclass(frozen=True, slots=True)
class _Offer:
    """One offer. asked_at: document and line of the cursor. n_edits: how many edits there had been."""

    edit: NextEdit
    asked_at: tuple[str, int]
    n_edits: int
    is_shown: bool = False


class Offers:
    """The last offer, and the patterns that are not offered any more."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: _Offer | None = None
        self._quiet_since: dict[str, int] = {}
        self._following = ""

    @property
    def following(self) -> str:
        """The pattern whose last offer was taken; "" when none was."""
        with self._lock:
            return self._following

    def offered(self, edit: NextEdit, path: str, cursor: Cursor, n_edits: int) -> None:
        """This is offered now, to a cursor in this document."""
        with self._lock:
            self._last = _Offer(edit, (path, cursor.line), n_edits)

    def shown(self, edit_id: str) -> None:
        """It was on the screen. One that is not known any more is no error."""
        with self._lock:
            if self._last is not None and self._last.edit.id == edit_id:
                last = self._last
                self._last = _Offer(last.edit, last.asked_at, last.n_edits, is_shown=True)

    def accepted(self, edit_id: str) -> str:
        """It was taken; the rule that it came from, "" for one that is not known any more."""
        with self._lock:
            if self._last is None or self._last.edit.id != edit_id:
                return ""
            edit, self._last = self._last.edit, None
            self._follow(edit)
            return edit.rule

    def settle(self, path: str, cursor: Cursor, edits: Sequence[Edit], n_edits: int) -> None:
        """Somebody asks again: what became of the last offer?"""
        with self._lock:
            last = self._last
            if last is None:
                return
            new = edits[: max(0, n_edits - last.n_edits)] or edits[:1]
            if any(_does(edit, last.edit) for edit in new):
                self._follow(last.edit)
            elif n_edits > last.n_edits or _is_elsewhere(last, path, cursor):
                if last.is_shown:
                    self._quiet_since[last.edit.pattern] = n_edits
            else:
                return
            self._last = None

    def is_quiet(self, pattern: Pattern, n_edits: int) -> bool:
        """Whether it was turned down, and not been done by hand since then."""
        with self._lock:
            since = self._quiet_since.get(pattern.key)
        return since is not None and n_edits - pattern.age <= since

    def _follow(self, edit: NextEdit) -> None:
        self._following = edit.pattern
        self._quiet_since.pop(edit.pattern, None)


def _does(edit: Edit, offer: NextEdit) -> bool:
    """Whether an edit left the lines that were offered."""
    text = offer.document.text
    lines = text.split("\n")
    first, last = lines[offer.start.line], lines[offer.end.line]
    made = (first[: offer.start.column] + offer.text + last[offer.end.column :]).split("\n")
    return edit.path == offer.document.path and set(edit.after) <= set(made) and bool(edit.after or not offer.text)


def _is_elsewhere(last: _Offer, path: str, cursor: Cursor) -> bool:
    places = (last.asked_at, (last.edit.document.path, last.edit.start.line))
    return not any(path == other and abs(cursor.line - line) <= NEAR_LINES for other, line in places)
