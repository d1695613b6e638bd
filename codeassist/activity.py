"""What the user is doing: the places edited a moment ago, in the text that the editor has now.

A change seldom stays in one file. What was just written elsewhere is what the next line calls, repeats or has to agree
with, and neither the index nor the disk may know it yet. Places are kept by lines and move with later edits.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from indexer.terms import code_of
from indexer.types import Hit, Query

MAX_PLACES = 16
# Edits so near to each other are one place.
NEAR_LINES = 8
# A place is shown with so many lines around it, and never more than so many in all.
AROUND_LINES = 4
MAX_LINES = 24
# How much an older place counts less than the one edited after it.
FADE = 0.85
# Of the places that share names with the cursor's surroundings this many are shown.
MAX_SHOWN = 2

_NAME = re.compile(r"[^\W\d]\w{3,}")

ReadText = Callable[[], str]


@dataclass(frozen=True, slots=True)
class Place:
    """Lines start..end (0-based, end excluded) of an open document that were edited."""

    path: str
    start: int
    end: int


class Activity:
    """The open documents and where they were edited, newest first. May be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._texts: dict[str, ReadText] = {}
        self._edits: dict[str, int] = {}
        self._places: tuple[Place, ...] = ()

    def opened(self, path: str, read: ReadText) -> None:
        """A document is open from now on; `read` gives its text as it is when it is called."""
        with self._lock:
            self._texts[path] = read
            self._edits[path] = self._edits.get(path, 0) + 1
            self._places = tuple(place for place in self._places if place.path != path)

    def edited(self, path: str, start: int, end: int, n_lines: int) -> None:
        """Lines start..end (0-based, end excluded) became `n_lines` lines. A document that is not open is left out."""
        with self._lock:
            if path in self._texts:
                self._edits[path] += 1
                self._places = with_edit(self._places, path, start, end, n_lines)

    def closed(self, path: str) -> None:
        """Forget a document."""
        with self._lock:
            self._texts.pop(path, None)
            self._places = tuple(place for place in self._places if place.path != path)

    def text(self, path: str) -> str:
        """The text of an open document, "" of any other."""
        with self._lock:
            read = self._texts.get(path)
        return read() if read else ""

    def versions(self, paths: Iterable[str]) -> dict[str, str]:
        """For each open document among the paths a word that changes with its text."""
        with self._lock:
            return {path: f"edit {self._edits[path]}" for path in paths if path in self._texts}

    def hits(self, query: Query) -> list[Hit]:
        """Places in other documents that share names with the cursor's surroundings, best first."""
        with self._lock:
            places = [(place, self._texts[place.path]) for place in self._places if place.path != query.path]
        wanted = _names(query)
        found: list[Hit] = []
        for age, (place, read) in enumerate(places):
            hit = _hit(place, read())
            shared = wanted & _names_in(hit.text)
            if shared:
                found.append(replace(hit, score=len(shared) * FADE**age))
        found.sort(key=lambda hit: (-hit.score, hit.path, hit.start_line))
        return found[:MAX_SHOWN]


def with_edit(places: tuple[Place, ...], path: str, start: int, end: int, n_lines: int) -> tuple[Place, ...]:
    """The places after an edit: the edited one first, those near it merged into it, those below it moved."""
    grown = n_lines - (end - start)
    first, last = start, start + n_lines
    others: list[Place] = []
    for place in places:
        if place.path != path:
            others.append(place)
            continue
        moved = Place(path, _moved(place.start, end, grown, start), _moved(place.end, end, grown, start))
        if moved.start <= last + NEAR_LINES and first <= moved.end + NEAR_LINES:
            first, last = min(first, moved.start), max(last, moved.end)
        elif moved.end > moved.start:
            others.append(moved)
    return (Place(path, first, max(last, first + 1)), *others)[:MAX_PLACES]


def _moved(line: int, end: int, grown: int, start: int) -> int:
    """Where a line is after an edit of lines start..end; one inside of it is at its start."""
    if line >= end:
        return line + grown
    return min(line, start)


def _hit(place: Place, text: str) -> Hit:
    lines = text.split("\n")
    end = min(place.end, len(lines))
    start = max(min(place.start, end - 1), 0)
    first, last = max(start - AROUND_LINES, 0), min(end + AROUND_LINES, len(lines))
    first = max(first, last - MAX_LINES)  # The end of a long edit is what was written last.
    while first < last - 1 and not lines[first].strip():
        first += 1
    while last - 1 > first and not lines[last - 1].strip():
        last -= 1
    shown = "\n".join(lines[first:last])
    return Hit(place.path, first + 1, last, 0.0, shown, "activity", "edited a moment ago")


def _names(query: Query) -> frozenset[str]:
    """Names near the cursor."""
    return frozenset(query.identifiers) | _names_in(query.text)


def _names_in(text: str) -> frozenset[str]:
    return frozenset(name for line in text.split("\n") for name in _NAME.findall(code_of(line)))
