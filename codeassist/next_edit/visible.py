"""Which variables a place of a text can see. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from codeassist.next_edit.source import Source
from indexer.name_roles import occurrence_at, occurrences


def has_variable(source: Source, offset: int, name: str) -> bool:
    """Whether the function around a place has such a parameter or binds such a variable in a line above."""
    found = occurrences(source.syntax, name) if source.syntax is not None else []
    line = source.starts[source.row(offset)]
    return any(
        use.is_set and use.scope is not None and use.scope[0] <= offset < use.scope[1]
        and ((use.role == "variable" and use.start < line) or (use.role == "parameter" and use.start < offset))
        for use in found
    )  # fmt: skip


def binds(source: Source, name: str) -> bool:
    """Whether a text imports, defines or sets such a plain name."""
    found = occurrences(source.syntax, name) if source.syntax is not None else []
    return any(use.is_set and use.role not in ("member", "keyword") for use in found)


def local_names(source: Source, spans: Iterable[tuple[str, int, int]]) -> frozenset[str]:
    """Those of the names at start..end that are variables of the function around them."""
    if source.syntax is None:
        return frozenset()
    syntax = source.syntax
    return frozenset(
        name
        for name, start, end in spans
        if occurrence_at(syntax, start, end).role == "name" and has_variable(source, start, name)
    )
