"""Which indexed file a bare text is of: what clients send that know nothing of the repository.

The lines of the text decide (`line_votes.py`): a wrong file is worse than none. What a client says of the path is a
hint that the text has to bear out.
"""

from __future__ import annotations

import posixpath
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

from indexer import file_records, records
from indexer.file_records import StoredFile
from indexer.line_index import LineIndex, Rows, line_keys, synced
from indexer.line_matching import Singles, align, single_lines
from indexer.line_votes import Hints, elected, vote

Answer = TypeVar("Answer")

# Why nothing is found before the lines of all files were read once.
STILL_READING = "the files are still being read"

# The lines that it has stand in it in the same order, but for few.
MIN_IN_ORDER = 0.7
# Longer texts are looked at around their middle.
MAX_PART_LINES = 4000
# So many files that were found stay in memory.
MAX_FILES_READ = 8
MAX_HINT_PARTS = 16
MAX_HINT_CHARS = 1000
# A question waits so long for a first look at the files, and for what changed in them since: hardly, for the file that
# a client types in is found by what was in it before as well.
FIRST_PATIENCE_S = 1.0
PATIENCE_S = 0.005
# So many lines, and of each so many files, are asked for the language; so much of the lines must agree.
MAX_ASKED_LINES = 64
MAX_ASKED = 16
MIN_AGREED = 0.6


@dataclass(frozen=True, slots=True)
class Located:
    """The file that a text is of; path "" for none, and then `reason` says why.

    version: the word that `CodeIndex.versions` has for it. lines: of the file, as the index has them. is_whole: whether
    these are all of them (the index leaves out very long ones). ending: how names of files with such lines end, for
    example ".py"; "" when that is not clear.
    """

    path: str = ""
    version: str = ""
    lines: tuple[str, ...] = ()
    is_whole: bool = False
    ending: str = ""
    reason: str = ""


class Reading(Protocol):
    """Runs what reads the index."""

    def __call__(self, read: Callable[[sqlite3.Connection], Answer], nothing: Answer, /) -> Answer:
        """The answer; `nothing` where the index cannot be read."""
        ...


class Locator:
    """Finds files by their lines. May be used from any thread; a thread of its own follows what changes."""

    def __init__(self, reading: Reading, epoch: Callable[[], int]) -> None:
        """epoch: grows when the rows of the store mean other files."""
        self._files = _Files()
        self._reading = reading
        self._epoch = epoch
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._job: Future[None] | None = None
        self._known: tuple[int, LineIndex] = (-1, LineIndex())

    def locate(self, part: Sequence[str], hints: Hints) -> Located:
        """The file that these lines are of, edits since aside. Never raises for what a client sends."""
        index = self._current()
        if not index.generation:
            return Located(reason=STILL_READING)
        nothing = Located(reason="the index cannot be read")
        look = partial(_located, index=index, files=self._files, part=_middle(part), hints=hints)
        return self._reading(look, nothing)

    def close(self) -> None:
        """Stop the thread."""
        with self._lock:
            if self._pool is not None:
                self._pool.shutdown(wait=True, cancel_futures=True)

    def _current(self) -> LineIndex:
        """The lines of all files, as new as there is time for."""
        state = self._epoch(), self._reading(lambda connection: records.read_meta(connection, "generation"), "")
        epoch, index = self._known
        if state != (epoch, index.generation) and state[1]:
            patience = PATIENCE_S if index.generation and epoch == state[0] else FIRST_PATIENCE_S
            wait([self._syncing()], timeout=patience)
            epoch, index = self._known
        return index if epoch == state[0] else LineIndex()

    def settle(self) -> None:
        """Wait until every change that the index knows of is known here."""
        self._syncing().result()
        self._syncing().result()

    def _syncing(self) -> Future[None]:
        with self._lock:
            self._pool = self._pool or ThreadPoolExecutor(max_workers=1, thread_name_prefix="lines")
            if self._job is None or self._job.done():
                self._job = self._pool.submit(self._sync)
            return self._job

    def _sync(self) -> None:
        epoch = self._epoch()
        known_epoch, known = self._known
        old = known if known_epoch == epoch else LineIndex()
        self._known = epoch, self._reading(lambda connection: synced(old, connection), old)


class _Files:
    """The files that were found last, read once, for who types on stays in one. By content, which never changes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[str, str], tuple[StoredFile, Singles]] = OrderedDict()

    def read(self, connection: sqlite3.Connection, path: str) -> tuple[StoredFile, Singles] | None:
        """The file as it is now, and where its lines stand."""
        blob = records.blobs_of(connection, [path]).get(path)
        if blob is None:
            return None
        with self._lock:
            known = self._known.get((path, blob))
        if known is None:
            file = file_records.read_file(connection, path)
            known = (file, single_lines(file.lines)) if file else None
        if known is not None:
            with self._lock:
                self._known[path, blob] = known
                self._known.move_to_end((path, blob))
                while len(self._known) > MAX_FILES_READ:
                    self._known.popitem(last=False)
        return known


def _located(
    connection: sqlite3.Connection, index: LineIndex, files: _Files, part: Sequence[str], hints: Hints
) -> Located:
    owners = index.owners_of(index.kept(line_keys(part)))
    votes = vote(owners)
    named = _named_row(connection, hints.named)
    row = elected(votes, index.paths, named, hints)
    path = index.paths.get(row, "") if row else ""
    located = _borne_out(files.read(connection, path), path, part) if path else None
    if located is not None:
        return located
    reason = "its file was not found in the index" if votes.n_lines else "there is too little text to find its file by"
    return Located(ending=_ending(owners, index), reason=reason)


def _borne_out(read: tuple[StoredFile, Singles] | None, path: str, part: Sequence[str]) -> Located | None:
    """The file, if the text's lines stand in it in their order."""
    if read is None:
        return None
    file, singles = read
    aligned = align(part, file.lines, singles)
    if aligned is None or aligned.n_anchors < MIN_IN_ORDER * aligned.n_common:
        return None
    return Located(path, file.blob, file.lines, file.is_whole, posixpath.splitext(path)[1])


def _named_row(connection: sqlite3.Connection, named: str) -> list[int]:
    """The indexed file that a client's path names: the path itself or as much of its end as possible. The path may be
    absolute, of another system, or a URI; nothing is opened on disk."""
    if not named or len(named) > MAX_HINT_CHARS or not records.can_hold(named):
        return []
    parts = [part for part in named.replace("\\", "/").split("/") if part not in ("", ".")][-MAX_HINT_PARTS:]
    ends = ("/".join(parts[at:]) for at in range(len(parts)))
    return next(([row] for end in ends if (row := file_records.file_id(connection, end)) is not None), [])


def _ending(owners: Sequence[Rows], index: LineIndex) -> str:
    """How the names of most files end that have such lines."""
    counts: dict[str, float] = {}
    n_lines = 0
    for rows in owners[:: len(owners) // MAX_ASKED_LINES + 1]:
        endings = [posixpath.splitext(index.paths.get(row, ""))[1] for row in rows[:MAX_ASKED].tolist()]
        n_lines += bool(endings)
        for ending in endings:
            counts[ending] = counts.get(ending, 0.0) + 1.0 / len(endings)
    best = max(counts, key=lambda ending: (counts[ending], ending), default="")
    return best if best and counts[best] >= MIN_AGREED * n_lines else ""


def _middle(part: Sequence[str]) -> Sequence[str]:
    first = max((len(part) - MAX_PART_LINES) // 2, 0)
    return part[first : first + MAX_PART_LINES]
