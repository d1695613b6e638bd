"""Paths, top-level names and imports of every indexed file: what finding a definition needs at a keystroke.

Derived from the store. The paths are in memory; what stands in a file is read when it is first asked for, so that an
index of any size answers as soon as it is open. `synced` gives a map of the state that a connection sees, readers keep
the one they have.
"""

from __future__ import annotations

import posixpath
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from indexer import graph_records, records
from indexer.build_files import ENDINGS, BuildFiles, chosen, is_build_file, read_build_files
from indexer.languages import language_name
from indexer.namespaces import NAMESPACED
from indexer.types import Hit, Import

MAX_DECLARING = 400
# Languages in which what files declare and re-export says what an import means, and not their paths alone.
_TOLD_BY_CODE = NAMESPACED | {"rust"}

Groups = dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file: its row, the rows of its top-level definitions by name, and its imports by line."""

    file_id: int
    names: dict[str, tuple[int, ...]]
    imports: tuple[Import, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Files(Mapping[str, FileEntry]):
    """The indexed files by path. ids: their rows. entries: what was read already, by row; grows as files are asked for.

    connection: reads the others, in the state of the ids; None where all were read.
    """

    ids: dict[str, int] = field(default_factory=dict)
    entries: dict[int, FileEntry] = field(default_factory=dict)
    connection: sqlite3.Connection | None = None

    def __getitem__(self, path: str) -> FileEntry:
        file_id = self.ids[path]
        entry = self.entries.get(file_id)
        if entry is None:
            entry = self.entries[file_id] = _read_entry(self.connection, file_id)
        return entry

    def __contains__(self, path: object) -> bool:
        return path in self.ids

    def __iter__(self) -> Iterator[str]:
        return iter(self.ids)

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class Changes:
    """From one state of the store to the next: the rows of all files now, and of which paths they are other ones."""

    ids: dict[str, int]
    touched: AbstractSet[str]
    new: AbstractSet[str]
    gone: AbstractSet[str]


@dataclass(frozen=True)
class Paths:
    """One set of paths and its groups, which are made when first asked for: few languages' imports need them."""

    members: AbstractSet[str] = frozenset()

    @cached_property
    def folders(self) -> Groups:
        """Paths by their folder, sorted."""
        return _grouped(self.members, posixpath.dirname, str)

    @cached_property
    def by_file_name(self) -> Groups:
        """Paths by their last part, shortest first."""
        return _grouped(self.members, posixpath.basename, _shortest)

    def changed(self, changes: Changes) -> Paths:
        """The next set of paths; of the groups that were made, only those of what is new or gone are made anew."""
        changed, made = Paths(changes.ids.keys()), vars(self)
        if "folders" in made:
            vars(changed)["folders"] = _regrouped(self.folders, changes, posixpath.dirname, str)
        if "by_file_name" in made:
            vars(changed)["by_file_name"] = _regrouped(self.by_file_name, changes, posixpath.basename, _shortest)
        return changed


@dataclass(frozen=True, slots=True)
class RepositoryMap:
    """The files of one state of the store. build: what its build files say of imports.

    Memories grow with the questions asked: `resolved`, which files an import means in this set of paths, `defined`,
    where a file has a name from, `homes`, which namespaces have a name and in which files, `included`, which files
    come with those that are included, `similar`, code like the code around a cursor, and `common_terms`, which
    words say nothing.
    """

    generation: str = ""
    n_chunks: int = 0
    files: Files = field(default_factory=Files)
    paths: Paths = field(default_factory=Paths)
    last_id: int = 0
    resolved: dict[tuple[str, str, str], list[str]] = field(default_factory=dict)
    defined: dict[tuple[str, str, str], tuple[int, ...]] = field(default_factory=dict)
    homes: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    included: dict[tuple[str, ...], dict[str, int]] = field(default_factory=dict)
    similar: dict[tuple[object, ...], list[Hit]] = field(default_factory=dict)
    common_terms: set[str] = field(default_factory=set)
    build: BuildFiles = field(default_factory=BuildFiles)

    def first_existing(self, candidates: Iterable[str]) -> str | None:
        """The first of these paths that is an indexed file."""
        return next((path for path in candidates if path in self.files.ids), None)

    def paths_in(self, folder: str, suffix: str) -> list[str]:
        """Files directly in a folder with this suffix, sorted."""
        return [path for path in self.paths.folders.get(folder, ()) if path.endswith(suffix)]

    def paths_ending(self, tail: str, limit: int) -> list[str]:
        """Files whose path is `tail` or ends with `/tail`, shortest first."""
        same_name = self.paths.by_file_name.get(posixpath.basename(tail), ())
        return [path for path in same_name if path == tail or path.endswith(f"/{tail}")][:limit]

    def definitions(self, path: str, name: str) -> tuple[int, ...]:
        """Rows of the top-level definitions of a name in a file."""
        entry = self.files.get(path)
        return entry.names.get(name, ()) if entry else ()

    def declaring(self, namespace: str) -> list[str]:
        """Files that declare code in a namespace, the first of very many by path."""
        connection = self.files.connection
        return graph_records.paths_declaring(connection, namespace, MAX_DECLARING) if connection is not None else []

    def defining(self, namespace: str, name: str) -> tuple[str, ...]:
        """Files that declare a namespace and define this name."""
        return self.homes_of(name).get(namespace, ())

    def homes_of(self, name: str) -> dict[str, tuple[str, ...]]:
        """The namespaces in which a name is defined, with the files."""
        homes = self.homes.get(name)
        if homes is None:
            connection = self.files.connection
            homes = graph_records.homes_of(connection, name) if connection is not None else {}
            self.homes[name] = homes
        return homes

    def imports(self, path: str) -> tuple[Import, ...]:
        """What a file imports."""
        entry = self.files.get(path)
        return entry.imports if entry else ()


