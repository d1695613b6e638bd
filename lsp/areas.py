"""Between the editor's ranges and the core's whole lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from codeassist.chat.edits import LineEdit, Lines
from codeassist.types import Cursor
from lsp.documents import Document
from lsp.place import BOM


@dataclass(frozen=True, slots=True)
class OpenTexts(Mapping[str, str]):
    """Texts of open documents by their path in a folder, with LF line ends; put together when they are asked for."""

    documents: Mapping[str, Document]

    def __getitem__(self, path: str) -> str:
        return self.documents[path].text.removeprefix(BOM).replace("\r\n", "\n").replace("\r", "\n")

    def __iter__(self) -> Iterator[str]:
        return iter(self.documents)

    def __len__(self) -> int:
        return len(self.documents)


def lines_of(document: Document, area: types.Range) -> Lines:
    """The lines that a range touches; a selection that ends at the start of a line does not touch it."""
    n_lines = len(document.lines)
    first, last = sorted((area.start, area.end), key=lambda position: (position.line, position.character))
    start = min(first.line, n_lines - 1)
    end = last.line if last.character == 0 and last.line > first.line else last.line + 1
    return Lines(start, max(start + 1, min(end, n_lines)))


def text_edit(document: Document, edit: LineEdit, newline: str) -> types.TextEdit:
    """What the editor replaces, and with what."""
    lines, text = edit.lines, edit.text.replace("\n", newline)
    n_lines = len(document.lines)
    after_bom = lines.start == 0 and bool(document.lines) and document.lines[0].startswith(BOM)
    start = document.position(Cursor(0, 1)) if after_bom else types.Position(line=lines.start, character=0)
    if lines.end < n_lines:
        return types.TextEdit(types.Range(start=start, end=types.Position(line=lines.end, character=0)), text + newline)
    end = document.position(Cursor(n_lines - 1, len(document.lines[-1])))
    if lines.start >= n_lines:
        return types.TextEdit(types.Range(start=end, end=end), newline + text)
    return types.TextEdit(types.Range(start=start, end=end), text)


def read_area(arguments: tuple[Any, ...], command: str) -> tuple[str, types.Range]:
    """URI and range of a command's argument `{"uri", "range"}`. Raises JsonRpcInvalidParams."""
    try:
        given = arguments[0]
        start, end = (_position(given["range"][name]) for name in ("start", "end"))
        return _text(given["uri"]), types.Range(start=start, end=end)
    except (IndexError, KeyError, TypeError, ValueError) as error:
        expected = '{"uri": string, "range": {"start": {"line", "character"}, "end": {"line", "character"}}}'
        raise JsonRpcInvalidParams(f"{command} takes one argument {expected}") from error


def read_text(arguments: tuple[Any, ...], name: str, command: str) -> str:
    """A text of a command's argument. Raises JsonRpcInvalidParams."""
    try:
        return _text(arguments[0][name])
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise JsonRpcInvalidParams(f'{command} takes one argument that has "{name}": string') from error


def _position(value: Any) -> types.Position:
    line, character = value["line"], value["character"]
    if type(line) is not int or type(character) is not int or line < 0 or character < 0:
        raise ValueError("a position has two numbers")
    return types.Position(line=line, character=character)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("a text is expected")
    return value
