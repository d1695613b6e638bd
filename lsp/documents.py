"""The texts that the editor has open, each a frozen value: an edit replaces it, so a running request keeps what it saw.

A document is kept as its lines. An edit then costs a copy of pointers (some 40 microseconds at 10,000 lines), and a
position is looked up in its own line. pygls's own text documents are not used: they change beneath awaiting handlers
and count form feeds and U+2028 as line ends, which moves every position below.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from lsprotocol import types

from codeassist.errors import DocumentError
from codeassist.types import Cursor
from lsp.positions import (
    Encoding,
    character_of,
    column_of,
    split_lines,
    without_line_end,
    without_lone_surrogates,
)

if TYPE_CHECKING:
    Change = types.TextDocumentContentChangeEvent


@dataclass(frozen=True)
class Document:
    """One version of one open text.

    lines: with their ends; the last has none. Positions are the client's, in `encoding`; cursors count code points.
    """

    uri: str
    version: int
    language_id: str
    lines: tuple[str, ...]
    encoding: Encoding = "utf-16"

    @cached_property
    def text(self) -> str:
        """The whole text, line ends as the editor has them."""
        return "".join(self.lines)

    def cursor(self, position: types.Position) -> Cursor:
        """The cursor nearest to a position: outside of the line or of the document clamps."""
        return _cursor(self.lines, position, self.encoding)

    def position(self, cursor: Cursor) -> types.Position:
        """The client's position of a cursor."""
        line = without_line_end(self.lines[cursor.line])
        return types.Position(line=cursor.line, character=character_of(line, cursor.column, self.encoding))

    def replaced(self, span: types.Range, text: str) -> Document:
        """The same version as it would be with `text` in place of `span`."""
        change = types.TextDocumentContentChangePartial(range=span, text=text)
        return self.edited(self.version, (change,))

    def edited(self, version: int, changes: Iterable[Change]) -> Document:
        """The next version: changes are applied in order, each to what the one before has left."""
        lines = list(self.lines)
        for change in changes:
            text = without_lone_surrogates(change.text)
            if isinstance(change, types.TextDocumentContentChangePartial):
                first = _cursor(lines, change.range.start, self.encoding)
                last = _cursor(lines, change.range.end, self.encoding)
                start, end = sorted((first, last), key=_in_text_order)
                _splice(lines, start, end, text)
            else:
                lines = split_lines(text)
        return replace(self, version=version, lines=tuple(lines))


class DocumentStore:
    """The open documents by URI; all in the position encoding that client and server agreed on."""

    def __init__(self, encoding: Encoding = "utf-16") -> None:
        self.encoding = encoding
        self._documents: dict[str, Document] = {}

    def get(self, uri: str) -> Document:
        """The current version. Raises DocumentError when the client has not opened it."""
        try:
            return self._documents[uri]
        except KeyError:
            raise DocumentError(f"{uri} is not open: send textDocument/didOpen first") from None

    def find(self, uri: str) -> Document | None:
        """The current version, None when the client has not opened it."""
        return self._documents.get(uri)

    def uris(self) -> list[str]:
        """What is open."""
        return list(self._documents)

    def is_current(self, document: Document) -> bool:
        """Whether this very version is what the editor shows now."""
        return self._documents.get(document.uri) is document

    def open(self, item: types.TextDocumentItem) -> Document:
        """Take over a text; one that is open already is replaced."""
        lines = tuple(split_lines(without_lone_surrogates(item.text)))
        document = Document(item.uri, item.version, item.language_id, lines, self.encoding)
        self._documents[item.uri] = document
        return document

    def change(self, uri: str, version: int, changes: Iterable[Change]) -> Document:
        """Replace a document by its next version. Raises DocumentError when it is not open."""
        document = self.get(uri).edited(version, changes)
        self._documents[uri] = document
        return document

    def close(self, uri: str) -> None:
        """Forget a document; one that is not open is no error."""
        self._documents.pop(uri, None)


def _in_text_order(cursor: Cursor) -> tuple[int, int]:
    return cursor.line, cursor.column


def _cursor(lines: list[str] | tuple[str, ...], position: types.Position, encoding: Encoding) -> Cursor:
    last = len(lines) - 1
    if position.line > last:
        return Cursor(last, len(lines[last]))
    return Cursor(position.line, column_of(without_line_end(lines[position.line]), position.character, encoding))


def _splice(lines: list[str], start: Cursor, end: Cursor, text: str) -> None:
    """Put `text` in place of start..end, in place."""
    first = start.line
    joined = lines[first][: start.column] + text + lines[end.line][end.column :]
    if first > 0 and joined.startswith("\n") and lines[first - 1].endswith("\r"):
        first -= 1  # a carriage return and what now follows it have become one line end
        joined = lines[first] + joined
    pieces = split_lines(joined)
    if end.line < len(lines) - 1:
        pieces.pop()  # the last line replaced had an end, so its successor is still there
    lines[first : end.line + 1] = pieces
