"""What the user is doing: the places edited a moment ago, in the text that the editor has now.

A change seldom stays in one file. What was just written elsewhere is what the next line calls, repeats or has to agree
with, and neither the index nor the disk may know it yet. Places are kept by lines and move with later edits.

What was changed before anybody watched, and is not committed yet, comes behind that.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain

from indexer.changes import ChangedFile
from indexer.ranking import without_overlaps
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
EDITED = "edited a moment ago"
# What is edited in another folder is seldom the same change: it has to share more names than one. Not fitted.
LEAST_SHARED_ELSEWHERE = 3

_NAME = re.compile(r"[^\W\d]\w{3,}")

ReadText = Callable[[], str]


@dataclass(frozen=True, slots=True)
class Place:
    """Lines start..end (0-based, end excluded) of a document that were edited. why: a phrase for a person."""

    path: str
    start: int
    end: int
    why: str = EDITED


class Activity:
    """The open documents and where they were edited, newest first. May be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._texts: dict[str, ReadText] = {}
        self._edits: dict[str, int] = {}
        self._places: tuple[Place, ...] = ()
        self._changed: dict[str, tuple[Place, ...]] = {}
        self._on_disk: dict[str, str] = {}

    def opened(self, path: str, read: ReadText) -> None:
        """A document is open from now on; `read` gives its text as it is when it is called."""
        with self._lock:
            self._texts[path] = read
            self._edits[path] = self._edits.get(path, 0) + 1
            self._places = tuple(place for place in self._places if place.path != path)
            if path in self._changed and read() != self._on_disk[path]:
                del self._changed[path]

    def edited(self, path: str, start: int, end: int, n_lines: int) -> None:
        """Lines start..end (0-based, end excluded) became `n_lines` lines. A document that is not open is left out."""
        with self._lock:
            if path in self._texts:
                self._edits[path] += 1
                self._places = with_edit(self._places, path, start, end, n_lines)
                if path in self._changed:  # What is near the edit has become part of its place.
                    self._changed[path] = with_edit(self._changed[path], path, start, end, n_lines)[1:]

    def closed(self, path: str) -> None:
        """Forget a document, and where it is not as it is on disk, its changes, too."""
        with self._lock:
            read = self._texts.pop(path, None)
            self._places = tuple(place for place in self._places if place.path != path)
            if path in self._changed and read is not None and read() != self._on_disk[path]:
                del self._changed[path]

    def changed_on_disk(self, files: Sequence[ChangedFile]) -> None:
        """These files, newest first, have changes that are not committed; all others have none.

        Of a document that is not as it is on disk, the changes that are known stay: they have moved with its edits.
        """
        with self._lock:
            before, self._on_disk = self._changed, {file.path: file.text for file in files}
            self._changed = {
                file.path: before.get(file.path, ())
                if file.path in self._texts and self._texts[file.path]() != file.text
                else tuple(Place(file.path, start, end, file.why) for start, end in file.spans)
                for file in files
            }

    def text(self, path: str) -> str:
        """The text of an open document or of a changed file, "" of any other."""
        with self._lock:
            read = self._texts.get(path)
            on_disk = self._on_disk.get(path, "")
        return read() if read else on_disk

    def versions(self, paths: Iterable[str]) -> dict[str, str]:
        """For each open document among the paths a word that changes with its text."""
        with self._lock:
            return {path: f"edit {self._edits[path]}" for path in paths if path in self._texts}

    def hits(self, query: Query) -> list[Hit]:
        """Places in other documents that share names with the cursor's surroundings, best first.

        Those that were edited here come before those that were changed before.
        """
        wanted = _names(query)
        with self._lock:
            edited = [(age, place) for age, place in enumerate(self._places) if place.path != query.path]
            changed = [
                (age, place)
                for age, (path, places) in enumerate(self._changed.items())
                for place in places
                if path != query.path
            ]
        texts = {path: self.text(path) for path in {place.path for _, place in (*edited, *changed)}}
        return without_overlaps(chain(_best(edited, texts, wanted), _best(changed, texts, wanted)), MAX_SHOWN)

    def hits_for_elsewhere(self, query: Query) -> list[Hit]:
        """Edited places that a cursor in another folder clearly has to do with, best first."""
        with self._lock:
            edited = list(enumerate(self._places))
        texts = {place.path: self.text(place.path) for _, place in edited}
        return _best(edited, texts, _names(query), LEAST_SHARED_ELSEWHERE)[:MAX_SHOWN]


def _best(
    places: Iterable[tuple[int, Place]], texts: Mapping[str, str], wanted: frozenset[str], least: int = 1
) -> list[Hit]:
    """Those of the places, given with their ages, that share at least so many of the names."""
    found: list[Hit] = []
    for age, place in places:
        hit = _hit(place, _lines(texts[place.path]))
        shared = wanted & _names_in(hit.text)
        if len(shared) >= least:
            found.append(replace(hit, score=len(shared) * FADE**age))
    return sorted(found, key=lambda hit: (-hit.score, hit.path, hit.start_line))


def with_edit(places: tuple[Place, ...], path: str, start: int, end: int, n_lines: int) -> tuple[Place, ...]:
    """The places after an edit: the edited one first, those near it merged into it, those below it moved."""
    grown = n_lines - (end - start)
    first, last = start, start + n_lines
    others: list[Place] = []
    for place in places:
        if place.path != path:
            others.append(place)
            continue
        moved_start, moved_end = (_moved(line, end, grown, start) for line in (place.start, place.end))
        moved = replace(place, start=moved_start, end=moved_end)
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


def _hit(place: Place, lines: tuple[str, ...]) -> Hit:
    end = min(place.end, len(lines))
    start = max(min(place.start, end - 1), 0)
    first, last = max(start - AROUND_LINES, 0), min(end + AROUND_LINES, len(lines))
    first = max(first, last - MAX_LINES)  # The end of a long edit is what was written last.
    while first < last - 1 and not lines[first].strip():
        first += 1
    while last - 1 > first and not lines[last - 1].strip():
        last -= 1
    shown = "\n".join(lines[first:last])
    return Hit(place.path, first + 1, last, 0.0, shown, "activity", place.why)


def _names(query: Query) -> frozenset[str]:
    """Names near the cursor."""
    return frozenset(query.identifiers) | _names_in(query.text)


# What is changed on disk is asked about at every keystroke, and seldom another text.
@lru_cache(maxsize=32)
def _lines(text: str) -> tuple[str, ...]:
    return tuple(text.split("\n"))


@lru_cache(maxsize=512)
def _names_in(text: str) -> frozenset[str]:
    return frozenset(name for line in text.split("\n") for name in _NAME.findall(code_of(line)))
