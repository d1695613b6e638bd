"""The names near a cursor -> their definitions in other files, through the asking file's imports."""

from __future__ import annotations

import posixpath
import re
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from indexer import records
from indexer.cursor import CursorView, types_of
from indexer.graph import definitions_of, resolve_import
from indexer.languages import is_same_family
from indexer.ranking import is_test_path
from indexer.repository_map import RepositoryMap
from indexer.resolvers import Asker
from indexer.types import Hit, HitSource, Import, Symbol

# More definitions of one name than this say nothing about which is meant.
MAX_SAME_NAME = 6
MAX_DEFINITIONS = 24
# Languages where the files of a folder see one another without an import.
_FOLDER_SCOPED = frozenset({"go", "java", "kotlin", "scala", "c_sharp", "swift", "c", "cpp"})

# Languages where a name of another file cannot be used without importing it.
_EXPLICIT = frozenset({"python", "javascript", "typescript", "tsx", "rust", "go", "java", "zig"})
# Languages whose imports name namespaces rather than files.
_NAMED_BY_NAMESPACE = frozenset({"java", "kotlin", "scala", "c_sharp", "php", "swift"})
MAX_OVERLOADS = 24
# A variable has the type that variables of its name have in this share of the files that say so, or more.
MIN_VOTES = 0.25
MAX_VOTED = 3


# For so many of the names nearest to the cursor other files are asked what they are.
MAX_GUESSED_NAMES = 8

_LAST_WORD = re.compile(r"\w+$")


@dataclass(frozen=True, slots=True)
class Found:
    """A definition and how sure we are that it is meant, 0 to 1."""

    symbol: Symbol
    weight: float
    why: str


