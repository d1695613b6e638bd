"""What a chat model changes, and whether the file stands it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from codeassist.errors import AnswerUnusable
from codeassist.types import Document
from indexer.outline import Syntax, is_same_code, read_syntax


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of a document: 0-based, the end is not included."""

    start: int
    end: int

    @property
    def numbers(self) -> tuple[int, int]:
        """1-based, both ends included."""
        return self.start + 1, max(self.end, self.start + 1)


@dataclass(frozen=True, slots=True)
class LineEdit:
    """Whole lines that stand in the place of others; an insertion where `lines` are none. text: with LF line ends."""

    lines: Lines
    text: str


@dataclass(frozen=True, slots=True)
class FileEdit:
    """Edits of one file, from its end to its start. before: its text (LF line ends). is_new: it is made for them."""

    path: str
    edits: tuple[LineEdit, ...]
    before: str
    is_new: bool = False


def edited(text: str, edits: Iterable[LineEdit]) -> str:
    """The text after edits that are ordered from its end to its start."""
    lines = text.split("\n")
    for edit in edits:
        lines[edit.lines.start : edit.lines.end] = edit.text.split("\n")
    return "\n".join(lines)


def first_that_parses(document: Document, lines: Lines, ways: Sequence[str]) -> LineEdit:
    """The first way to fill the lines after which no more is wrong with the syntax than before.

    Raises AnswerUnusable where there is none.
    """
    before = read_syntax(document.path, document.text, document.language)
    for way in ways:
        edit = LineEdit(lines, way)
        if not adds_errors(before, document, (edit,)):
            return edit
    raise AnswerUnusable(
        f"what the chat model wrote would break the syntax of {document.path} at line {lines.start + 1}; nothing was "
        "changed"
    )


def adds_errors(before: Syntax | None, document: Document, edits: Sequence[LineEdit]) -> bool:
    """Whether edits break the syntax of a document; no where its language is not known."""
    after = read_syntax(document.path, edited(document.text, edits), document.language)
    return before is not None and after is not None and after.n_errors > before.n_errors


def check_same_code(document: Document, edits: Sequence[LineEdit]) -> None:
    """Raises AnswerUnusable where more than comments and docstrings would change."""
    before = read_syntax(document.path, document.text, document.language)
    after = read_syntax(document.path, edited(document.text, edits), document.language)
    if before is None or after is None or after.n_errors > before.n_errors or not is_same_code(before, after):
        raise AnswerUnusable(
            f"what the chat model wrote is no documentation alone: it would change the code of {document.path}; "
            "nothing was changed"
        )
