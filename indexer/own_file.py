"""What a prompt may show of the asking file beside its window: its imports, read from the text as it is."""

from __future__ import annotations

from collections.abc import Sequence

from indexer.cursor import import_statements
from indexer.types import Hit, Import, Query

MAX_IMPORTED_LINES = 60
# Imports that stand further below the one before are not part of the head of the file.
MAX_GAP_LINES = 20


def own_imports(query: Query, imports: Sequence[Import]) -> list[Hit]:
    """The import statements at the head of the file that the window lacks. imports: those that the source has."""
    if query.exclude_lines is None or query.source is None or not imports:
        return []
    first_shown = query.exclude_lines[0]
    lines_of_names = {item.line for item in imports}
    kept: list[str] = []
    start = end = 0
    for first, text in import_statements(query.source):
        last = first + text.count("\n")
        too_far = bool(kept) and first - end > MAX_GAP_LINES
        if last >= first_shown or too_far or len(kept) + last - first >= MAX_IMPORTED_LINES:
            break
        if not text[:1].isspace() and not lines_of_names.isdisjoint(range(first, last + 1)):
            kept += [line.rstrip() for line in text.split("\n")]
            start, end = start or first, last
    why = "what this file imports"
    return [Hit(query.path or "", start, end, 3.0, "\n".join(kept), "import", why, is_skeleton=True)] if kept else []
