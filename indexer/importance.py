"""Which definitions matter, seen from some files: personalised PageRank over who uses what.

A walk starts in the files that are asked about, goes from a file to a definition that it uses or derives a class from,
and on from the file of that definition, and starts anew with probability `RESTART`. What a definition is visited is its
rank. The walk is not solved for all files: mass is pushed along where most of it waits (Andersen, Chung, Lang, "Local
graph partitioning using PageRank vectors", 2006), so that the cost goes with `MAX_PUSHED` and not with the size of the
repository.
Without files to start from, a sample of all files, evenly spread over the paths, stands for them.
"""

from __future__ import annotations

import builtins
import heapq
import math
import re
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache

from indexer import graph_records, records, use_records
from indexer.asker import Asker
from indexer.graph import definitions_of, resolve_import
from indexer.hierarchy import Hierarchy
from indexer.languages import family_of, language_name, language_of
from indexer.lookup import NameLookup
from indexer.ranking import path_factor
from indexer.repository_map import RepositoryMap
from indexer.types import Import, Symbol

RESTART = 0.15
# So many files are walked through, and mass below this is left where it is.
MAX_PUSHED = 1_500
LEAST_MASS = 1e-6
# So many files stand for all.
SAMPLE = 400
# A name that more files define than this says nothing about which is meant.
MAX_DEFINERS = 4
# What it counts that a class is derived from another one, beside one call: who reads the one has to read the other.
INHERITED = 3.0
# What a definition counts that is mentioned, one that is private, and one with a short and simple name.
MENTIONED, PRIVATE, SHORT = 10.0, 0.1, 0.5
TELLING_LENGTH = 8
# What is left of a use that no import explains: it may be another name. Short and simple ones do not count at all.
UNEXPLAINED = 0.3

# What Python brings itself, as `isinstance`, is no use of the one file that has a function of the same name.
_BUILTINS = frozenset(dir(builtins))
_TELLING = re.compile(r"_[a-z]|[a-z][A-Z]")


@dataclass(frozen=True, slots=True)
class Ranked:
    """A definition and its share of all visits, 0 to 1."""

    symbol: Symbol
    rank: float


@dataclass(frozen=True, slots=True)
class Use:
    """Of what a file uses: a definition's row, the file that it stands in, and how much the use counts."""

    row: int
    path: str
    weight: float


def rank_definitions(
    connection: sqlite3.Connection,
    repository: RepositoryMap,
    focus: Iterable[str],
    mentioned: AbstractSet[str],
    limit: int,
    root_name: str = "",
) -> list[Ranked]:
    """The definitions that matter most, best first; ties break by path, then line.

    focus: the files to start from, those that are not indexed do not count. mentioned: names that count more.
    """
    uses = Uses(connection, repository, mentioned, root_name)
    starts = [path for path in focus if path in repository.files] or _sample(repository)
    ranks = walk(starts, uses.of)
    best = heapq.nsmallest(limit, ranks, key=lambda row: (-round(ranks[row], 12), uses.paths[row], row))
    symbols = records.symbols_by_id(connection, best)
    return [Ranked(symbol, ranks[row]) for row, symbol in zip(best, symbols, strict=True)]


def walk(starts: Sequence[str], uses: Callable[[str], Sequence[Use]]) -> dict[int, float]:
    """Visits of each definition's row, as shares of all that were counted."""
    waiting = dict.fromkeys(starts, 1.0 / max(len(starts), 1))
    heap = [(-mass, path) for path, mass in waiting.items()]
    heapq.heapify(heap)
    ranks: dict[int, float] = {}
    for _ in range(MAX_PUSHED):
        path = _most(heap, waiting)
        if path is None:
            break
        mass = waiting.pop(path) * (1.0 - RESTART)
        found = uses(path)
        total = math.fsum(use.weight for use in found)
        for use in found:
            share = mass * use.weight / total
            ranks[use.row] = ranks.get(use.row, 0.0) + share
            waiting[use.path] = waiting.get(use.path, 0.0) + share
            heapq.heappush(heap, (-waiting[use.path], use.path))
    everything = math.fsum(ranks.values()) or 1.0
    return {row: rank / everything for row, rank in ranks.items()}


def _most(heap: list[tuple[float, str]], waiting: dict[str, float]) -> str | None:
    """The file where most mass waits; entries that are out of date are dropped."""
    while heap:
        mass, path = heapq.heappop(heap)
        if -mass < LEAST_MASS:
            return None
        if waiting.get(path) == -mass:
            return path
    return None


