"""What a perfect search would bring: definitions, in other files, of what the rest of the cursor's line names.

By name, from the index's own symbols. A name counts when the asking file does not define it, when at most six
definitions elsewhere agree with how it is used (behind a dot or not), and when it is no local variable and no method
of a built-in type as far as one can tell without types: it is called, imported, capitalised, or nowhere else in the
file.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.quality.cases import Case
from bench.quality.syntax import Use, uses_of, words
from indexer.cursor import imports_in
from indexer.definitions import definition_hit
from indexer.index import CodeIndex
from indexer.languages import family_of, language_name, language_of
from indexer.lookup import Found
from indexer.ranking import is_test_path
from indexer.types import Hit, Query, Symbol

# More definitions of one name do not tell which is meant; so many of one name are shown.
MAX_DEFINITIONS = 6
MAX_SHOWN = 2

_BARE = frozenset({"class", "function", "constant", "type"})
_MEMBERS = _BARE | {"method", "field"}
_DEFINED = re.compile(r"\b(?:def|class|fn|func|function|fun|struct|enum|interface|trait)\s+([^\W\d]\w*)")
# Behind a dot, these are almost always those of a built-in type.
_EVERYDAY = frozenset(name for kind in (str, list, dict, set, int) for name in dir(kind)) | {"close", "push", "size"}


@dataclass(frozen=True, slots=True)
class Needed:
    """Definitions that a line needs, and their names as the line spells them."""

    hits: tuple[Hit, ...]
    names: frozenset[str]


class Oracle:
    """A Retriever that knows what the cursor needs."""

    def __init__(self, index: CodeIndex, hits: tuple[Hit, ...]) -> None:
        self._index = index
        self._hits = hits

    def search(self, query: Query, limit: int) -> list[Hit]:
        """The definitions, and nothing else."""
        return list(self._hits[:limit])

    def versions(self, paths: Iterable[str]) -> dict[str, str]:
        """As the index has them."""
        return self._index.versions(paths)


def needed(case: Case, index: CodeIndex) -> Needed:
    """The definitions that the rest of the case's line needs."""
    document = case.document
    here = words(document.text)
    imported = {item.alias for item in imports_in(document.text, document.path, language_name(document.path))}
    hits: dict[tuple[str, int], Hit] = {}
    names = []
    here_defined = frozenset(_DEFINED.findall(case.left + case.truth))
    for use in uses_of(case, case.truth):
        is_local = use.name in here and not (use.is_called or use.name in imported or use.name[0].isupper())
        for symbol in () if is_local or use.name in here_defined else _definitions(use, case, index):
            hit = definition_hit(Found(symbol, 1.0, f"defines `{use.name}`, which the line needs"))
            hits.setdefault((hit.path, hit.start_line), hit)
            names.append(use.name)
    return Needed(tuple(hits.values()), frozenset(names))


def _definitions(use: Use, case: Case, index: CodeIndex) -> Sequence[Symbol]:
    """Definitions in other files, those first that the asking file is likely to mean."""
    path = case.document.path
    found = [symbol for symbol in index.symbols(use.name, 8 * MAX_DEFINITIONS) if symbol.name == use.name]
    if (use.is_member and use.name in _EVERYDAY) or any(symbol.path == path for symbol in found):
        return ()
    kinds = _MEMBERS if use.is_member else _BARE
    fitting = [symbol for symbol in found if symbol.kind in kinds and _same_family(symbol.path, path)]
    if len(fitting) > MAX_DEFINITIONS:
        return ()
    spelled = words(case.filled(case.truth))

    def likeness(symbol: Symbol) -> tuple[int, bool, int]:
        """How much of the definition's path the file spells: in its imports, most of the time."""
        n_spelled = len(words(symbol.path) & spelled)
        return n_spelled, not is_test_path(symbol.path), len(posixpath.commonprefix([symbol.path, path]))

    return sorted(fitting, key=likeness, reverse=True)[:MAX_SHOWN]


def _same_family(one: str, other: str) -> bool:
    first, second = language_of(one), language_of(other)
    return first is not None and second is not None and family_of(first) == family_of(second)
