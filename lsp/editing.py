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
    """Passes on what happens to documents. Before an assistant is there nothing is kept but what is open."""

    def __init__(self, documents: Callable[[], DocumentStore]) -> None:
        self._documents = documents
        self._assistant: Assistant | None = None
        self._paths: dict[str, str] = {}

    def follow(self, assistant: Assistant) -> None:
        """Tell this assistant from now on; first of what is open already."""
        self._assistant = assistant
        for uri in self._documents().uris():
            self.opened(uri)

    def opened(self, uri: str) -> None:
        """A document is open, or has another text as a whole."""
        if self._assistant is not None:
            path = self._paths[uri] = self._assistant.relative(path_of(uri))
            self._assistant.activity.opened(path, lambda: self._text(uri))

    def edited(self, uri: str, changes: Iterable[types.TextDocumentContentChangeEvent]) -> None:
        """A document was edited; a change without a range is a new text."""
        path = self._paths.get(uri)
        if self._assistant is None or path is None:
            return
        for change in changes:
            if not isinstance(change, types.TextDocumentContentChangePartial):
                self.opened(uri)
                continue
            start, end = change.range.start.line, change.range.end.line + 1
            self._assistant.activity.edited(path, start, end, change.text.count("\n") + 1)

    def closed(self, uri: str) -> None:
        """A document is no longer open."""
        path = self._paths.pop(uri, None)
        if self._assistant is not None and path is not None:
            self._assistant.activity.closed(path)

    def _text(self, uri: str) -> str:
        """The text as the core counts its lines; "" once the document is closed."""
        document = self._documents().find(uri)
        return document.text.replace("\r\n", "\n").replace("\r", "\n") if document else ""
