"""FILE::SYMBOL -> the lines of a definition. Pure."""

from __future__ import annotations

import difflib

from codeassist.chat.edits import Lines
from codeassist.errors import DocumentError
from codeassist.types import Document
from indexer.outline import Outlined, read_syntax

_SEPARATOR = "::"


def parse_symbol(text: str) -> tuple[str, str]:
    """File and dotted name. Raises ValueError for what has not both."""
    file, separator, name = text.rpartition(_SEPARATOR)
    if not separator or not file or not name.strip("."):
        raise ValueError(f"{text!r} is no FILE::SYMBOL; write it like src/app.py::Account.close")
    return file, name.replace(_SEPARATOR, ".")


def lines_of_symbol(document: Document, name: str) -> Lines:
    """Where a definition stands; the outer names of a dotted one are those of what holds it.

    Raises DocumentError where there is none, or more than one.
    """
    syntax = read_syntax(document.path, document.text, document.language)
    if syntax is None:
        raise DocumentError(f"nothing is known of the language of {document.path}, so `{name}` cannot be found in it")
    named = [(item, _dotted(syntax.outline, item)) for item in syntax.outline]
    found = [(item, dotted) for item, dotted in named if dotted == name or dotted.endswith(f".{name}")]
    whole = [(item, dotted) for item, dotted in found if dotted == name] or found
    if not whole:
        near = difflib.get_close_matches(name, [dotted for _, dotted in named], 3, 0.5)
        hint = f"; did you mean {' or '.join(f'`{one}`' for one in near)}?" if near else ""
        raise DocumentError(f"{document.path} has no definition `{name}`{hint}")
    if len({dotted for _, dotted in whole}) > 1:
        names = ", ".join(f"`{dotted}`" for _, dotted in whole)
        raise DocumentError(f"{document.path} has several `{name}`: say which one of {names}")
    item = whole[-1][0]  # Of overloads and redefinitions, the last is what the name means.
    return Lines(_head_line(document, item) - 1, item.end_line)


def _dotted(outline: tuple[Outlined, ...], item: Outlined) -> str:
    holders = [
        other
        for other in outline
        if other is not item and other.start_line <= item.start_line and item.end_line <= other.end_line
    ]
    names = [other.name for other in sorted(holders, key=lambda other: (other.start_line, -other.end_line))]
    return ".".join([*names, item.name])


def _head_line(document: Document, item: Outlined) -> int:
    """The line that has the name: below decorators."""
    lines = document.text.split("\n")
    numbers = range(item.start_line, item.end_line + 1)
    return next((number for number in numbers if lines[number - 1].strip() == item.head.strip()), item.start_line)
