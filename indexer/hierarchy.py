"""What classes are derived from, across files, and which members they have from there."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator

from indexer import graph_records, records
from indexer.languages import language_name
from indexer.lookup import Found, NameLookup
from indexer.types import Base, Import, Symbol

# So many classes above one are looked at.
MAX_ANCESTORS = 12
# Languages in which the parts of a class may stand in several files, and those in which methods stand outside of it.
_IN_PARTS = frozenset({"go", "c_sharp", "rust", "ruby", "cpp", "swift"})
_METHODS_OUTSIDE = frozenset({"go", "rust", "cpp", "swift"})
_PARTIAL = re.compile(r"\bpartial\b")


class Hierarchy:
    """Walks from classes to those that they are derived from, each seen from its own file."""

    def __init__(self, look_up: NameLookup) -> None:
        self._look_ups = {look_up.asker.path: look_up}
        self._first = look_up
        self._known: dict[tuple[str, int, str], dict[str, Symbol]] = {}

    def own_class(self, name: str) -> Iterator[Symbol]:
        """The class of this name in the asking file, as the index has it; where it has parts, those beside it too."""
        path = self._first.asker.path
        rows = self._first.repository.definitions(path, name)
        own = [s for s in records.symbols_by_id(self._first.connection, rows) if s.kind in ("class", "type", "module")]
        yield from own
        if self._first.asker.language in _IN_PARTS:
            yield from (found.symbol for found in self._first.resolved(name)[:1] if not own)

    def bases_of(self, path: str, name: str) -> Iterator[Symbol]:
        """What the class of this name in a file is derived from, as far as it is in the repository."""
        bases = [
            base for base in graph_records.bases_of(self._first.connection, name) if self._is_part(base.path, path)
        ]
        yield from (symbol for base in bases if (symbol := self.base(base)) is not None)

    def _is_part(self, path: str, of: str) -> bool:
        """Whether a file may hold a part of a class in another file: the same one, or one beside it."""
        if path == of or language_name(of) not in _IN_PARTS:
            return path == of
        if language_name(of) == "rust":  # Traits are implemented anywhere in a crate.
            return f"/{path}".partition("/src/")[0] == f"/{of}".partition("/src/")[0]
        return posixpath.dirname(path) == posixpath.dirname(of)

    def ancestors(self, classes: Iterable[Symbol]) -> list[Symbol]:
        """The classes that these are derived from, nearest first, themselves left out."""
        found: dict[tuple[str, str], Symbol] = {}
        start = list(classes)
        waiting = list(start)
        known = {(symbol.path, symbol.name) for symbol in start}
        while waiting and len(found) < MAX_ANCESTORS:
            one = waiting.pop(0)
            for base in self.bases_of(one.path, one.name):
                if (base.path, base.name) not in known:
                    known.add((base.path, base.name))
                    found[base.path, base.name] = base
                    waiting.append(base)
        return list(found.values())

    def member(self, classes: Iterable[Symbol], name: str) -> Symbol | None:
        """The member of this name of the first of these classes that has one."""
        found = (self._members(one).get(name) or self._outside(one, name) for one in classes)
        return next((member for member in found if member is not None), None)

    def _members(self, owner: Symbol) -> dict[str, Symbol]:
        key = (owner.path, owner.start_line, owner.name)
        if key not in self._known:
            members = records.members_of(self._first.connection, owner)
            self._known[key] = {member.name: member for member in reversed(members)}
        return self._known[key]

    def _outside(self, owner: Symbol, name: str) -> Symbol | None:
        """A member that stands outside of its class, in any file of the folder."""
        if language_name(owner.path) not in _METHODS_OUTSIDE and not _PARTIAL.search(owner.signature):
            return None
        connection = self._first.connection
        named = graph_records.members_named(connection, owner.name, name)
        rows = [row for row, path in named if self._is_part(path, owner.path)]
        return next(iter(records.symbols_by_id(connection, rows[:1])), None)

    def base(self, base: Base) -> Symbol | None:
        """The class that is meant by a base, seen from the file that names it."""
        look_up = self._look_up(base.path)
        rows = () if base.scope else look_up.repository.definitions(base.path, base.name)
        symbols = records.symbols_by_id(look_up.connection, rows)
        symbols += [found.symbol for found in self._elsewhere(look_up, base)] if not symbols else []
        return next((symbol for symbol in symbols if symbol.kind in ("class", "type", "module")), None)

    def _elsewhere(self, look_up: NameLookup, base: Base) -> Iterable[Found]:
        first = base.scope.partition(".")[0]
        item = look_up.imported_as(first) if first else None
        if item is not None and item.name in ("", "*"):
            return look_up.in_module(item, base.name)
        if item is not None:
            inner = Import(f"{item.module}.{item.name}".lstrip("."), base.name, base.name, base.path, item.line)
            return look_up.in_module(inner, base.name) or look_up.resolved(base.name)
        return look_up.resolved(base.name)

    def _look_up(self, path: str) -> NameLookup:
        if path not in self._look_ups:
            self._look_ups[path] = self._first.there(path)
        return self._look_ups[path]
