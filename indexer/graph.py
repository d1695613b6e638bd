"""Imports -> files of the repository, and names -> their definitions through imports. Best effort."""

from __future__ import annotations

from collections.abc import Iterable

from indexer.asker import Asker
from indexer.namespaces import NAMESPACED
from indexer.repository_map import RepositoryMap
from indexer.resolvers import RESOLVERS
from indexer.types import Import

MAX_FILES = 24
# Files that one look-up may pass through; a package that re-exports everything has hundreds.
MAX_VISITED = 300
# Answers that are kept until files change.
MAX_REMEMBERED = 50_000
# Languages in which a file has all that the files have which it includes, and what these include.
INCLUDING = frozenset({"c", "cpp", "ruby", "bash"})


def resolve_import(repository: RepositoryMap, item: Import, asker: Asker) -> list[str]:
    """Files that an import may mean, likeliest first; empty for libraries from outside."""
    is_of_file = asker.language == "rust" or not item.module
    key = (asker.path if is_of_file else asker.folder, item.module, item.name)
    found = repository.resolved.get(key)
    if found is None:
        if len(repository.resolved) >= MAX_REMEMBERED:
            repository.resolved.clear()
        resolver = RESOLVERS.get(asker.language)
        found = resolver(repository, item, asker)[:MAX_FILES] if resolver else []
        repository.resolved[key] = found
    return found


def definitions_of(repository: RepositoryMap, name: str, path: str, asker: Asker) -> tuple[int, ...]:
    """Rows of the definitions of `name` in a file, or where that file has it from (re-exports). Remembered."""
    key = (path, name, asker.language)
    found = repository.defined.get(key)
    if found is None:
        if len(repository.defined) >= MAX_REMEMBERED:
            repository.defined.clear()
        found = repository.defined[key] = _find_definitions(repository, name, path, asker)
    return found


def included_by(repository: RepositoryMap, imports: Iterable[Import], asker: Asker) -> dict[str, int]:
    """The files that a file includes and those that come along, with how many steps away they are. Remembered."""
    waiting = [(path, 1) for item in imports for path in resolve_import(repository, item, asker)[:1]]
    key = tuple(path for path, _ in waiting)
    found = repository.included.get(key)
    if found is not None:
        return found
    found = {}
    while waiting and len(found) < MAX_VISITED:
        path, n_steps = waiting.pop(0)
        if path in found:
            continue
        found[path] = n_steps
        there = Asker(path, asker.language, asker.root_name)
        waiting += [
            (target, n_steps + 1)
            for item in repository.imports(path)
            for target in resolve_import(repository, item, there)[:1]
        ]
    repository.included[key] = found
    return found


def _find_definitions(repository: RepositoryMap, name: str, path: str, asker: Asker) -> tuple[int, ...]:
    seen: set[tuple[str, str]] = set()
    waiting = [(path, name)]
    while waiting and len(seen) < MAX_VISITED:
        step = waiting.pop(0)
        if step in seen:
            continue
        seen.add(step)
        if found := repository.definitions(*step):
            return found
        waiting += _re_exports(repository, *step, asker)
    return ()


def _re_exports(repository: RepositoryMap, path: str, name: str, asker: Asker) -> list[tuple[str, str]]:
    """(file, name) wherever a file may have this name from: imports by that name first, wildcards after."""
    if asker.language in NAMESPACED:
        return []  # What a file imports is nobody else's there.
    there = Asker(path, asker.language, asker.root_name)
    named: list[tuple[str, str]] = []
    wild: list[tuple[str, str]] = []
    for item in repository.imports(path):
        if item.alias == name and item.name not in ("", "*"):
            named += [(target, item.name) for target in resolve_import(repository, item, there)]
        elif item.name == "*":
            wild += [(target, name) for target in resolve_import(repository, item, there)]
    return named or wild
