"""A question about a library -> hits."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from indexer.dependencies.ecosystems import ECOSYSTEMS
from indexer.dependencies.resolve import ReadFile, Resolver
from indexer.dependencies.texts import MAX_LINES, MAX_OFFERED, definition_hit, module_hit
from indexer.dependencies.types import OFFERS, Defined, LibraryFile, Module, Wanted
from indexer.types import Hit, Symbol

# A class that has so many members of its own needs none of those it inherits.
MANY_MEMBERS = 16


def answer(wanted: Wanted, read: ReadFile) -> tuple[Hit, ...]:
    """The definition that a question leads to; of a module what it offers, when that is the question."""
    resolver = Resolver(wanted, read)
    thing = resolver.find()
    if thing is None:
        return ()
    package_of = ECOSYSTEMS[wanted.scope.family].package_of
    if isinstance(thing, Module):
        hit = _offered(thing, wanted, resolver) if wanted.names[-1:] == (OFFERS,) else None
        return (hit,) if hit is not None else ()
    thing = resolver.called(thing)
    members: list[Symbol] = []
    inherited: list[Symbol] = []
    if thing.is_class:
        members = resolver.members(thing)
        if len(members) < MANY_MEMBERS:
            inherited = [symbol for base in resolver.lineage(thing) for symbol in resolver.members(base)]
    return (definition_hit(thing, members, inherited[: 2 * MAX_LINES], package_of(thing.file.location)),)


def _offered(module: Module, wanted: Wanted, resolver: Resolver) -> Hit | None:
    """What a module defines and has from elsewhere."""
    if not module.files:
        return None
    files = list(resolver.files(module))
    found: dict[str, Symbol] = {}
    for name in islice(_public_names(files, wanted.scope.family), 3 * MAX_OFFERED):
        if len(found) > MAX_OFFERED:
            break
        thing = resolver.attribute(module, name)
        if isinstance(thing, Defined):
            found.setdefault(name, thing.symbol)
    package = ECOSYSTEMS[wanted.scope.family].package_of(module.files[0])
    spelled = ".".join((wanted.module, *wanted.names[:-1]))
    return module_hit(module.files[0].key, spelled, list(found.values()), package)


def _public_names(files: list[LibraryFile], family: str) -> Iterator[str]:
    """Names that a module gives away: by its `__all__`, else its own and those that it imports by name."""
    if exports := [name for file in files for name in file.exports]:
        yield from (name for name in dict.fromkeys(exports) if not name.startswith("_"))
        return
    own = (symbol.name for file in files for symbol in file.symbols if not symbol.container)
    packages = [file for file in files if family != "python" or "/__init__.py" in file.location.path]
    imported = (
        item.alias
        for file in packages
        for item in file.imports
        if item.name not in ("", "*") and item.alias != "default"
    )
    for name in dict.fromkeys((*own, *imported)):
        if name[:1].isupper() if family == "go" else not name.startswith("_"):
            yield name
