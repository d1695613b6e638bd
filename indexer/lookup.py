"""A name in one file -> its definitions elsewhere: through the file's imports, and what it sees without one."""

from __future__ import annotations

import posixpath
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from indexer import graph_records, records
from indexer.asker import Asker, common_folders, upwards
from indexer.constants import constant_paths
from indexer.graph import INCLUDING, definitions_of, included_by, resolve_import
from indexer.languages import is_same_family, language_name
from indexer.namespaces import NAMESPACED, visible_from
from indexer.ranking import is_test_path
from indexer.repository_map import RepositoryMap
from indexer.types import Import, Symbol

# More definitions of one name than this say nothing about which is meant.
MAX_SAME_NAME = 6
MAX_OVERLOADS = 24
MAX_CANDIDATES = 40
# Languages where the files of a folder see one another without an import.
_FOLDER_SCOPED = frozenset({"go", "java", "kotlin", "scala", "c_sharp", "swift", "c", "cpp"})
# Languages where a name of another file cannot be used without importing it.
_EXPLICIT = frozenset({"python", "javascript", "typescript", "tsx", "rust", "go", "java", "zig"})
_CLASS_LIKE = ("class", "type", "constant", "module")


@dataclass(frozen=True, slots=True)
class Found:
    """A definition and how sure we are that it is meant, 0 to 1."""

    symbol: Symbol
    weight: float
    why: str


