"""Between the editor's text and the core's: where a suggestion is asked for, and where its answer goes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lsprotocol import types

from codeassist.documents import MAX_DOCUMENT_BYTES
from codeassist.errors import DocumentError
from codeassist.types import Cursor, Suggestion
from codeassist.types import Document as CoreDocument
from lsp.documents import Document
from lsp.workspace import path_of

if TYPE_CHECKING:
    from codeassist.assistant import Assistant

BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"

# The editor's language names where the core's are different; used only where the file name says nothing.
_LANGUAGES = {
    "csharp": "c_sharp",
    "javascriptreact": "javascript",
    "plaintext": "",
    "sh": "bash",
    "shellscript": "bash",
    "typescriptreact": "tsx",
}


def core_language(language: str) -> str:
    """The core's name of a language that an editor, or a person, names."""
    return _LANGUAGES.get(language, language)


@dataclass(frozen=True, slots=True)
class Place:
    """A cursor in the text as the core is to see it.

    shown: the editor's document, with the entry that is selected in its completion list put in.
    chosen: that entry's text, which the answer then has to begin with; "" when nothing is selected.
    start, end: what an answer replaces in the editor's own document, `document`.
    """

    document: Document
    shown: Document
    cursor: Cursor
    chosen: str
    start: Cursor
    end: Cursor

    def source(self, assistant: Assistant) -> tuple[CoreDocument, Cursor]:
        """Document and cursor as the core takes them. Raises DocumentError for a text that is too large."""
        text = self.shown.text
        if len(text) > MAX_DOCUMENT_BYTES:
            raise DocumentError(f"{self.shown.uri} is too large to complete in")
        source = assistant.document(path_of(self.shown.uri), text, self.shown.version)
        if not source.language:
            source = replace(source, language=core_language(self.shown.language_id))
        is_after_bom = self.cursor.line == 0 and text.startswith(BOM)
        return source, replace(self.cursor, column=max(0, self.cursor.column - is_after_bom))

    def edit(self, suggestion: Suggestion, newline: str) -> tuple[types.Range, str]:
        """What the editor replaces, on one line, and with what."""
        n_kept = max(0, len(self.chosen) - suggestion.replace_left)
        n_left = max(0, suggestion.replace_left - len(self.chosen))
        start = replace(self.start, column=max(0, self.start.column - n_left))
        end = replace(self.end, column=self.end.column + suggestion.replace_right)
        text = (self.chosen[:n_kept] + suggestion.text).replace("\n", newline)
        return types.Range(start=self.document.position(start), end=self.document.position(end)), text


def place_at(document: Document, position: types.Position) -> Place:
    """The place of a plain cursor."""
    cursor = document.cursor(position)
    return Place(document, document, cursor, "", cursor, cursor)


def place_after(document: Document, selected: types.SelectedCompletionInfo) -> Place:
    """The place behind the selected entry of the completion list, as if it had been accepted."""
    start, end = document.cursor(selected.range.start), document.cursor(selected.range.end)
    shown = document.replaced(selected.range, selected.text)
    cursor = replace(start, column=start.column + len(selected.text))
    return Place(document, shown, cursor, selected.text, start, end)
