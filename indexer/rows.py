"""One file -> the rows that the store writes of it: made where the file is parsed, so that who writes only writes.

Plain tuples travel between processes, and into SQLite, at a fraction of what dataclasses cost.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path

from indexer.analysis import FileFacts, analyse, analyse_path
from indexer.files import SourceFile
from indexer.rules import Rules
from indexer.symbols import FileSymbols
from indexer.terms import indexed_text
from indexer.types import Base, Import, Reference, ReferenceKind, SkippedFile, Symbol, SymbolKind

SymbolRow = tuple[str, SymbolKind, int, int, str, str, str]


@dataclass(frozen=True, slots=True)
class FileRows:
    """The rows of one file, in the order of the store's columns, without the file's own number.

    symbols: name, kind, first and last line, signature, container, doc. references: name, kind, line. imports: module,
    name, alias, line. bases: heir, name, scope, line. typed: name, type. chunks: first and last line, content hash,
    text. terms: what the full-text index sees of each chunk. unparsed: why the syntax was given up, "" when it was not.
    """

    path: str
    language: str
    size: int
    n_lines: int
    unparsed: str
    symbols: tuple[SymbolRow, ...]
    references: tuple[tuple[str, ReferenceKind, int], ...]
    imports: tuple[tuple[str, str, str, int], ...]
    bases: tuple[tuple[str, str, str, int], ...]
    namespaces: tuple[str, ...]
    typed: tuple[tuple[str, str], ...]
    chunks: tuple[tuple[int, int, str, str], ...]
    terms: tuple[str, ...]


Facts = FileRows | SkippedFile


def rows_at(root: Path, path: str, rules: Rules) -> Facts:
    """Rows of a file on disk, or why it is skipped."""
    facts = analyse_path(root, path, rules)
    return facts if isinstance(facts, SkippedFile) else rows_of(facts)


def rows_of_text(source: SourceFile) -> FileRows:
    """Rows of a text."""
    return rows_of(analyse(source))


def rows_of(facts: FileFacts) -> FileRows:
    """Rows of what is known of a file."""
    found = facts.symbols
    return FileRows(
        facts.path,
        facts.language,
        facts.size,
        facts.n_lines,
        facts.unparsed,
        tuple([(s.name, s.kind, s.start_line, s.end_line, s.signature, s.container, s.doc) for s in found.symbols]),
        tuple([(r.name, r.kind, r.line) for r in found.references]),
        tuple([(i.module, i.name, i.alias, i.line) for i in found.imports]),
        tuple([(b.heir, b.name, b.scope, b.line) for b in found.bases]),
        found.namespaces,
        facts.typed,
        tuple([(c.start_line, c.end_line, c.content_hash, c.text) for c in facts.chunks]),
        _terms(facts),
    )


def _terms(facts: FileFacts) -> tuple[str, ...]:
    """What the full-text index sees of each chunk."""
    names: list[list[str]] = [[] for _ in facts.chunks]
    starts = [chunk.start_line for chunk in facts.chunks]
    for symbol in facts.symbols.symbols:
        at = bisect_right(starts, symbol.start_line) - 1
        if symbol.kind != "field" and at >= 0 and symbol.start_line <= facts.chunks[at].end_line:
            names[at].append(symbol.name)
    return tuple(
        [indexed_text(chunk.text, facts.path, defined) for chunk, defined in zip(facts.chunks, names, strict=True)]
    )


def symbols_of(rows: FileRows) -> FileSymbols:
    """Definitions, references and imports as values."""
    path = rows.path
    return FileSymbols(
        tuple(
            Symbol(name, kind, path, start, end, signature, container, doc)
            for name, kind, start, end, signature, container, doc in rows.symbols
        ),
        tuple(Reference(name, path, line, kind) for name, kind, line in rows.references),
        tuple(Import(module, name, alias, path, line) for module, name, alias, line in rows.imports),
        tuple(Base(heir, name, scope, path, line) for heir, name, scope, line in rows.bases),
        rows.namespaces,
    )
