"""What is known of installed libraries: where they are, what a file of one holds, and what is asked. All frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from indexer.types import Import, Symbol, library_path

# In a chain of names: what a call of the one before gives, an instance of a class or what a function returns.
CALL = "()"
# At the end of a chain: what the one before offers, an outline of a module or the class of an instance.
OFFERS = "*"


@dataclass(frozen=True, slots=True)
class Location:
    """A file or a folder of a library: `path` inside of `root`, a folder that libraries are installed in."""

    root: str
    path: str

    @property
    def key(self) -> str:
        """The path of its hits, which no file of a repository can have."""
        return library_path(self.root, self.path)

    def beside(self, path: str) -> Location:
        """Another place in the same root."""
        return Location(self.root, path)


@dataclass(frozen=True, slots=True)
class Installed:
    """Where libraries of this user may be besides the workspace; None for nowhere.

    store: the file that keeps what was read. environment: the Python environment that a setting names. active: the one
    that this process was started in, for workspaces without one. go: Go's module cache. cargo: Cargo's home.
    """

    store: str | None = None
    environment: str | None = None
    active: str | None = None
    go: str | None = None
    cargo: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """The libraries that the files of one folder may import. One object for as long as it stays the same.

    family: languages that import one another. roots: the folders that libraries are installed in, the nearest first.
    packages: those that build files name, by the name that imports begin with.
    """

    family: str
    roots: tuple[str, ...]
    packages: Mapping[str, Location] = field(default_factory=dict)

    def is_like(self, other: Scope) -> bool:
        """Whether both say the same."""
        return (self.family, self.roots, self.packages) == (other.family, other.roots, other.packages)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A question: what `names` lead to from a module on, one as an attribute of the one before."""

    scope: Scope
    module: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Module:
    """A module by its full name, and the files that make it, those that say most first; none for a mere folder."""

    name: str
    files: tuple[Location, ...]


@dataclass(frozen=True, slots=True)
class LibraryFile:
    """What one file defines and has from elsewhere. exports: names in its `__all__`. default: what JavaScript's
    `export default` or `export =` names."""

    location: Location
    symbols: tuple[Symbol, ...] = ()
    imports: tuple[Import, ...] = ()
    exports: tuple[str, ...] = ()
    default: str = ""
    by_place: Mapping[tuple[str, str], tuple[Symbol, ...]] = field(default_factory=dict, compare=False, repr=False)

    def named(self, name: str, container: str = "") -> tuple[Symbol, ...]:
        """Definitions of a name, at the top or in a container."""
        return self.by_place.get((container, name), ())

    def members(self, container: str) -> list[Symbol]:
        """What stands in a container, by line."""
        return [symbol for symbol in self.symbols if symbol.container == container]


def library_file(
    location: Location,
    symbols: tuple[Symbol, ...],
    imports: tuple[Import, ...],
    exports: tuple[str, ...] = (),
    default: str = "",
) -> LibraryFile:
    """A file with its names in order."""
    by_place: dict[tuple[str, str], tuple[Symbol, ...]] = {}
    for symbol in symbols:
        place = (symbol.container, symbol.name)
        by_place[place] = (*by_place.get(place, ()), symbol)
    return LibraryFile(location, symbols, imports, exports, default, by_place)


@dataclass(frozen=True, slots=True)
class Defined:
    """A definition, and the file that it stands in."""

    file: LibraryFile
    symbol: Symbol

    @property
    def qualified(self) -> str:
        """Its name with those of what encloses it."""
        return f"{self.symbol.container}.{self.symbol.name}" if self.symbol.container else self.symbol.name

    @property
    def place(self) -> tuple[Location, str]:
        """What no other definition has."""
        return self.file.location, self.qualified

    @property
    def is_class(self) -> bool:
        """Whether it has members of its own rather than those of what it returns."""
        return self.symbol.kind in ("class", "module") or (self.symbol.kind == "type" and "{" in self.symbol.signature)


Thing = Module | Defined
