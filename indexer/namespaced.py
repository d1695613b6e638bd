"""Imports of languages that name namespaces and what is declared in them: C#, Java, Kotlin, Scala, PHP.

Where files lie need not follow their namespaces, so that the files' own declarations decide; paths are asked where no
declaration is known.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from indexer.asker import Asker, nearest, normal
from indexer.namespaces import separator_of
from indexer.repository_map import RepositoryMap
from indexer.types import Import

_ENDINGS = {"c_sharp": (".cs",), "php": (".php",)}
_JVM_ENDINGS = (".java", ".kt", ".scala")


def resolve_namespaced(repository: RepositoryMap, item: Import, asker: Asker) -> list[str]:
    """Files that declare what is imported, nearest first: all of a namespace, one of its types, members of a type."""
    separator = separator_of(asker.language)
    if item.name == "*" and (declaring := repository.declaring(item.module.strip(separator))):
        return nearest(declaring, asker.path)
    full = [part for part in item.module.split(separator) if part]
    if item.name and item.name != "*":
        full.append(item.name)
    for namespace, name in _splits(full, separator):
        if paths := repository.defining(namespace, name):
            return nearest(paths, asker.path)
    return _by_path(repository, full, asker)


def _splits(full: list[str], separator: str) -> Iterator[tuple[str, str]]:
    """(namespace, type) pairs that a qualified name may mean; what is behind the type is one of its members."""
    for length in range(len(full) - 1, 0, -1):
        yield separator.join(full[:length]), full[length]


def _by_path(repository: RepositoryMap, full: list[str], asker: Asker) -> list[str]:
    """Files whose path ends as the qualified name does, where what they declare is not known."""
    for length in (len(full), len(full) - 1):
        for ending in _ENDINGS.get(asker.language, _JVM_ENDINGS):
            tail = "/".join(full[:length]) + ending
            if length > 1 and (paths := repository.paths_ending(tail, 4)):
                return paths
    return []


def resolve_php(repository: RepositoryMap, item: Import, asker: Asker) -> list[str]:
    """By the folders that composer.json gives namespaces, else by what files declare; a path for `require`."""
    if "/" in item.module or item.module.endswith(".php"):
        near = normal(posixpath.join(asker.folder, item.module.lstrip("/")))
        return [near] if near in repository.files else repository.paths_ending(item.module.lstrip("./"), 1)
    name = "\\".join(part for part in (item.module.strip("\\"), item.name) if part)
    namespaces = repository.build.namespaces
    for prefix in sorted((one for one in namespaces if f"{name}\\".startswith(f"{one}\\")), key=len, reverse=True):
        rest = name[len(prefix) :].strip("\\").replace("\\", "/")
        if path := repository.first_existing(f"{folder}/{rest}.php".lstrip("/") for folder in namespaces[prefix]):
            return [path]
    return resolve_namespaced(repository, item, asker)
