"""The names near a cursor -> their definitions in other files, through imports and through what classes inherit."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from functools import cached_property

from indexer import records
from indexer.asker import Asker
from indexer.cursor import CursorView, types_of
from indexer.hierarchy import Hierarchy
from indexer.lookup import Found, NameLookup
from indexer.repository_map import RepositoryMap
from indexer.types import Hit, HitSource, Import, Symbol

MAX_DEFINITIONS = 24
# A variable has the type that variables of its name have in this share of the files that say so, or more.
MIN_VOTES = 0.25
MAX_VOTED = 3
# For so many of the names nearest to the cursor other files are asked what they are.
MAX_GUESSED_NAMES = 8
# So many classes above that of a variable are shown.
MAX_SHOWN_BASES = 2
# How much a class counts that the one around the cursor is derived from, and each that this one is derived from.
BASE, FURTHER_BASE = 0.8, 0.6

# What stands for the object, or for what its class is derived from, in some language.
_OWN = frozenset({"self", "this", "cls", "Self", "static"})
_ABOVE = {"c_sharp": "base", "php": "parent"}
# Languages in which members are named without an object.
_BARE_MEMBERS = frozenset({"java", "kotlin", "scala", "c_sharp", "cpp", "ruby", "swift"})
_LAST_WORD = re.compile(r"\w+$")


class Definitions:
    """Looks names up for one cursor; every look-up is made once."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        repository: RepositoryMap,
        asker: Asker,
        imports: tuple[Import, ...],
        own_names: frozenset[str],
        namespaces: Sequence[str] = (),
    ) -> None:
        self._connection = connection
        self._names = NameLookup(connection, repository, asker, imports, namespaces, own_names)
        self._hierarchy = Hierarchy(self._names)
        self.asker = asker
        self.own_names = own_names
        self.targets = self._names.targets
        self.is_inside = self._names.is_inside
        self.imported_as = self._names.imported_as

    def near(self, view: CursorView) -> list[Found]:
        """Definitions for everything the view names, in the order in which they should be shown."""
        found: dict[tuple[str, int, str], Found] = {}
        for item in Near(self._connection, self._names, self._hierarchy, view).in_order():
            key = (item.symbol.path, item.symbol.start_line, item.symbol.name)
            if item.symbol.path != self.asker.path and (key not in found or found[key].weight < item.weight):
                found[key] = item
            if len(found) >= 2 * MAX_DEFINITIONS:
                break
        ordered = sorted(found.values(), key=lambda item: (-item.weight, item.symbol.path, item.symbol.start_line))
        return ordered[:MAX_DEFINITIONS]

    def of_imports(self) -> list[Found]:
        """Definitions of everything that the file imports, in the order of its imports."""
        return [found for item in self._names.imports for found in self._names.resolved(item.alias)][:MAX_DEFINITIONS]


