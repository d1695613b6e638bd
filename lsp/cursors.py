"""Where the user was last in each document, as far as the editor has let it be known."""

from __future__ import annotations

from collections.abc import Sequence

from lsprotocol import types

from codeassist.types import Cursor
from lsp.documents import Document
from lsp.positions import character_of, split_lines


class Cursors:
    """The last place by document: that of a request, or the end of an edit."""

    def __init__(self) -> None:
        self._positions: dict[str, types.Position] = {}

    def asked(self, uri: str, position: types.Position) -> None:
        """Something was asked for at this place."""
        self._positions[uri] = position

    def edited(self, document: Document, changes: Sequence[types.TextDocumentContentChangeEvent]) -> None:
        """These changes led to this version; one without a range says nothing of the place."""
        if changes and isinstance(change := changes[-1], types.TextDocumentContentChangePartial):
            self._positions[document.uri] = end_of_insertion(document, change)

    def closed(self, uri: str) -> None:
        """Forget a document."""
        self._positions.pop(uri, None)

    def of(self, document: Document) -> Cursor:
        """The last place in a document; its end where none is known."""
        last = types.Position(line=len(document.lines), character=0)
        return document.cursor(self._positions.get(document.uri, last))


def end_of_insertion(document: Document, change: types.TextDocumentContentChangePartial) -> types.Position:
    """Where a change's text ends, in the client's units."""
    *above, last = split_lines(change.text)
    start = change.range.start
    before = 0 if above else start.character
    character = before + character_of(last, len(last), document.encoding)
    return types.Position(line=start.line + len(above), character=character)
