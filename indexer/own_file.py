"""What a prompt may show of the asking file beside its window: its imports, and the rest of the cursor's class.

Imports are read from the text as it is; members of the class as the index last saw them, those within the window left
out.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace

from indexer import records
from indexer.cursor import CursorView, import_lines
from indexer.definitions import overlaps
from indexer.members import is_cut, outline
from indexer.types import Hit, Import, Query, Symbol

MAX_IMPORTED_LINES = 60
# The rest of a class is chosen by these steps of the window, so that a line that is typed does not change it.
STEP_LINES = 16


def own_imports(query: Query, imports: Sequence[Import]) -> list[Hit]:
    """The import lines above the window."""
    if query.exclude_lines is None or query.source is None or not imports:
        return []
    first_shown = query.exclude_lines[0]
    lines = import_lines(query.source).split("\n")[: first_shown - 1]
    numbers = [number for number, line in enumerate(lines, 1) if line.strip()][:MAX_IMPORTED_LINES]
    if not numbers:
        return []
    text = "\n".join(lines[number - 1].rstrip() for number in numbers)
    why = "what this file imports"
    return [Hit(query.path or "", numbers[0], numbers[-1], 3.0, text, "import", why, is_skeleton=True)]


def own_class(connection: sqlite3.Connection, query: Query, view: CursorView) -> list[Hit]:
    """Members of the class around the cursor that stand outside of the window: above it, and well below it."""
    if query.exclude_lines is None or query.path is None or not view.bases:
        return []
    around = [
        symbol
        for symbol in records.symbols_in(connection, query.path, view.bases[0])
        if symbol.kind == "class" and symbol.start_line <= query.line
    ]
    if not around:
        return []
    head = around[-1]
    first, last = query.exclude_lines
    beyond = last - last % STEP_LINES + STEP_LINES
    members = records.members_of(connection, head)
    parts = [
        [member for member in members if member.end_line < first],
        [member for member in members if member.start_line > beyond and not overlaps(member, (first, last))],
    ]
    why = f"more of `{head.name}`, the class around the cursor"
    return [
        Hit(query.path, part[0].start_line, part[-1].end_line, 1.7, text, "definition", why, head.name, True)
        for part in parts
        if part and (text := _outlined(connection, head, part))
    ]


def whole_class(connection: sqlite3.Connection, hit: Hit, symbol: Symbol) -> Hit:
    """The hit of a class whose signature lacks members, with all of them, one line each."""
    if not is_cut(symbol):
        return hit
    text = _outlined(connection, symbol, records.members_of(connection, symbol))
    return replace(hit, text=text) if text else hit


def _outlined(connection: sqlite3.Connection, head: Symbol, members: Sequence[Symbol]) -> str:
    if not members:
        return ""
    return outline(head, members, records.n_files_using(connection, [member.name for member in members]))
