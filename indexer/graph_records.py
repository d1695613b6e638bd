"""What the store knows of namespaces and of inheritance. Reads only."""

from __future__ import annotations

import sqlite3

from indexer.imports import EVERYWHERE
from indexer.records import can_hold
from indexer.types import Base, Import

# Definitions of one name that are looked at.
MAX_HOMES = 2_000


def paths_declaring(connection: sqlite3.Connection, namespace: str, limit: int) -> list[str]:
    """Files that declare code in a namespace, by path."""
    query = "SELECT f.path FROM namespaces n JOIN files f ON f.id = n.file_id WHERE n.name = ? ORDER BY f.path LIMIT ?"
    return [row[0] for row in connection.execute(query, (namespace, limit))]


def homes_of(connection: sqlite3.Connection, name: str) -> dict[str, tuple[str, ...]]:
    """The namespaces in which something of this name is defined, with the files, by path; in no other class."""
    if not can_hold(name):
        return {}
    query = (
        "SELECT DISTINCT n.name, f.path FROM symbols s JOIN namespaces n ON n.file_id = s.file_id"
        " JOIN files f ON f.id = s.file_id"
        " WHERE s.name = ? AND s.container = '' AND s.kind NOT IN ('method', 'field') ORDER BY f.path LIMIT ?"
    )
    found: dict[str, list[str]] = {}
    for namespace, path in connection.execute(query, (name, MAX_HOMES)):
        found.setdefault(namespace, []).append(path)
    return {namespace: tuple(paths) for namespace, paths in found.items()}


def namespaces_of(connection: sqlite3.Connection, path: str) -> list[str]:
    """The namespaces that a file declares."""
    query = "SELECT n.name FROM namespaces n JOIN files f ON f.id = n.file_id WHERE f.path = ? ORDER BY n.rowid"
    return [row[0] for row in connection.execute(query, (path,))]


def imports_everywhere(connection: sqlite3.Connection) -> list[Import]:
    """Imports that count for every file of their project, by path."""
    query = (
        "SELECT i.module, i.name, i.alias, f.path, i.line FROM imports i JOIN files f ON f.id = i.file_id"
        f" WHERE i.alias = '{EVERYWHERE}' ORDER BY f.path, i.line"
    )
    return [Import(*row) for row in connection.execute(query)]


def bases_of(connection: sqlite3.Connection, heir: str) -> list[Base]:
    """What classes of this name are derived from, by path, in the order of the source."""
    query = (
        "SELECT b.heir, b.name, b.scope, f.path, b.line FROM bases b JOIN files f ON f.id = b.file_id"
        " WHERE b.heir = ? ORDER BY f.path, b.rowid LIMIT ?"
    )
    return [Base(*row) for row in connection.execute(query, (heir, MAX_HOMES))] if can_hold(heir) else []


def bases_in(connection: sqlite3.Connection, file_id: int) -> list[Base]:
    """What the classes of a file are derived from, in the order of the source."""
    query = (
        "SELECT b.heir, b.name, b.scope, f.path, b.line FROM bases b JOIN files f ON f.id = b.file_id"
        " WHERE b.file_id = ? ORDER BY b.rowid"
    )
    return [Base(*row) for row in connection.execute(query, (file_id,))]


def members_named(connection: sqlite3.Connection, owner: str, name: str) -> list[tuple[int, str]]:
    """(row, file) of the members of this name that any class or type of that name has, by path."""
    query = (
        "SELECT s.id, f.path FROM symbols s JOIN files f ON f.id = s.file_id"
        " WHERE s.name = ? AND (s.container = ? OR s.container GLOB ?) ORDER BY f.path, s.start_line LIMIT ?"
    )
    return connection.execute(query, (name, owner, f"*.{owner}", MAX_HOMES)).fetchall() if can_hold(name) else []


def imports_without_name(connection: sqlite3.Connection) -> list[Import]:
    """Imports of Python and JavaScript that bring a module's things without spelling their names, by path."""
    query = (
        "SELECT i.module, i.name, i.alias, f.path, i.line FROM imports i JOIN files f ON f.id = i.file_id"
        " WHERE i.name IN ('*', 'default') AND f.language IN ('python', 'javascript', 'typescript', 'tsx')"
        " AND i.module != '' ORDER BY f.path, i.line"
    )
    return [Import(*row) for row in connection.execute(query)]