def synced(old: RepositoryMap, connection: sqlite3.Connection) -> RepositoryMap:
    """The map of the connection's state, which reads through this connection; reads only what is new."""
    generation = records.read_meta(connection, "generation")
    if generation == old.generation:
        return replace(old, files=replace(old.files, connection=connection))
    if not old.generation:
        records.look_at_tables(connection)
    changes = _read_changes(old, connection)
    entries = old.files.entries
    for path in (*changes.touched, *changes.gone):
        entries.pop(old.files.ids.get(path, 0), None)
    is_built_alike = not _build_files((*changes.touched, *changes.gone))
    same_paths = not changes.new and not changes.gone
    return RepositoryMap(
        generation,
        records.count_chunks(connection),
        Files(changes.ids, entries, connection),
        old.paths if same_paths else old.paths.changed(changes),
        max((old.last_id, *(changes.ids[path] for path in changes.touched))),
        resolved=old.resolved if same_paths and is_built_alike and not _is_told_by_code(changes.touched) else {},
        build=old.build if is_built_alike else _read_build(connection, changes.ids),
    )


def _is_told_by_code(touched: Iterable[str]) -> bool:
    """Whether imports may mean other files because of what stands in one of these."""
    return any(language_name(path) in _TOLD_BY_CODE for path in touched)


def _read_changes(old: RepositoryMap, connection: sqlite3.Connection) -> Changes:
    """Rows are numbered as they come, so those since the last look tell all; unless files have vanished, which their
    number shows."""
    before = old.files.ids
    touched = records.file_ids(connection, old.last_id)
    ids = {**before, **touched}
    gone: AbstractSet[str] = frozenset()
    if len(ids) != records.count_files(connection):
        ids = records.file_ids(connection, 0)
        gone = before.keys() - ids.keys()
    return Changes(ids, touched.keys(), touched.keys() - before.keys(), gone)


def _read_build(connection: sqlite3.Connection, paths: Iterable[str]) -> BuildFiles:
    """Of the texts that the index has; no file is read."""
    named = chosen(_build_files(paths))
    texts = {path: "\n".join(chunk.text for chunk in records.chunks_of(connection, path)) for path in named}
    return read_build_files(texts)


def _build_files(paths: Iterable[str]) -> list[str]:
    """Those of the paths that are build files; of most, a look at the end is enough."""
    return [path for path in paths if path.endswith(ENDINGS) and is_build_file(path)]


def _shortest(path: str) -> tuple[int, str]:
    return len(path), path


def _grouped(paths: Iterable[str], key: Callable[[str], str], order: Callable[[str], Any]) -> Groups:
    grouped: dict[str, list[str]] = {}
    for path in paths:
        grouped.setdefault(key(path), []).append(path)
    return {name: tuple(sorted(members, key=order)) for name, members in grouped.items()}


def _regrouped(groups: Groups, changes: Changes, key: Callable[[str], str], order: Callable[[str], Any]) -> Groups:
    """The groups without what is gone and with what is new."""
    new = _grouped(changes.new, key, order)
    changed = dict(groups)
    for name in {*new, *map(key, changes.gone)}:
        stay = (path for path in groups.get(name, ()) if path not in changes.gone)
        changed[name] = tuple(sorted((*stay, *new.get(name, ())), key=order))
    return changed


def _read_entry(connection: sqlite3.Connection | None, file_id: int) -> FileEntry:
    if connection is None:
        return FileEntry(file_id, {}, ())
    names: dict[str, tuple[int, ...]] = {}
    for name, row in records.top_level_names(connection, file_id):
        names[name] = (*names.get(name, ()), row)
    return FileEntry(file_id, names, tuple(records.imports_of(connection, file_id)))
