"""The request lines that `complete --stdin` and `explain --stdin` understand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from codeassist.commands.front import Front
from codeassist.commands.json_lines import Fields
from codeassist.commands.places import Position, find_file
from codeassist.types import Cursor, Document

if TYPE_CHECKING:
    from codeassist.assistant import Assistant

CURSOR_FIELDS: Fields = {
    "file": (str, True),
    "line": (int, True),
    "col": (int, True),
    "text": (str, False),
    "invoked": (bool, False),
}


def requested_place(request: Mapping[str, Any], front: Front, assistant: Assistant) -> tuple[Document, Cursor]:
    """Document and cursor of one request; `text` stands in for what is on disk. Raises DocumentError."""
    file = find_file(request["file"], front.cwd, assistant.workspace)
    document = assistant.document(file, request["text"]) if "text" in request else assistant.read_document(file)
    return document, Position(request["file"], request["line"], request["col"]).cursor
