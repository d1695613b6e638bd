"""What the store knows of uses and of the names that are used: the look-ups of usages, of symbols by letters and of the
walk over who uses what. Reads only.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

from indexer.records import MAX_PARAMETERS, among, as_phrase, can_hold, rows_with_term
from indexer.symbols import MAX_NAME
from indexer.terms import MAX_TERM

# So many files are looked through for a word.
MAX_MENTIONING = 5_000

_SPECIAL_IN_GLOB = frozenset("*?[")


def names_with_letters(connection: sqlite3.Connection, letters: str, limit: int) -> list[str]:
    """Names of definitions that have these letters in this order, whatever their case, the shortest first.

    Underscores are no letters unless there is nothing else: who does not know the name does not know its style.
    """
    if len(letters) > MAX_NAME or not can_hold(letters):
        return []
    # LIKE and lower() know the case of ASCII letters alone.
    pattern = "*" + "".join(f"{_in_any_case(letter)}*" for letter in letters.replace("_", "") or letters)
    rows = connection.execute(
        "SELECT DISTINCT name FROM symbols WHERE name GLOB ? ORDER BY length(name), name LIMIT ?", (pattern, limit)
    )
    return [row[0] for row in rows]


def _in_any_case(letter: str) -> str:
    """A GLOB pattern for one letter."""
    cases = sorted({case for case in (letter, letter.lower(), letter.upper()) if len(case) == 1})
    return letter if len(cases) == 1 and letter not in _SPECIAL_IN_GLOB else f"[{''.join(cases)}]"


def known_names(connection: sqlite3.Connection, names: Sequence[str]) -> frozenset[str]:
    """Those of the names that files define, call or use as a type, or at least spell, whatever the case; all of them
    where nothing is indexed yet."""
    if connection.execute("SELECT 1 FROM files LIMIT 1").fetchone() is None:
        return frozenset(names)
    query = "SELECT 1 FROM symbols WHERE name = ?1 UNION ALL SELECT 1 FROM refs WHERE name = ?1 LIMIT 1"
    return frozenset(
        name
        for name in names
        if can_hold(name) and (connection.execute(query, (name,)).fetchone() or _is_spelled(connection, name))
    )


def _is_spelled(connection: sqlite3.Connection, name: str) -> bool:
    """Names that the full-text index does not hold are not said to be unknown."""
    return len(name) > MAX_TERM or bool(rows_with_term(connection, name.lower(), 1))


def paths_naming(connection: sqlite3.Connection, name: str) -> list[str]:
    """Files that call a name, use it as a type, or import something of this name, perhaps under another one."""
    if not can_hold(name):
        return []
    query = (
        "SELECT path FROM files WHERE id IN"
        " (SELECT file_id FROM refs WHERE name = ?1 UNION SELECT file_id FROM imports WHERE name = ?1)"
    )
    return [row[0] for row in connection.execute(query, (name,))]


def used_names(connection: sqlite3.Connection, file_id: int) -> dict[str, int]:
    """Names that a file uses, with in how many ways: as what is called, as a type."""
    return dict(
        connection.execute("SELECT name, count(*) FROM refs WHERE file_id = ? GROUP BY name ORDER BY name", (file_id,))
    )


def rows_named(connection: sqlite3.Connection, names: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    """(name, row, file) of the definitions with these names, fields left out."""
    for start in range(0, len(names), MAX_PARAMETERS):
        some = names[start : start + MAX_PARAMETERS]
        yield from connection.execute(
            f"SELECT name, id, file_id FROM symbols WHERE kind != 'field'{among('name', some)} ORDER BY name, id", some
        )


def paths_of_symbols(connection: sqlite3.Connection, rows: Sequence[int]) -> dict[int, str]:
    """The file of each definition."""
    query = "SELECT f.path FROM symbols s JOIN files f ON f.id = s.file_id WHERE s.id = ?"
    found = ((row, connection.execute(query, (row,)).fetchone()) for row in rows)
    return {row: values[0] for row, values in found if values}


def kinds_of(connection: sqlite3.Connection, name: str) -> frozenset[str]:
    """The kinds of the definitions that have this name."""
    return frozenset(row[0] for row in connection.execute("SELECT DISTINCT kind FROM symbols WHERE name = ?", (name,)))


def paths_defining_globally(connection: sqlite3.Connection, name: str) -> list[str]:
    """Files that define something of this name that can be imported, by path."""
    query = (
        "SELECT DISTINCT f.path FROM symbols s JOIN files f ON f.id = s.file_id"
        " WHERE s.name = ? AND s.container = '' AND s.kind NOT IN ('method', 'field') ORDER BY f.path"
    )
    return [row[0] for row in connection.execute(query, (name,))]


def paths_mentioning(connection: sqlite3.Connection, name: str) -> list[str]:
    """Files that may have a name somewhere, by path: the full-text index knows words without their case and ending.

    Files whose parser was lost are left out.
    """
    query = (
        "SELECT DISTINCT f.path FROM chunks_text t JOIN chunks c ON c.id = t.rowid JOIN files f ON f.id = c.file_id"
        " WHERE chunks_text MATCH ? AND f.unparsed = '' ORDER BY f.path LIMIT ?"
    )
    if len(name) > MAX_TERM:
        return []
    return [row[0] for row in connection.execute(query, (as_phrase(name.lower()), MAX_MENTIONING))]