class Definitions:
    """Looks names up for one cursor; every look-up is made once."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        repository: RepositoryMap,
        asker: Asker,
        imports: tuple[Import, ...],
        own_names: frozenset[str],
    ) -> None:
        self._connection = connection
        self._repository = repository
        self.asker = asker
        self._imports = {item.alias: item for item in reversed(imports)}
        self._wildcards = [item for item in imports if item.name == "*" or asker.language in ("c", "cpp")]
        self._all_imports = imports
        self.own_names = own_names
        self._resolved: Callable[[str], tuple[Found, ...]] = lru_cache(maxsize=None)(self._resolve)

    def near(self, view: CursorView) -> list[Found]:
        """Definitions for everything the view names, in the order in which they should be shown."""
        found: dict[tuple[str, int, str], Found] = {}
        for item in self._in_order(view):
            key = (item.symbol.path, item.symbol.start_line, item.symbol.name)
            if item.symbol.path != self.asker.path and (key not in found or found[key].weight < item.weight):
                found[key] = item
            if len(found) >= 2 * MAX_DEFINITIONS:
                break
        ordered = sorted(found.values(), key=lambda item: (-item.weight, item.symbol.path, item.symbol.start_line))
        return ordered[:MAX_DEFINITIONS]

    def of_imports(self) -> list[Found]:
        """Definitions of everything that the file imports, in the order of its imports."""
        return [found for item in self._all_imports for found in self._resolved(item.alias)][:MAX_DEFINITIONS]

    def targets(self, item: Import) -> list[str]:
        """Files that an import may mean, likeliest first."""
        return resolve_import(self._repository, item, self.asker)

    def is_inside(self, item: Import) -> bool:
        """Whether an import means files of the repository, and not a library of that name."""
        if self.asker.language == "rust":
            return item.module.partition("::")[0] in self._repository.build.crates
        targets = self.targets(item)
        if self.asker.language != "python":
            return bool(targets)
        return any(not self._is_beside(target, item) for target in targets)

    def imported_as(self, name: str) -> Import | None:
        """The import that binds a name in the asking file."""
        return self._imports.get(name)

    def _is_beside(self, target: str, item: Import) -> bool:
        """Whether a file stands in a package whose modules cannot import it by this bare name."""
        folder = f"/{target}".partition(f"/{item.module.replace('.', '/')}")[0].lstrip("/")
        return bool(folder) and f"{folder}/__init__.py" in self._repository.files

    def _in_order(self, view: CursorView) -> Iterator[Found]:
        for rank, (base, attribute) in enumerate(view.members):
            fade = 1 / (1 + 0.08 * rank)
            yield from _faded(self._member(view, base, attribute), fade)
        for rank, name in enumerate(view.names):
            fade = 1 / (1 + 0.05 * rank)
            yield from _faded(self._resolved(name), fade)
            types = types_of(view, name)[:3]
            for word in types:
                yield from _faded(self._resolved(word.rsplit(".", 1)[-1]), 0.85 * fade)
            if not types and rank < MAX_GUESSED_NAMES:
                yield from _faded(self._voted(name), 0.6 * fade)
        for word in view.bases[1:]:
            yield from _faded(self._resolved(word), 0.8)

    def _member(self, view: CursorView, base: str, attribute: str) -> tuple[Found, ...]:
        """`module.name`, or the class of `variable` in `variable.name`."""
        item = self._imports.get(base) or self._imports.get(base.split(".", 1)[0])
        if item is not None and attribute and not self._resolved(item.alias):
            return self._in_module(item, attribute)
        found: list[Found] = []
        for word in types_of(view, base)[:4]:
            found += self._resolved(word.rsplit(".", 1)[-1])
        if found or base in ("self", "this"):
            return tuple(found)
        if (voted := self._voted(base)) or not attribute:
            return voted
        found = list(self._everywhere(attribute, ("method",), 0.35)) if len(attribute) > 4 else []
        return tuple(found) if len(found) == 1 else ()  # A method that only one class has tells which class.

    def _voted(self, name: str) -> tuple[Found, ...]:
        """The classes that variables of this name have elsewhere in the repository, where most files agree."""
        last = _LAST_WORD.search(name)
        if last is None:
            return ()
        votes, n_all = records.types_of_name(self._connection, last.group().lstrip("_"), MAX_VOTED)
        found: list[Found] = []
        for type_name, n in votes:
            if n >= MIN_VOTES * n_all:
                why = f"`{name}` is a `{type_name}` in {n} file{'s' * (n > 1)}"
                share = n / n_all
                found += [Found(item.symbol, 0.75 * share, why) for item in self._resolved(type_name)[:1]]
        return tuple(item for item in found if item.symbol.kind in ("class", "type"))

    def _in_module(self, item: Import, name: str) -> tuple[Found, ...]:
        rows = [row for path in self.targets(item) for row in definitions_of(self._repository, name, path, self.asker)]
        symbols = _without_overloads(records.symbols_by_id(self._connection, rows[:MAX_OVERLOADS]))
        why = f"defines `{name}`, imported on line {item.line}"
        return tuple(Found(symbol, 1.0, why) for symbol in symbols[:MAX_SAME_NAME])

    def _resolve(self, name: str) -> tuple[Found, ...]:
        if name in self.own_names:
            return ()
        if (item := self._imports.get(name)) is not None:
            return self._imported(item)
        wild = next((found for item in self._wildcards if (found := self._in_module(item, name))), ())
        return wild or self._unimported(name)

    def _unimported(self, name: str) -> tuple[Found, ...]:
        """A name that no import explains: from the same folder or package, or one about to be imported."""
        if self.asker.language in _FOLDER_SCOPED and (found := self._same_folder(name)):
            return found
        if name[:1].isupper():
            return self._everywhere(name, ("class", "type", "constant", "module"), 0.7)
        if self.asker.language in _EXPLICIT or len(name) < 4:
            return ()
        return self._everywhere(name, ("function", "constant", "type"), 0.45)

    def _imported(self, item: Import) -> tuple[Found, ...]:
        wanted = item.name if item.name not in ("", "*", "default") else item.alias
        if found := self._in_module(item, wanted):
            return found
        targets = self.targets(item)
        if item.name == "default" and targets:
            symbols = records.symbols_in(self._connection, targets[0])
            exported = [symbol for symbol in symbols if symbol.signature.startswith("export default")]
            return tuple(Found(s, 1.0, f"default export, imported on line {item.line}") for s in exported[:1])
        if targets or not item.name or self.asker.language not in _NAMED_BY_NAMESPACE:
            return ()
        return self._everywhere(wanted, ("class", "type", "function"), 0.9)

    def _same_folder(self, name: str) -> tuple[Found, ...]:
        folder = self.asker.folder
        symbols = self._candidates(name, ("class", "type", "constant", "function", "module"))
        here = [s for s in symbols if posixpath.dirname(s.path) == folder]
        return tuple(Found(s, 0.9, f"defines `{name}` in the same folder") for s in here[:MAX_SAME_NAME])

    def _everywhere(self, name: str, kinds: tuple[str, ...], weight: float) -> tuple[Found, ...]:
        """Definitions by name alone; the fewer there are, the surer."""
        symbols = self._candidates(name, kinds)
        code = [s for s in symbols if not is_test_path(s.path)] or symbols
        if not code or len(code) > MAX_SAME_NAME:
            return ()
        nearest = sorted(code, key=lambda s: (-_common_folders(s.path, self.asker.path), s.path, s.start_line))
        return tuple(Found(s, weight / len(code), f"defines `{name}`") for s in nearest[:2])

    def _candidates(self, name: str, kinds: tuple[str, ...]) -> list[Symbol]:
        return [
            symbol
            for symbol in records.symbols_named(self._connection, name, 40)
            if symbol.kind in kinds and symbol.path != self.asker.path and is_same_family(symbol.path, self.asker.path)
        ]


def _without_overloads(symbols: list[Symbol]) -> list[Symbol]:
    """One definition for each file and name: the one that says most, of equals the last."""
    best: dict[tuple[str, str], Symbol] = {}
    for symbol in symbols:
        key = (symbol.path, symbol.name)
        if key not in best or len(symbol.signature) >= len(best[key].signature) or "@overload" in best[key].signature:
            best[key] = symbol
    return list(best.values())


def _faded(found: tuple[Found, ...], fade: float) -> Iterator[Found]:
    for item in found:
        yield Found(item.symbol, item.weight * fade, item.why)


def _common_folders(one: str, other: str) -> int:
    pairs = zip(one.split("/")[:-1], other.split("/")[:-1], strict=False)
    return next((depth for depth, (a, b) in enumerate(pairs) if a != b), min(one.count("/"), other.count("/")))


def definition_hit(found: Found) -> Hit:
    """The definition as a hit that shows its signature or skeleton."""
    symbol = found.symbol
    source: HitSource = "definition"
    return Hit(
        path=symbol.path,
        start_line=symbol.start_line,
        end_line=symbol.end_line,
        score=1.0 + found.weight,
        text=symbol.signature,
        source=source,
        why=found.why,
        symbol=f"{symbol.container}.{symbol.name}" if symbol.container else symbol.name,
        is_skeleton=True,
    )
