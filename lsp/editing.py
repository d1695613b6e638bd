"""What the editor's documents tell the core of the user's work: which are open, and where they are edited."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from lsprotocol import types

from lsp.documents import DocumentStore
from lsp.workspace import path_of

if TYPE_CHECKING:
    from codeassist.assistant import Assistant


class Editing:
    """Passes on what happens to documents, each to the assistant that it belongs to.

    Of a document whose assistant is not there yet nothing is kept but that it is open.
    """

    def __init__(
        self,
        documents: Callable[[], DocumentStore],
        owner: Callable[[str], Assistant | None],
        prepare: Callable[[Assistant, str, str], None],
    ) -> None:
        """owner: the assistant that a document, named by its URI, belongs to now. prepare: has an assistant look up, in
        the background, what a document needs (its path and text).
        """
        self._documents = documents
        self._owner = owner
        self._prepare = prepare
        self._followed: dict[str, tuple[Assistant, str]] = {}

    def settle(self) -> None:
        """Folders came or went: open documents may belong to other assistants than before."""
        for uri in self._documents().uris():
            assistant, _ = self._followed.get(uri, (None, ""))
            if assistant is not self._owner(uri):
                self.closed(uri)
                self.opened(uri)

    def opened(self, uri: str) -> None:
        """A document is open, or has another text as a whole."""
        assistant = self._owner(uri)
        if assistant is not None:
            path = assistant.relative(path_of(uri))
            if uri not in self._followed:
                self._prepare(assistant, path, self._text(uri))
            self._followed[uri] = assistant, path
            assistant.activity.opened(path, lambda: self._text(uri))

    def edited(self, uri: str, changes: Iterable[types.TextDocumentContentChangeEvent]) -> None:
        """A document was edited; a change without a range is a new text."""
        if uri not in self._followed:
            return
        assistant, path = self._followed[uri]
        for change in changes:
            if not isinstance(change, types.TextDocumentContentChangePartial):
                self.opened(uri)
                continue
            start, end = change.range.start.line, change.range.end.line + 1
            assistant.activity.edited(path, start, end, change.text.count("\n") + 1)
            assistant.edited(change.text)

    def closed(self, uri: str) -> None:
        """A document is no longer open."""
        if uri in self._followed:
            assistant, path = self._followed.pop(uri)
            assistant.activity.closed(path)

    def _text(self, uri: str) -> str:
        """The text as the core counts its lines; "" once the document is closed."""
        document = self._documents().find(uri)
        return document.text.replace("\r\n", "\n").replace("\r", "\n") if document else ""
