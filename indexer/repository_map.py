"""Paths, top-level names and imports of every indexed file, in memory: what finding a definition needs at a keystroke.

Derived from the store and immutable: `synced` gives a new map, readers keep the one they have.
"""

from __future__ import annotations

import posixpath
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from indexer import records
from indexer.build_files import BuildFiles, chosen, is_build_file, read_build_files
from indexer.types import Hit, Import


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file: its row, the rows of its top-level definitions by name, and its imports by line."""

    file_id: int
    names: dict[str, tuple[int, ...]]
    imports: tuple[Import, ...]


@dataclass(frozen=True, slots=True)
class RepositoryMap:
    """The files of one state of the store. build: what its build files say of imports.

    Three memories grow with the questions asked: `resolved`, which files an import means in this set of paths,
    `defined`, where a file has a name from, and `similar`, code like the code around a cursor.
    """

    generation: str = ""
    n_chunks: int = 0
    files: dict[str, FileEntry] = field(default_factory=dict)
    folders: dict[str, tuple[str, ...]] = field(default_factory=dict)
    by_file_name: dict[str, tuple[str, ...]] = field(default_factory=dict)
    resolved: dict[tuple[str, str, str], list[str]] = field(default_factory=dict)
    defined: dict[tuple[str, str, str], tuple[int, ...]] = field(default_factory=dict)
    similar: dict[tuple[object, ...], list[Hit]] = field(default_factory=dict)
    build: BuildFiles = field(default_factory=BuildFiles)

    def first_existing(self, candidates: Iterable[str]) -> str | None:
        """The first of these paths that is an indexed file."""
        return next((path for path in candidates if path in self.files), None)

    def paths_in(self, folder: str, suffix: str) -> list[str]:
        """Files directly in a folder with this suffix, sorted."""
        return [path for path in self.folders.get(folder, ()) if path.endswith(suffix)]

    def paths_ending(self, tail: str, limit: int) -> list[str]:
        """Files whose path is `tail` or ends with `/tail`, shortest first."""
        same_name = self.by_file_name.get(posixpath.basename(tail), ())
        return [path for path in same_name if path == tail or path.endswith(f"/{tail}")][:limit]

    def definitions(self, path: str, name: str) -> tuple[int, ...]:
        """Rows of the top-level definitions of a name in a file."""
        entry = self.files.get(path)
        return entry.names.get(name, ()) if entry else ()

    def imports(self, path: str) -> tuple[Import, ...]:
        """What a file imports."""
        entry = self.files.get(path)
        return entry.imports if entry else ()


def synced(old: RepositoryMap, connection: sqlite3.Connection) -> RepositoryMap:
    """The map of the connection's state; the old one itself when nothing was written since. Reads only what is new."""
    generation = records.read_meta(connection, "generation")
    if generation == old.generation:
        return old
    n_chunks = records.count_chunks(connection)
    ids = records.file_ids(connection)
    known = {path: entry for path, entry in old.files.items() if ids.get(path) == entry.file_id}
    new = {path: file_id for path, file_id in ids.items() if path not in known}
    known.update(_entries(connection, new, whole=not old.files))
    is_built_alike = not any(map(is_build_file, (*new, *(old.files.keys() - known.keys()))))
    build = old.build if is_built_alike else _read_build(connection, known)
    if known.keys() == old.files.keys():
        resolved = old.resolved if is_built_alike else {}
        return RepositoryMap(generation, n_chunks, known, old.folders, old.by_file_name, resolved, build=build)
    paths = sorted(known, key=lambda path: (len(path), path))
    folders, by_name = _grouped(sorted(paths), posixpath.dirname), _grouped(paths, posixpath.basename)
    return RepositoryMap(generation, n_chunks, known, folders, by_name, build=build)


def _read_build(connection: sqlite3.Connection, paths: Iterable[str]) -> BuildFiles:
    """Of the texts that the index has; no file is read."""
    texts = {path: "\n".join(chunk.text for chunk in records.chunks_of(connection, path)) for path in chosen(paths)}
    return read_build_files(texts)


def _grouped(paths: Sequence[str], key: Callable[[str], str]) -> dict[str, tuple[str, ...]]:
    grouped: dict[str, list[str]] = {}
    for path in paths:
        grouped.setdefault(key(path), []).append(path)
    return {name: tuple(members) for name, members in grouped.items()}


def _entries(connection: sqlite3.Connection, new: dict[str, int], *, whole: bool) -> dict[str, FileEntry]:
    ids = None if whole or len(new) > records.MAX_PARAMETERS else list(new.values())
    names: dict[int, dict[str, tuple[int, ...]]] = {}
    for file_id, name, row in records.top_level_names(connection, ids):
        of_file = names.setdefault(file_id, {})
        of_file[name] = (*of_file.get(name, ()), row)
    imports: dict[int, list[Import]] = {}
    for file_id, item in records.imports_by_file(connection, ids):
        imports.setdefault(file_id, []).append(item)
    return {path: FileEntry(key, names.get(key, {}), tuple(imports.get(key, ()))) for path, key in new.items()}
