"""Sources in which edits are marked: `⟦old⇒new⟧` is done by the user, `‹old⇒new›` is what has to be offered then."""

from __future__ import annotations

import re
from collections.abc import Sequence

from codeassist.documents import make_document
from codeassist.next_edit.editor import NextEditor
from codeassist.next_edit.history import LineChange
from codeassist.next_edit.types import NextEdit
from codeassist.types import Cursor, Document

_MARK = re.compile(r"⟦([^⟧⇒]*)⇒([^⟧⇒]*)⟧|‹([^›⇒]*)⇒([^›⇒]*)›")


class Files:
    """The files that are not open, as the index and the disk would have them."""

    def __init__(self, texts: dict[str, str]) -> None:
        self.texts = texts
        self.n_read = 0

    def paths(self, word: str) -> list[str]:
        return [path for path, text in self.texts.items() if word in text]

    def defining(self, name: str) -> list[str]:
        return [path for path, text in self.texts.items() if re.search(rf"(?:def|class|func|function) {name}\b", text)]

    def document(self, path: str) -> Document | None:
        self.n_read += 1
        return make_document(path, self.texts[path]) if path in self.texts else None


class Editor:
    """Open documents, and a user who edits them."""

    def __init__(self, texts: dict[str, str], closed: dict[str, str] | None = None) -> None:
        self.texts = dict(texts)
        self.files = Files(dict(closed or {}))
        self.next_edits = NextEditor(self.files, clock=lambda: 0.0)
        self.path = next(iter(texts))
        self.cursor = Cursor(0, 0)

    def replace(self, path: str, start: int, end: int, text: str) -> None:
        """One change, as an editor tells it; the cursor is behind it then."""
        old = self.texts[path] if path in self.texts else self.files.texts.pop(path)
        new = old[:start] + text + old[end:]
        first, last = old.count("\n", 0, start), old.count("\n", 0, end)
        change = LineChange(first, last + 1, text.count("\n") + 1)
        before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
        self.next_edits.history.changed(path, _lines(before), _lines(after), change)
        self.texts[path] = new
        self.path = path
        above = new[: start + len(text)]
        self.cursor = Cursor(above.count("\n"), len(above) - above.rfind("\n") - 1)

    def type(self, path: str, start: int, end: int, text: str) -> None:
        """The same letter by letter: first what was there goes, then each letter of the new comes."""
        self.replace(path, start, end, "")
        for at, letter in enumerate(text):
            self.replace(path, start + at, start + at, letter)

    def ask(self, *, invoked: bool = False) -> NextEdit | None:
        documents = {path: make_document(path, text) for path, text in self.texts.items()}
        others = {path: (lambda made=made: made) for path, made in documents.items() if path != self.path}
        return self.next_edits.find(documents[self.path], self.cursor, others, lambda: False, invoked=invoked)

    def accept(self, offer: NextEdit) -> None:
        path = offer.document.path
        start, end = (_offset(offer.document.text, cursor) for cursor in (offer.start, offer.end))
        self.replace(path, start, end, offer.text)
        self.next_edits.offers.accepted(offer.id)


def edited(marked: dict[str, str], closed: Sequence[str] = ()) -> Editor:
    """An editor in which the marked edits were done, in text order and in the order of the documents."""
    before = {path: _MARK.sub(lambda match: match[1] or match[3] or "", text) for path, text in marked.items()}
    opened = {path: text for path, text in before.items() if path not in closed}
    editor = Editor(opened, {path: before[path] for path in closed})
    for path, text in marked.items():
        grown = 0
        for match in _MARK.finditer(text):
            old, new = (match[1] if match[1] is not None else match[3]), match[2] if match[2] is not None else ""
            start = match.start() - grown
            if match[1] is not None:
                editor.type(path, start, start + len(old), new)
                grown += len(match[0]) - len(new)
            else:
                grown += len(match[0]) - len(old)
    return editor


def check(marked: dict[str, str] | str, path: str = "a.py", closed: Sequence[str] = ()) -> Editor:
    """Do the marked edits, take every offer, and compare with the text in which all marks are done."""
    sources = {path: marked} if isinstance(marked, str) else marked
    editor = edited(sources, closed)
    for _ in range(20):
        offer = editor.ask()
        if offer is None:
            break
        editor.accept(offer)
    wanted = {
        name: _MARK.sub(lambda match: match[2] if match[2] is not None else match[4] or "", text)
        for name, text in sources.items()
    }
    assert {**editor.files.texts, **editor.texts} == wanted
    return editor


def _lines(lines: list[str]) -> list[str]:
    return lines if lines and not lines[-1].endswith("\n") else [*lines, ""]


def _offset(text: str, cursor: Cursor) -> int:
    return sum(len(line) + 1 for line in text.split("\n")[: cursor.line]) + cursor.column
