"""A question -> the definition that its names lead to, through re-exports, base classes and what functions return.

httpx, Client                 the class, wherever `httpx` has it from
httpx, Client.get             its method, or that of a class it is derived from
httpx, Client ()              an instance of the class: the class itself
httpx, Client () get () json  the method of what the method returns
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from indexer.dependencies.ecosystems import ECOSYSTEMS
from indexer.dependencies.heads import alias_of, bases_of, is_own, types_of_value
from indexer.dependencies.types import CALL, OFFERS, Defined, LibraryFile, Location, Module, Thing, Wanted
from indexer.types import Import, Symbol

# How many imports are followed one after another, and how many files one question looks at.
MAX_DEPTH = 12
MAX_FILES = 400
MAX_BASES = 8

ReadFile = Callable[[Location], LibraryFile | None]
_Seen = set[tuple[str, str]]


class Resolver:
    """Follows one question. read: what is known of a file, None when it cannot be read."""

    def __init__(self, wanted: Wanted, read: ReadFile) -> None:
        self._wanted = wanted
        self._scope = wanted.scope
        self._ecosystem = ECOSYSTEMS[wanted.scope.family]
        self._read = read
        self._n_read = 0

    def find(self) -> Thing | None:
        """What the question leads to."""
        thing = self._start()
        for name in self._wanted.names:
            if thing is None:
                return None
            thing = self._next(thing, name)
        return thing

    def _next(self, thing: Thing, name: str) -> Thing | None:
        if name == OFFERS and isinstance(thing, Module):
            return thing
        return self.instance(thing) if name in (CALL, OFFERS) else self.attribute(thing, name)

    def attribute(self, thing: Thing, name: str) -> Thing | None:
        """What a module, an instance or a class has under a name."""
        if isinstance(thing, Module):
            return self._in_module(thing, name, set(), 0)
        if not thing.is_class:
            value = self.instance(thing)
            return self.attribute(value, name) if isinstance(value, Defined) and value.is_class else None
        return self._member(thing, name)

    def instance(self, thing: Thing) -> Thing | None:
        """What calling something gives: an instance of a class is as good as the class."""
        if isinstance(thing, Module):
            exported = self._in_module(thing, "default", set(), 0)
            return self.instance(exported) if isinstance(exported, Defined) else None
        if thing.is_class:
            return thing
        for word in types_of_value(thing.symbol, self._scope.family):
            found = self._owner(thing) if is_own(word) else self._in_file(thing.file, word)
            if isinstance(found, Defined) and found.is_class:
                return found
        return None

    def called(self, thing: Defined) -> Defined:
        """What a variable does when it is called, where it stands for a function (`zeros: _Constructor`)."""
        value = self.instance(thing) if thing.symbol.kind == "constant" else None
        if not isinstance(value, Defined) or not value.qualified.startswith("_"):
            return thing
        return self._member(value, "__call__") or thing

    def files(self, module: Module) -> Iterator[LibraryFile]:
        """The files of a module, as far as they can be read."""
        for location in module.files:
            self._n_read += 1
            if self._n_read <= MAX_FILES and (file := self._read(location)) is not None:
                yield file

    def members(self, owner: Defined) -> list[Symbol]:
        """What a class itself has, by line."""
        if self._scope.family != "go":
            return owner.file.members(owner.qualified)
        home = self._ecosystem.home_of(self._scope, owner.file.location)
        return [symbol for file in self.files(home) for symbol in file.members(owner.qualified)]

    def lineage(self, owner: Defined) -> list[Defined]:
        """The classes that a class is derived from, nearest first."""
        found: dict[tuple[Location, str], Defined] = {owner.place: owner}
        waiting = [owner]
        while waiting and len(found) <= MAX_BASES:
            one = waiting.pop(0)
            for word in bases_of(one.symbol, self._scope.family):
                base = self._in_file(one.file, word)
                if isinstance(base, Defined) and base.is_class and base.place not in found:
                    found[base.place] = base
                    waiting.append(base)
        return list(found.values())[1:]

    def _start(self) -> Thing | None:
        name, separator = self._wanted.module, self._ecosystem.separator
        module = self._ecosystem.find_module(self._scope, name)
        if module is not None or not separator or separator not in name:
            return module
        above, _, last = name.rpartition(separator)
        holder = Resolver(Wanted(self._scope, above), self._read).find()
        return self.attribute(holder, last) if holder is not None else None

    def _in_module(self, module: Module, name: str, seen: _Seen, depth: int) -> Thing | None:
        if (module.name, name) in seen or depth > MAX_DEPTH:
            return None
        seen.add((module.name, name))
        return next((thing for thing in self._meanings(module, name, seen, depth) if thing is not None), None)

    def _meanings(self, module: Module, name: str, seen: _Seen, depth: int) -> Iterator[Thing | None]:
        """What a module has under a name: its own, what it imports by that name, a submodule, all of another module."""
        files = list(self.files(module))
        for file in files:
            yield self._own(file, name, seen, depth)
        imports = [(file, item) for file in files for item in file.imports]
        for file, item in imports:
            if item.alias == name and item.name != "*":
                yield self._imported(file, item, seen, depth + 1)
        yield self._ecosystem.find_submodule(self._scope, module, name)
        for file, item in imports:
            if item.name == "*" or (item.name == "" and self._scope.family == "javascript"):
                target = self._ecosystem.find_imported(self._scope, file.location, item)
                yield self._in_module(target, name, seen, depth + 1) if target is not None else None

    def _own(self, file: LibraryFile, name: str, seen: _Seen, depth: int) -> Thing | None:
        """What a file itself defines, the thing that it only gives another name included."""
        symbols = file.named(name)
        if not symbols and file.default:
            if name == "default":
                return self._in_file(file, file.default)
            symbols = file.named(name, file.default)
        if not symbols and name == "default":
            symbols = tuple(symbol for symbol in file.symbols if symbol.signature.startswith("export default"))
        if not symbols:
            return None
        symbol = best_of(symbols)
        other = alias_of(symbol)
        if other and other != name and (found := self._in_file(file, other, seen, depth + 1)):
            return found
        return Defined(file, symbol)

    def _imported(self, file: LibraryFile, item: Import, seen: _Seen, depth: int) -> Thing | None:
        """What an import in a file of a library binds."""
        if item.name == "" and item.module.startswith(f"{item.alias}."):  # `import a.b` binds `a`.
            return self._ecosystem.find_module(self._scope, item.alias)
        if not item.module:  # `export { Cart as Basket }`
            return self._in_file(file, item.name, seen, depth)
        target = self._ecosystem.find_imported(self._scope, file.location, item)
        return self._in_module(target, item.name, seen, depth) if target and item.name else target

    def _in_file(self, file: LibraryFile, dotted: str, seen: _Seen | None = None, depth: int = 0) -> Thing | None:
        """What a dotted name means in a file of a library."""
        first, *rest = dotted.replace("::", ".").split(".")
        home = self._ecosystem.home_of(self._scope, file.location)
        thing = self._in_module(home, first, set() if seen is None else seen, depth)
        for name in rest:
            thing = self.attribute(thing, name) if thing is not None else None
        return thing

    def _member(self, owner: Defined, name: str) -> Defined | None:
        for one in (owner, *self.lineage(owner)):
            if symbols := tuple(symbol for symbol in self.members(one) if symbol.name == name):
                symbol = best_of(symbols)
                return Defined(self._file_of(symbol, one), symbol)
        return None

    def _file_of(self, symbol: Symbol, owner: Defined) -> LibraryFile:
        """The file of a class's member; in Go it may be another one of the package."""
        location = owner.file.location
        return owner.file if symbol.path == location.path else self._read(location.beside(symbol.path)) or owner.file

    def _owner(self, thing: Defined) -> Defined | None:
        """The class that a method or a field stands in."""
        container, _, name = thing.symbol.container.rpartition(".")
        symbols = thing.file.named(name, container)
        return Defined(thing.file, symbols[0]) if symbols else None


def best_of(symbols: tuple[Symbol, ...]) -> Symbol:
    """Of several definitions of one name the one that says most: none that only sets, an overload where it has types
    and the function itself has not."""
    getters = [s for s in symbols if not (".setter" in s.signature or ".deleter" in s.signature)] or list(symbols)
    plain = [symbol for symbol in getters if "@overload" not in symbol.signature]
    typed = [symbol for symbol in plain if "->" in symbol.signature]
    return max(typed or (getters if len(plain) < len(getters) else plain), key=lambda symbol: len(symbol.signature))
