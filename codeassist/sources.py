"""One Retriever out of two: what the index finds, and what the user has just edited."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from codeassist.activity import Activity
from indexer.ranking import without_overlaps
from indexer.types import Hit, Query, Retriever

Withheld = Callable[[str, str], str | None]


class WithActivity:
    """A Retriever that puts edited places before what another one finds.

    withheld: why no model may see a document with this path and text, or None.
    """

    def __init__(self, index: Retriever, activity: Activity, withheld: Withheld) -> None:
        self._index = index
        self._activity = activity
        self._withheld = withheld

    def search(self, query: Query, limit: int) -> list[Hit]:
        """Best first. Edited places are code that is merely alike: not wanted where the query does not want such."""
        found = self._index.search(query, limit)
        if query.path is None or not query.similar:
            return found
        edited = [hit for hit in self._activity.hits(query) if not self._is_withheld(hit.path)]
        if not edited:
            return found
        hits = without_overlaps([*edited, *found], limit)
        return [replace(hit, score=1.0 - rank / len(hits)) for rank, hit in enumerate(hits)]

    def versions(self, paths: Iterable[str]) -> dict[str, str]:
        """Those of the index; an open document changes with each edit, and need not be indexed."""
        wanted = list(paths)
        known = self._index.versions(wanted)
        return known | {
            path: f"{known.get(path, '')} {version}" for path, version in self._activity.versions(wanted).items()
        }

    def _is_withheld(self, path: str) -> bool:
        return self._withheld(path, self._activity.text(path)) is not None