class NameLookup:
    """Looks the names of one file up; every look-up is made once.

    imports: what the file imports; namespaces: those that it declares; own_names: what it defines itself.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        repository: RepositoryMap,
        asker: Asker,
        imports: Sequence[Import],
        namespaces: Sequence[str] = (),
        own_names: frozenset[str] = frozenset(),
    ) -> None:
        self.connection = connection
        self.repository = repository
        self.asker = asker
        self.imports = imports
        self.own_names = own_names
        self._imports = {item.alias: item for item in reversed(imports) if item.name != "*"}
        self._namespaces = namespaces
        # What JavaScript gives on as a whole is not bound in the file itself.
        binds_all = asker.language not in ("javascript", "typescript", "tsx")
        self._wildcards = [*self._unwritten(), *(item for item in imports if item.name == "*" and binds_all)]
        self._named: Callable[[str], list[Symbol]] = lru_cache(maxsize=None)(self._symbols_named)
        self.resolved: Callable[[str], tuple[Found, ...]] = lru_cache(maxsize=None)(self._resolve)

    def there(self, path: str) -> NameLookup:
        """The same for another file, as the index has it."""
        imports = self.repository.imports(path)
        namespaces = graph_records.namespaces_of(self.connection, path)
        asker = Asker(path, language_name(path), self.asker.root_name)
        return NameLookup(self.connection, self.repository, asker, imports, namespaces)

    def targets(self, item: Import) -> list[str]:
        """Files that an import may mean, likeliest first."""
        return resolve_import(self.repository, item, self.asker)

    def is_inside(self, item: Import) -> bool:
        """Whether an import means files of the repository, and not a library of that name."""
        if self.asker.language == "rust":
            return item.module.partition("::")[0] in self.repository.build.crates
        targets = self.targets(item)
        if self.asker.language != "python":
            return bool(targets)
        return any(not self._is_beside(target, item) for target in targets)

    def imported_as(self, name: str) -> Import | None:
        """The import that binds a name in the file."""
        return self._imports.get(name)

    def in_module(self, item: Import, name: str) -> tuple[Found, ...]:
        """What the module of an import has under a name."""
        paths = self.targets(item)
        rows = [row for path in paths for row in definitions_of(self.repository, name, path, self.asker)]
        symbols = records.symbols_by_id(self.connection, rows[:MAX_OVERLOADS])
        if not symbols and self.asker.language in NAMESPACED:  # A member of a type can be imported as well.
            symbols = [symbol for path in paths[:1] for symbol in records.symbols_in(self.connection, path, name)]
        why = f"defines `{name}`, imported on line {item.line}" if item.line else f"defines `{name}`, seen from here"
        return tuple(Found(symbol, 1.0, why) for symbol in without_overloads(symbols)[:MAX_SAME_NAME])

    def everywhere(self, name: str, kinds: tuple[str, ...], weight: float) -> tuple[Found, ...]:
        """Definitions by name alone; the fewer there are, the surer."""
        symbols = self._candidates(name, kinds)
        code = [s for s in symbols if not is_test_path(s.path)] or symbols
        if not code or len(code) > MAX_SAME_NAME:
            return ()
        ordered = sorted(code, key=lambda s: (-common_folders(s.path, self.asker.path), s.path, s.start_line))
        return tuple(Found(s, weight / len(code), f"defines `{name}`") for s in ordered[:2])

    def _unwritten(self) -> list[Import]:
        """What the file sees without an import, as if it had one: its namespaces, and what counts for its project."""
        language = self.asker.language
        seen = dict.fromkeys(name for own in self._namespaces for name in visible_from(own, language))
        if language == "c_sharp":
            folders = upwards(self.asker.folder)
            seen |= {name: None for folder in folders for name in self.repository.build.usings.get(folder, ())}
            everywhere = graph_records.imports_everywhere(self.connection)
            seen |= {item.module: None for item in everywhere if _is_same_project(item.path, self.asker.path)}
        return [Import(name, "*", "*", self.asker.path, 0) for name in seen]

    def _is_beside(self, target: str, item: Import) -> bool:
        """Whether a file stands in a package whose modules cannot import it by this bare name."""
        folder = f"/{target}".partition(f"/{item.module.replace('.', '/')}")[0].lstrip("/")
        return bool(folder) and f"{folder}/__init__.py" in self.repository.files

    def _resolve(self, name: str) -> tuple[Found, ...]:
        if name in self.own_names:
            return ()
        if (item := self._imports.get(name)) is not None and (found := self._imported(item)):
            return found
        if item is not None and self.asker.language not in INCLUDING:
            return ()
        wildcards = self._wildcards_with(name)
        wild = next((found for item in wildcards if (found := self.in_module(item, name))), ())
        return wild or self._in_dotted(name) or self._included(name) or self._unimported(name)

    def _in_dotted(self, name: str) -> tuple[Found, ...]:
        """In Python: what stands in a module that is spelled out, as `import shop.cart` makes it necessary."""
        if self.asker.language != "python":
            return ()
        dotted = [item for item in self.imports if item.name == "" and item.module.startswith(f"{item.alias}.")]
        return next((found for item in dotted if (found := self.in_module(item, name))), ())

    def _wildcards_with(self, name: str) -> Iterator[Import]:
        """Imports of all of something that may bring a name; namespaces have many files and are asked for it."""
        if self.asker.language not in NAMESPACED:
            yield from self._wildcards
            return
        homes = self.repository.homes_of(name)
        yield from (replace(item, name=name) for item in self._wildcards if item.module in homes)
        yield from (replace(item, name=name) for item in self._all_of_types)

    @cached_property
    def _all_of_types(self) -> list[Import]:
        """Imports of all members of a type."""
        written = [item for item in self._wildcards if item.line]
        return [item for item in written if not self.repository.declaring(item.module) and self.targets(item)]

    def _imported(self, item: Import) -> tuple[Found, ...]:
        for name in dict.fromkeys((item.name if item.name not in ("", "*") else item.alias, item.alias, "default")):
            if (item.name in ("", "default") or name == item.name) and (found := self.in_module(item, name)):
                return found
        return ()

    def _included(self, name: str) -> tuple[Found, ...]:
        """In languages that include files: what these and those that they include define."""
        if self.asker.language not in INCLUDING:
            return ()
        steps = included_by(self.repository, self.imports, self.asker)
        kinds = (*_CLASS_LIKE, "function")
        symbols = [s for s in self._candidates(name, kinds) if s.path in steps] if steps else []
        ordered = sorted(without_overloads(symbols), key=lambda s: (steps[s.path], s.path, s.start_line))
        why = f"defines `{name}`, included here"
        return tuple(Found(s, 1.0, why) for s in ordered[:1])

    def _unimported(self, name: str) -> tuple[Found, ...]:
        """A name that no import explains: from the same folder or package, or one about to be imported."""
        if self.asker.language == "ruby" and name[:1].isupper() and (found := self.by_constant(name)):
            return found
        if self.asker.language in _FOLDER_SCOPED and (found := self._same_folder(name)):
            return found
        if name[:1].isupper():
            return self.everywhere(name, _CLASS_LIKE, 0.7)
        if self.asker.language in _EXPLICIT or len(name) < 4:
            return ()
        return self.everywhere(name, ("function", "constant", "type"), 0.45)

    def by_constant(self, full: str) -> tuple[Found, ...]:
        """In Ruby: where a constant is loaded from by its name."""
        name = full.rpartition("::")[2]
        for path in constant_paths(self.repository, full, self.asker.path):
            symbols = [s for s in records.symbols_in(self.connection, path, name) if s.kind in _CLASS_LIKE]
            if symbols and path != self.asker.path:
                return (Found(symbols[0], 0.9, f"defines `{name}`, by the name of its file"),)
        return ()

    def _same_folder(self, name: str) -> tuple[Found, ...]:
        symbols = self._candidates(name, (*_CLASS_LIKE, "function"))
        here = [s for s in symbols if posixpath.dirname(s.path) == self.asker.folder]
        return tuple(Found(s, 0.9, f"defines `{name}` in the same folder") for s in here[:MAX_SAME_NAME])

    def _candidates(self, name: str, kinds: tuple[str, ...]) -> list[Symbol]:
        return [
            symbol
            for symbol in self._named(name)
            if symbol.kind in kinds and symbol.path != self.asker.path and is_same_family(symbol.path, self.asker.path)
        ]

    def _symbols_named(self, name: str) -> list[Symbol]:
        return records.symbols_named(self.connection, name, MAX_CANDIDATES)


def without_overloads(symbols: Iterable[Symbol]) -> list[Symbol]:
    """One definition for each file and name: the one that says most, of equals the last."""
    best: dict[tuple[str, str], Symbol] = {}
    for symbol in symbols:
        key = (symbol.path, symbol.name)
        if key not in best or len(symbol.signature) >= len(best[key].signature) or "@overload" in best[key].signature:
            best[key] = symbol
    return list(best.values())


def _is_same_project(path: str, other: str) -> bool:
    """Whether a file of global imports counts for another file: projects lie side by side, sources below them."""
    return common_folders(path, other) >= min(path.count("/"), 2)