class Uses:
    """What files use of others, read from the store when the walk comes by. paths: where the used definitions stand."""

    def __init__(
        self, connection: sqlite3.Connection, repository: RepositoryMap, mentioned: AbstractSet[str], root_name: str
    ) -> None:
        self._connection = connection
        self._repository = repository
        self._mentioned = mentioned
        self._root_name = root_name
        self._hierarchy = Hierarchy(NameLookup(connection, repository, Asker("", "", root_name), ()))
        self.paths: dict[int, str] = {}
        self._known: dict[str, list[Use]] = {}
        self._definers: dict[str, dict[str, dict[int, str]]] = {}
        self._path_of = {file_id: path for path, file_id in repository.files.ids.items()}

    def of(self, path: str) -> list[Use]:
        """The definitions in other files that a file uses."""
        if path not in self._known:
            self._known[path] = self._read(path)
            self.paths.update((use.row, use.path) for use in self._known[path])
        return self._known[path]

    def _read(self, path: str) -> list[Use]:
        entry = self._repository.files.get(path)
        if entry is None:
            return []
        asker = Asker(path, language_name(path), self._root_name)
        brought = _BUILTINS if asker.language == "python" else frozenset()
        imported = {item.alias: item for item in entry.imports}
        found: list[Use] = []
        unexplained: dict[str, float] = {}
        for name, n_ways in use_records.used_names(self._connection, entry.file_id).items():
            weight = math.sqrt(n_ways) * self._telling(name)
            if (item := imported.get(name)) is not None:
                found += self._uses(self._imported(item, asker), weight, path)
            elif name not in entry.names and name not in brought and _is_telling(name):
                unexplained[name] = weight
        return found + self._by_name(unexplained, path) + self._inherited(entry.file_id, path)

    def _inherited(self, file_id: int, path: str) -> list[Use]:
        """What the classes of a file are derived from, in other files."""
        found: list[Use] = []
        for base in graph_records.bases_in(self._connection, file_id):
            if (symbol := self._hierarchy.base(base)) is not None and symbol.path != path:
                rows = self._repository.definitions(symbol.path, symbol.name)
                found += self._uses(rows, INHERITED * self._telling(base.name), path)
        return found

    def _imported(self, item: Import, asker: Asker) -> tuple[int, ...]:
        """Rows of what an import binds; nothing for a module, and for what is from outside."""
        if item.name in ("", "*"):
            return ()
        targets = resolve_import(self._repository, item, asker)
        names = (item.name, item.alias) if item.name == "default" else (item.name,)
        found = (definitions_of(self._repository, name, target, asker) for name in names for target in targets)
        return next((rows for rows in found if rows), ())

    def _uses(self, rows: Sequence[int], weight: float, path: str) -> list[Use]:
        paths = use_records.paths_of_symbols(self._connection, rows)
        return [Use(row, paths[row], weight / len(rows)) for row in rows if paths.get(row, path) != path]

    def _by_name(self, names: dict[str, float], path: str) -> list[Use]:
        """Members and names that no import binds: whatever few files define them, where the file itself does not."""
        self._read_definers(sorted(names.keys() - self._definers.keys()))
        family = _family(path)
        found = {name: self._definers[name].get(family, {}) for name in names}
        return [
            Use(row, other, UNEXPLAINED * names[name] / len(rows))
            for name, rows in found.items()
            if path not in rows.values()
            for row, other in rows.items()
        ]

    def _read_definers(self, names: Sequence[str]) -> None:
        """Rows and files of the definitions of each name, by family of languages; none where there are too many."""
        found: dict[str, dict[str, dict[int, str]]] = {name: {} for name in names}
        for name, row, file_id in use_records.rows_named(self._connection, names):
            if (path := self._path_of.get(file_id)) is not None:
                found[name].setdefault(_family(path), {})[row] = path
        for name, families in found.items():
            self._definers[name] = {
                family: dict(sorted(rows.items(), key=lambda pair: (pair[1], pair[0])))
                for family, rows in families.items()
                if len(set(rows.values())) <= MAX_DEFINERS
            }

    def _telling(self, name: str) -> float:
        """How much uses of a name count."""
        factor = MENTIONED if name in self._mentioned else 1.0
        if name.startswith("_"):
            factor *= PRIVATE
        return factor if _is_telling(name) else factor * SHORT


def _is_telling(name: str) -> bool:
    """Whether a name is not one of those that everything has, as `get` and `list`."""
    return len(name) >= TELLING_LENGTH or _TELLING.search(name) is not None


@lru_cache(maxsize=1 << 16)
def _family(path: str) -> str:
    """The family of the language of a file."""
    language = language_of(path)
    return family_of(language) if language else ""


def _sample(repository: RepositoryMap) -> list[str]:
    """Files that stand for all; tests, examples and prose only where there is nothing else."""
    paths = sorted(path for path in repository.files if path_factor(path, frozenset()) == 1.0)
    paths = paths or sorted(repository.files)
    step = max(len(paths) / SAMPLE, 1.0)
    return [paths[int(number * step)] for number in range(min(len(paths), SAMPLE))]
