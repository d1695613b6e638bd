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
        """Where it is after an edit; None when something else was put in the place of more than the whole of it."""
        if before(edit.start, self.start) and before(self.end, edit.end) and edit.text:
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


def edits_of(document: Document, changes: Sequence[types.TextDocumentContentChangeEvent]) -> list[Edit] | None:
    """The changes that lead on from this version, one after the other; None when the text is replaced as a whole."""
    edits = []
    for change in changes:
        if not isinstance(change, types.TextDocumentContentChangePartial):
            return None
        first, last = sorted((document.cursor(change.range.start), document.cursor(change.range.end)), key=_order)
        edits.append(Edit(first, last, with_lf(change.text)))
        if len(changes) > 1:
            document = document.edited(document.version, (change,))
    return edits


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


def _shifted(cursor: Cursor, edit: Edit) -> Cursor:
    """Where a cursor at or behind the end of an edit is after it."""
    end = edit.inserted_end
    column = end.column + cursor.column - edit.end.column if cursor.line == edit.end.line else cursor.column
    return replace(cursor, line=cursor.line + end.line - edit.end.line, column=column)


def _order(cursor: Cursor) -> tuple[int, int]:
    return cursor.line, cursor.column
