"""One Retriever out of several: what the index finds, and what the user has just edited, here or in another folder."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from codeassist.activity import MAX_SHOWN, Activity
from indexer.ranking import without_overlaps
from indexer.types import Hit, Query, Retriever

Withheld = Callable[[str, str], str | None]


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another folder that the user works in. prefix: the way to it from here, with a slash at the end."""

    prefix: str
    activity: Activity
    withheld: Withheld

    def hits(self, query: Query) -> list[Hit]:
        """Places that were edited there and clearly have to do with the query, by their paths from here."""
        found = _shown(self.activity.hits_for_elsewhere(query), self.activity, self.withheld)
        return [replace(hit, path=f"{self.prefix}{hit.path}") for hit in found]

    def versions(self, paths: Iterable[str]) -> dict[str, str]:
        """Of its open documents among these paths from here."""
        inner = [path.removeprefix(self.prefix) for path in paths if path.startswith(self.prefix)]
        return {f"{self.prefix}{path}": version for path, version in self.activity.versions(inner).items()}


def _no_neighbours() -> Sequence[Neighbour]:
    return ()


class WithActivity:
    """A Retriever that puts edited places before what another one finds.

    withheld: why no model may see a document with this path and text, or None.
    """

    def __init__(
        self,
        index: Retriever,
        activity: Activity,
        withheld: Withheld,
        neighbours: Callable[[], Sequence[Neighbour]] = _no_neighbours,
    ) -> None:
        self._index = index
        self._activity = activity
        self._withheld = withheld
        self._neighbours = neighbours

    def search(self, query: Query, limit: int) -> list[Hit]:
        """Best first. Edited places are code that is merely alike: not wanted where the query does not want such."""
        found = self._index.search(query, limit)
        if query.path is None or not query.similar:
            return found
        edited = self._edited(query)
        if not edited:
            return found
        hits = without_overlaps([*edited, *found], limit)
        return [replace(hit, score=1.0 - rank / len(hits)) for rank, hit in enumerate(hits)]

    def versions(self, paths: Iterable[str]) -> dict[str, str]:
        """Those of the index; an open document changes with each edit, and need not be indexed."""
        wanted = list(paths)
        known = self._index.versions(wanted)
        edits = self._activity.versions(wanted)
        for neighbour in self._neighbours():
            edits |= neighbour.versions(wanted)
        return known | {path: f"{known.get(path, '')} {version}" for path, version in edits.items()}

    def _edited(self, query: Query) -> list[Hit]:
        """Places of this folder, and those of others where it has too few."""
        edited = _shown(self._activity.hits(query), self._activity, self._withheld)
        for neighbour in self._neighbours():
            if len(edited) < MAX_SHOWN:
                edited += neighbour.hits(query)
        return edited[:MAX_SHOWN]


def _shown(hits: Iterable[Hit], activity: Activity, withheld: Withheld) -> list[Hit]:
    return [hit for hit in hits if withheld(hit.path, activity.text(hit.path)) is None]
