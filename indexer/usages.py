"""Where a name is used: the lines themselves, code before tests.

The store knows which files call a name or use it as a type, and of each only where it does so first; the full-text
index knows which ones have the word. Files are read again, from their chunks, until there are as many lines as are
asked for.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

from indexer import graph_records, records, use_records
from indexer.asker import Asker
from indexer.graph import resolve_import
from indexer.languages import language_name, language_of
from indexer.occurrences import Wanted, lines_using
from indexer.parsing import parse
from indexer.ranking import is_test_path
from indexer.repository_map import RepositoryMap
from indexer.types import Hit, Import

_WORD = re.compile(r"[^\W\d]\w*[?!]?")


def find_usages(connection: sqlite3.Connection, repository: RepositoryMap, name: str, limit: int) -> list[Hit]:
    """The first `limit` lines that use a name, by path and line; lines of tests come last."""
    if not records.can_hold(name):
        return []
    wanted = Wanted(name, use_records.kinds_of(connection, name))
    elsewhere = _under_other_names(connection, repository, name)
    paths = {
        *use_records.paths_using(connection, name),
        *(use_records.paths_mentioning(connection, name) if _WORD.fullmatch(name) else ()),
        *elsewhere,
    }
    ordered = sorted(paths, key=lambda path: (is_test_path(path), path))
    found = (hit for path in ordered for hit in _hits_in(connection, path, wanted, elsewhere.get(path, ())))
    hits = list(islice(found, limit))
    return [replace(hit, score=1.0 - rank / len(hits)) for rank, hit in enumerate(hits)]


def _hits_in(connection: sqlite3.Connection, path: str, wanted: Wanted, others: Iterable[Import]) -> Iterator[Hit]:
    lines = _lines(connection, path)
    language = language_of(path)
    text = "\n".join(lines)
    aliases = {item.alias for item in others if item.name != "*"}
    parsed = parse(language, text) if language and (others or wanted.name in text) else None
    found = lines_using(parsed, path, wanted, aliases) if parsed else {}
    for item in others:
        verb = "re-exports" if item.name == "*" or lines[item.line - 1].lstrip().startswith("export") else "imports"
        found.setdefault(item.line, f"{verb} {wanted.name}{'' if item.name == '*' else f', here `{item.alias}`'}")
    for line, why in sorted(found.items()):
        yield Hit(path, line, line, 0.0, lines[line - 1], "usage", why, wanted.name)


def _under_other_names(
    connection: sqlite3.Connection, repository: RepositoryMap, name: str
) -> dict[str, tuple[Import, ...]]:
    """Imports that do not spell the name, by file: `export * from` its module, a default export under any name."""
    definers = {path for path in use_records.paths_defining_globally(connection, name) if path in repository.files}
    defaults = {path for path in definers if _is_default(repository, path, name)}
    found: dict[str, tuple[Import, ...]] = {}
    for item in graph_records.imports_without_name(connection) if definers else ():
        sought = definers if item.name == "*" else defaults
        if item.alias == name or item.path in definers or not sought:
            continue
        targets = resolve_import(repository, item, Asker(item.path, language_name(item.path)))
        if not sought.isdisjoint(targets):
            found[item.path] = (*found.get(item.path, ()), item)
    return found


def _is_default(repository: RepositoryMap, path: str, name: str) -> bool:
    """Whether a file gives away something of this name as its default export."""
    rows = repository.definitions(path, name)
    own = any(item.alias == "default" and item.name == name and not item.module for item in repository.imports(path))
    return own or any(row in rows for row in repository.definitions(path, "default"))


def _lines(connection: sqlite3.Connection, path: str) -> list[str]:
    """The lines of a file as its chunks have them: what is in none, blank lines and very long ones, is empty."""
    lines: list[str] = []
    for chunk in records.chunks_of(connection, path):
        lines += [""] * (chunk.start_line - 1 - len(lines))
        lines += chunk.text.split("\n")
    return lines
