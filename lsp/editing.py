"""What the editor's documents tell the core of the user's work: which are open, and where they are edited."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from lsprotocol import types

from codeassist.next_edit.history import LineChange
from lsp.documents import Document, DocumentStore
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

    def edited(
        self, uri: str, changes: Sequence[types.TextDocumentContentChangeEvent], before: Document | None = None
    ) -> None:
        """A document was edited; a change without a range is a new text. before: the document as it was."""
        if uri not in self._followed:
            return
        assistant, path = self._followed[uri]
        after = self._documents().find(uri)
        lines = _lines_changed(before, after, changes) if before is not None and after is not None else None
        if before is not None and after is not None and lines is not None:
            assistant.next_edits.history.changed(path, before.lines, after.lines, lines)
        for change in changes:
            if not isinstance(change, types.TextDocumentContentChangePartial):
                self.opened(uri)
                continue
            start, end = change.range.start.line, change.range.end.line + 1
            assistant.activity.edited(path, start, end, change.text.count("\n") + 1)
            assistant.edited(path, change.text)

    def closed(self, uri: str) -> None:
        """A document is no longer open."""
        if uri in self._followed:
            assistant, path = self._followed.pop(uri)
            assistant.activity.closed(path)
            assistant.next_edits.history.forget(path)

    def open_beside(self, assistant: Assistant) -> dict[str, Document]:
        """The open documents of an assistant by their paths, as they are now."""
        owned = ((path, uri) for uri, (owner, path) in self._followed.items() if owner is assistant)
        found = ((path, self._documents().find(uri)) for path, uri in owned)
        return {path: document for path, document in found if document is not None}

    def _text(self, uri: str) -> str:
        """The text as the core counts its lines; "" once the document is closed."""
        document = self._documents().find(uri)
        return document.text.replace("\r\n", "\n").replace("\r", "\n") if document else ""


def _lines_changed(
    before: Document, after: Document, changes: Sequence[types.TextDocumentContentChangeEvent]
) -> LineChange | None:
    """Which lines became others. One change says so itself; of several, lines are compared. None where none did."""
    old, new = before.lines, after.lines
    if len(changes) == 1 and isinstance(changes[0], types.TextDocumentContentChangePartial):
        span = changes[0].range
        start, last = sorted((min(span.start.line, len(old) - 1), min(span.end.line, len(old) - 1)))
        return LineChange(start, last + 1, len(new) - len(old) + last + 1 - start)
    n = min(len(old), len(new))
    start = next((at for at in range(n) if old[at] != new[at]), n)
    kept = next((at for at in range(n - start) if old[-1 - at] != new[-1 - at]), n - start)
    if start == len(old) == len(new):
        return None
    return LineChange(start, len(old) - kept, len(new) - kept - start)
