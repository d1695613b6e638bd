"""What the index finds for a client's text, without what the text says itself."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import chain, zip_longest

from codeassist.fim import Slot
from indexer.line_index import line_key
from indexer.types import Hit, Query, Retriever, library_location, shown_path

# How the paths of snippets begin that no file is known for; a digest of the text follows.
CLIENT = "client"
# A hit that shares so much of its telling lines with a text repeats it.
_REPEATED = 0.6
# Some of what is found is left out, so more is asked for.
_SPARE_HITS = 6


class GapRetriever:
    """A Retriever for texts that may stand in the index under another name, or none. inner: None finds nothing."""

    def __init__(self, inner: Retriever | None) -> None:
        self._inner = inner

    def search(self, query: Query, limit: int) -> list[Hit]:
        """Best first, without hits of other files that repeat the asking text."""
        if self._inner is None:
            return []
        hits = self._inner.search(query, limit + _SPARE_HITS)
        own = telling_lines(query.source or "")
        return [hit for hit in hits if hit.path == query.path or not is_repeated(hit.text, own)][:limit]

    def versions(self, paths: Iterable[str]) -> dict[str, str]:
        """Those of the index; what the client sent is what it is."""
        wanted = list(paths)
        sent = {path: CLIENT for path in wanted if is_sent(path)}
        if self._inner is None:
            return dict.fromkeys(wanted, CLIENT)
        return self._inner.versions([path for path in wanted if path not in sent]) | sent


def is_sent(path: str) -> bool:
    """Whether this is the path of a snippet that no file is known for."""
    return library_location(path)[0].startswith(f"{CLIENT}:")


def telling_lines(text: str) -> frozenset[int]:
    """What the lines of a text are known by, those that tell something."""
    return frozenset(key for line in text.split("\n") if (key := line_key(line)) is not None)


def is_repeated(text: str, shown: Collection[int]) -> bool:
    """Whether the lines shown say already what a text says; a text that tells nothing counts as said."""
    keys = telling_lines(text)
    return sum(key in shown for key in keys) >= _REPEATED * len(keys)


def mixed(found: Sequence[Hit], sent: Sequence[Hit]) -> list[Hit]:
    """What the index found and what the client sent in turns, each best first; nothing twice."""
    texts = [hit.text for hit in found]
    others = [hit for hit in sent if not any(hit.text in text or text in hit.text for text in texts)]
    return [hit for hit in chain.from_iterable(zip_longest(found, others)) if hit is not None]


def still_sent(slots: tuple[Slot, ...], sent: Sequence[Hit]) -> tuple[Slot, ...]:
    """Slots without those of snippets that the client now sends another text for."""
    paths, names = {hit.path for hit in sent}, {shown_path(hit.path) for hit in sent}
    return tuple(
        slot for slot in slots if not is_sent(slot.path) or slot.path in paths or shown_path(slot.path) not in names
    )
