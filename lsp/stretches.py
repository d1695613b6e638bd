"""Places in a text that is being edited. Pure; cursors count code points, texts have LF line ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lsprotocol import types

from codeassist.types import Cursor
from lsp.documents import Document


@dataclass(frozen=True, slots=True)
class Edit:
    """`text` in place of start..end."""

    start: Cursor
    end: Cursor
    text: str

    @property
    def inserted_end(self) -> Cursor:
        """Where the inserted text ends."""
        return moved_by(self.start, self.text)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a text that is followed through edits; what is inserted right before or behind it is not part of it."""

    start: Cursor
    end: Cursor

    def after(self, edit: Edit) -> Stretch | None:
        """Where it is after an edit; None when something else was put in the place of it and of what is around it."""
        is_covered = not before(self.start, edit.start) and not before(edit.end, self.end)
        if (
            is_covered
            and edit.text
            and before(self.start, self.end)
            and (edit.start, edit.end) != (self.start, self.end)
        ):
            return None
        if before(self.start, edit.end):
            start = edit.inserted_end if before(edit.start, self.start) else self.start
        else:
            start = _shifted(self.start, edit)
        if before(edit.start, self.end):
            end = edit.start if before(self.end, edit.end) else _shifted(self.end, edit)
        else:
            end = self.end
        return Stretch(start, end if before(start, end) else start)


def edits_of(document: Document, changes: Sequence[types.TextDocumentContentChangeEvent]) -> list[Edit]:
    """The changes that lead on from this version, one after the other; a new text as a whole is the least one."""
    edits = []
    for change in changes:
        following = document.edited(document.version, (change,)) if _is_whole(change) or len(changes) > 1 else document
        if isinstance(change, types.TextDocumentContentChangePartial):
            ends = document.cursor(change.range.start), document.cursor(change.range.end)
            first, last = sorted(ends, key=_order)
            edits.append(Edit(first, last, with_lf(change.text)))
        else:
            edits.append(least_edit(document.lines, following.lines))
        document = following
    return [edit for edit in edits if edit.text or edit.start != edit.end]


def least_edit(old: Sequence[str], new: Sequence[str]) -> Edit:
    """The one edit that leads from some lines to others and leaves the most at both ends as it is."""
    n_above = min(_n_common(old, new), len(old) - 1, len(new) - 1)
    n_below = min(_n_common(old[::-1], new[::-1]), len(old) - n_above, len(new) - n_above)
    before_text = with_lf("".join(old[n_above : len(old) - n_below]))
    after_text = with_lf("".join(new[n_above : len(new) - n_below]))
    n_left = _n_common(before_text, after_text)
    n_right = min(_n_common(before_text[::-1], after_text[::-1]), len(before_text) - n_left, len(after_text) - n_left)
    start = moved_by(Cursor(n_above, 0), before_text[:n_left])
    end = moved_by(start, before_text[n_left : len(before_text) - n_right])
    return Edit(start, end, after_text[n_left : len(after_text) - n_right])


def text_between(document: Document, start: Cursor, end: Cursor) -> str:
    """What stands from start to end; "" where that is nowhere."""
    if not before(start, end) or end.line >= len(document.lines):
        return ""
    lines = list(document.lines[start.line : end.line + 1])
    lines[-1] = lines[-1][: end.column]
    lines[0] = lines[0][start.column :]
    return with_lf("".join(lines))


def moved_by(cursor: Cursor, text: str) -> Cursor:
    """The cursor behind a text that begins at this one."""
    *above, last = text.split("\n")
    return Cursor(cursor.line + len(above), len(last) if above else cursor.column + len(last))


def before(first: Cursor, second: Cursor) -> bool:
    """Whether one cursor is strictly before the other."""
    return _order(first) < _order(second)


def with_lf(text: str) -> str:
    """The text with LF line ends."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _is_whole(change: types.TextDocumentContentChangeEvent) -> bool:
    return not isinstance(change, types.TextDocumentContentChangePartial)


def _n_common(first: Sequence[str], second: Sequence[str]) -> int:
    """How many items from the start are the same."""
    pairs = zip(first, second, strict=False)
    return next((index for index, (one, other) in enumerate(pairs) if one != other), min(len(first), len(second)))


def _shifted(cursor: Cursor, edit: Edit) -> Cursor:
    """Where a cursor at or behind the end of an edit is after it."""
    end = edit.inserted_end
    column = end.column + cursor.column - edit.end.column if cursor.line == edit.end.line else cursor.column
    return replace(cursor, line=cursor.line + end.line - edit.end.line, column=column)


def _order(cursor: Cursor) -> tuple[int, int]:
    return cursor.line, cursor.column