class Near:
    """What one view of a cursor names."""

    def __init__(
        self, connection: sqlite3.Connection, names: NameLookup, hierarchy: Hierarchy, view: CursorView
    ) -> None:
        self._connection = connection
        self._names = names
        self._hierarchy = hierarchy
        self._view = view

    def in_order(self) -> Iterator[Found]:
        """Definitions with how much they count, the same one perhaps several times."""
        view, resolved = self._view, self._names.resolved
        for rank, (base, attribute) in enumerate(view.members):
            yield from _faded(self._member(base, attribute), 1 / (1 + 0.08 * rank))
        is_ruby = self._names.asker.language == "ruby"
        within = {attribute for _, attribute in view.members if is_ruby and attribute[:1].isupper()}
        for rank, name in enumerate(view.names):
            fade = 1 / (1 + 0.05 * rank)
            if name in within:
                continue  # `Shop::Cart` was looked up as a whole.
            found = resolved(name)
            yield from _faded(found or self._bare_member(name), fade)
            is_imported = bool(found) and self._names.imported_as(name) is not None
            types = () if is_imported else types_of(view, name)[:3]
            for word in types:
                yield from _faded(resolved(word.rsplit(".", 1)[-1]), 0.85 * fade)
            if not is_imported and not types and rank < MAX_GUESSED_NAMES:
                yield from _faded(self._voted(name), 0.6 * fade)
        for word in view.bases[1:]:
            yield from _faded(resolved(word), BASE)
        for rank, symbol in enumerate(self._above):
            why = f"a class that `{view.bases[0]}` is derived from"
            yield Found(symbol, BASE if rank == 0 else FURTHER_BASE, why)

    @cached_property
    def _own(self) -> list[Symbol]:
        """The class around the cursor, as the index has it."""
        return list(self._hierarchy.own_class(self._view.bases[0])) if self._view.bases else []

    @cached_property
    def _above(self) -> list[Symbol]:
        """The classes that the one around the cursor is derived from, nearest first: as written, and as indexed."""
        written = [
            found.symbol
            for word in self._view.bases[1:]
            for found in self._names.resolved(word)[:1]
            if found.symbol.kind in ("class", "module")
        ]
        own = [*self._own, *self._beside()]
        return list(dict.fromkeys([*written, *self._hierarchy.ancestors([*own, *written])]))

    def _beside(self) -> list[Symbol]:
        """Classes of the asking file that the one around the cursor is derived from."""
        path = self._names.asker.path
        rows = [row for word in self._view.bases[1:] for row in self._names.repository.definitions(path, word)]
        return records.symbols_by_id(self._connection, rows)

    def _member(self, base: str, attribute: str) -> tuple[Found, ...]:
        """`module.name`, an inherited member, or the class of `variable` in `variable.name`."""
        names = self._names
        if names.asker.language == "ruby" and attribute[:1].isupper():
            return names.by_constant(f"{base}::{attribute}".replace(".", "::")) or names.resolved(attribute)
        item = names.imported_as(base) or names.imported_as(base.split(".", 1)[0])
        if item is not None and attribute and not names.resolved(item.alias):
            return names.in_module(item, attribute)
        is_above = base in ("super", _ABOVE.get(names.asker.language))
        if base in _OWN or is_above:
            return self._inherited([] if is_above else self._own, self._above, attribute)
        found: list[Found] = []
        for word in types_of(self._view, base)[:4]:
            found += names.resolved(word.rsplit(".", 1)[-1])
        if found:
            return (*found, *self._with_bases(found, attribute))
        if (voted := self._voted(base)) or not attribute:
            return (*voted, *self._with_bases(list(voted), attribute))
        found = list(names.everywhere(attribute, ("method",), 0.35)) if len(attribute) > 4 else []
        return tuple(found) if len(found) == 1 else ()  # A method that only one class has tells which class.

    def _bare_member(self, name: str) -> tuple[Found, ...]:
        """An inherited member that is named without its object."""
        if self._names.asker.language not in _BARE_MEMBERS or name in self._names.own_names or not self._above:
            return ()
        return self._inherited(self._own, self._above, name)

    def _with_bases(self, found: Sequence[Found], attribute: str) -> tuple[Found, ...]:
        """Members that the classes of a variable have from others: the one that is named, else these classes."""
        classes = [item.symbol for item in found if item.symbol.kind == "class"][:MAX_VOTED]
        if attribute and self._hierarchy.member(classes, attribute):
            return ()
        above = self._hierarchy.ancestors(classes)
        if inherited := self._inherited([], above, attribute):
            return inherited
        why = f"a class that `{classes[0].name}` is derived from" if classes else ""
        return tuple(Found(symbol, 0.7, why) for symbol in above[:MAX_SHOWN_BASES])

    def _inherited(self, own: Sequence[Symbol], above: Sequence[Symbol], attribute: str) -> tuple[Found, ...]:
        """The class that a member is inherited from, or the member where the class's skeleton lacks it."""
        if not attribute or self._hierarchy.member(own, attribute) is not None:
            return ()
        for owner in above:
            if (member := self._hierarchy.member([owner], attribute)) is not None:
                is_shown = re.search(rf"\b{re.escape(attribute)}\b", owner.signature) is not None
                why = f"`{owner.name}` has `{attribute}`, which is inherited here"
                return (Found(owner if is_shown and member.path == owner.path else member, 1.0, why),)
        return ()

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
                found += [Found(item.symbol, 0.75 * share, why) for item in self._names.resolved(type_name)[:1]]
        return tuple(item for item in found if item.symbol.kind in ("class", "type"))


def _faded(found: tuple[Found, ...], fade: float) -> Iterator[Found]:
    for item in found:
        yield Found(item.symbol, item.weight * fade, item.why)


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
