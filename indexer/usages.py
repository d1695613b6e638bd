"""Where a name is used: the lines themselves, code before tests.

The store knows which files call a name or use it as a type, and of each only where it does so first; the full-text
index knows which ones have the word. Files are read again, from their chunks, until there are as many lines as are
asked for.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from indexer import graph_records, records, use_records
from indexer.asker import Asker
from indexer.graph import resolve_import
from indexer.languages import Language, language_name, language_of
from indexer.occurrences import Wanted, lines_using
from indexer.parsing import parse
from indexer.ranking import is_test_path
from indexer.repository_map import RepositoryMap
from indexer.types import Hit, Import

_WORD = re.compile(r"[^\W\d]\w*[?!]?")
# So much is parsed in vain of files that are only known to have the word: one like `result` is in very many.
MAX_CHARS_IN_VAIN = 3_000_000


def find_usages(connection: sqlite3.Connection, repository: RepositoryMap, name: str, limit: int) -> list[Hit]:
    """The first `limit` lines that use a name, by path and line; lines of tests come last."""
    if not records.can_hold(name):
        return []
    hits = list(islice(_usages(connection, repository, name), limit))
    return [replace(hit, score=1.0 - rank / len(hits)) for rank, hit in enumerate(hits)]


def _usages(connection: sqlite3.Connection, repository: RepositoryMap, name: str) -> Iterator[Hit]:
    wanted = Wanted(name, use_records.kinds_of(connection, name))
    elsewhere = _under_other_names(connection, repository, name)
    known = {*use_records.paths_naming(connection, name), *elsewhere}
    mentioning = use_records.paths_mentioning(connection, name) if _WORD.fullmatch(name) else ()
    n_in_vain = 0  # Characters.
    for path in sorted(known.union(mentioning), key=lambda path: (is_test_path(path), path)):
        language = language_of(path)
        if language is None or (path not in known and n_in_vain >= MAX_CHARS_IN_VAIN):
            continue
        lines = _lines(connection, path)
        if path not in elsewhere and not any(name in line for line in lines):
            continue
        hits = list(_hits_in(path, language, lines, wanted, elsewhere.get(path, ())))
        n_in_vain += sum(map(len, lines)) if not hits and path not in known else 0
        yield from hits


def _hits_in(
    path: str, language: Language, lines: Sequence[str], wanted: Wanted, others: Sequence[Import]
) -> Iterator[Hit]:
    parsed = parse(language, "\n".join(lines))
    aliases = {item.alias for item in others if item.name != "*"}
    found = lines_using(parsed, path, wanted, aliases) if parsed else {}
    for item in others:
        is_given_on = item.name == "*" or _line(lines, item.line).lstrip().startswith("export")
        verb = "re-exports" if is_given_on else "imports"
        found.setdefault(item.line, f"{verb} {wanted.name}{'' if item.name == '*' else f', here `{item.alias}`'}")
    for line, why in sorted(found.items()):
        yield Hit(path, line, line, 0.0, _line(lines, line), "usage", why, wanted.name)


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


def _line(lines: Sequence[str], number: int) -> str:
    """A line by its number; "" for one behind the last chunk."""
    return lines[number - 1] if number <= len(lines) else ""
