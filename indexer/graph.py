"""Imports -> files of the repository, and names -> their definitions through imports. Best effort."""

from __future__ import annotations

from indexer.repository_map import RepositoryMap
from indexer.resolvers import RESOLVERS, Asker
from indexer.types import Import

MAX_FILES = 24
# Files that one look-up may pass through; a package that re-exports everything has hundreds.
MAX_VISITED = 300
# Answers that are kept until files change.
MAX_REMEMBERED = 50_000


def resolve_import(repository: RepositoryMap, item: Import, asker: Asker) -> list[str]:
    """Files that an import may mean, likeliest first; empty for libraries from outside."""
    key = (asker.path if asker.language == "rust" else asker.folder, item.module, item.name)
    found = repository.resolved.get(key)
    if found is None:
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
    there = Asker(path, asker.language, asker.root_name)
    named: list[tuple[str, str]] = []
    wild: list[tuple[str, str]] = []
    for item in repository.imports(path):
        if item.alias == name and item.name not in ("", "*"):
            named += [(target, item.name) for target in resolve_import(repository, item, there)]
        elif item.name == "*":
            wild += [(target, name) for target in resolve_import(repository, item, there)]
    return named or wild
