"""Definitions at a cursor that a marked source shows."""

from __future__ import annotations

from typing import Any

from indexer.types import Hit, Query


def definitions_at(index: Any, path: str, marked: str) -> list[Hit]:
    """Definitions for the cursor at the `|`, similar code left out."""
    source = marked.replace("|", "", 1)
    query = Query("", path=path, source=source, line=marked[: marked.index("|")].count("\n") + 1, similar=False)
    found: list[Hit] = index.search(query, 12)
    return [hit for hit in found if hit.source == "definition"]
