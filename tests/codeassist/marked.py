"""Sources with a cursor mark, and the windows around it."""

from __future__ import annotations

from codeassist.documents import make_document
from codeassist.types import Cursor, Document
from codeassist.window import Window, WindowBudget, cut_window

MARK = "‸"


def marked(source: str, path: str = "pkg/mod.py") -> tuple[Document, Cursor]:
    """The document without the mark, and the cursor where it stood."""
    before, _, after = source.partition(MARK)
    line = before.count("\n")
    return make_document(path, before + after), Cursor(line, len(before) - before.rfind("\n") - 1)


def window_of(source: str, path: str = "pkg/mod.py", above: int = 10_000, below: int = 10_000) -> Window:
    """The window around the mark; tokens are counted as characters."""
    document, cursor = marked(source, path)
    return cut_window(document, cursor, WindowBudget(above, below), len)
