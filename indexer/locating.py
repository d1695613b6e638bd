"""Which indexed file a bare text is of: what clients send that know nothing of the repository.

Each line of the text counts by how few files have it, so that a licence or a boilerplate that many share decides
nothing; a line that no file has speaks against every file. The best file must explain most of the text and clearly
more than any other: a wrong one is worse than none. What a client says of the path is a hint that the text has to
bear out. The constants were chosen on development repositories (`bench/endpoint/context.py`), with files left out of
the index and with edited ones.
"""

from __future__ import annotations

import posixpath
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from indexer import file_records, records
from indexer.line_index import MAX_FILES, LineIndex, Rows, line_keys, synced
from indexer.line_matching import align

Answer = TypeVar("Answer")

# The file explains so much of the text, by weight, and with the weight of so many lines that only it has.
MIN_SHARE = 0.5
MIN_EVIDENCE = 2.0
# Lines that it has and another file lacks: at least so many, and so many for each that is the other way round.
MIN_AHEAD = 2
MIN_RATIO = 4
MAX_RIVALS = 8
# The lines that it has stand in it in the same order, but for few.
MIN_IN_ORDER = 0.7
# A file that the client names needs so much of the text's lines; one that it was in before, more.
MIN_SHARE_NAMED = 0.3
MIN_SHARE_BEFORE = 0.5
# Longer texts are looked at around their middle.
MAX_PART_LINES = 4000
MAX_HINT_PARTS = 16
MAX_HINT_CHARS = 1000
# A question waits so long for a first look at the files, and for what changed in them since.
FIRST_PATIENCE_S = 1.0
PATIENCE_S = 0.1
# Of a line that many files have, so many are asked for their language; so much of the lines must agree.
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


@dataclass(frozen=True, slots=True)
class Hints:
    """What else is known: the path that the client names, "" for none, and the file that it was in before."""

    named: str = ""
    before: str = ""


class Reading(Protocol):
    """Runs what reads the index."""

    def __call__(self, read: Callable[[sqlite3.Connection], Answer], nothing: Answer, /) -> Answer:
        """The answer; `nothing` where the index cannot be read."""
        ...


class Locator:
    """Finds files by their lines. May be used from any thread; a thread of its own follows what changes."""

    def __init__(self, reading: Reading, epoch: Callable[[], int]) -> None:
        """epoch: grows when the rows of the store mean other files."""
        self._reading = reading
        self._epoch = epoch
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._job: Future[None] | None = None
        self._known: tuple[int, LineIndex] = (-1, LineIndex())

    def locate(self, part: Sequence[str], hints: Hints = Hints()) -> Located:
        """The file that these lines are of, edits since aside. Never raises for what a client sends."""
        index = self._current()
        if not index.generation:
            return Located(reason="the files are still being read")
        nothing = Located(reason="the index cannot be read")
        return self._reading(lambda connection: _located(connection, index, _middle(part), hints), nothing)

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


@dataclass(frozen=True, slots=True)
class _Votes:
    """What the lines of a text say of files. owners: of each line that some but not many files have. evidence: of each
    file in `rows`, best first. mass: of all lines. n_lines: how many tell anything."""

    owners: Sequence[Rows]
    rows: Sequence[int]
    evidence: Sequence[float]
    mass: float
    n_lines: int

    def has(self, row: int) -> npt.NDArray[np.bool_]:
        """Which of the lines a file has."""
        return np.array([bool((owners == row).any()) for owners in self.owners], dtype=np.bool_)


def _located(connection: sqlite3.Connection, index: LineIndex, part: Sequence[str], hints: Hints) -> Located:
    owners = index.owners_of(index.kept(line_keys(part)))
    votes = _vote(owners)
    rows = {path: row for path in _named_paths(connection, hints.named) if (row := _row(connection, path))}
    row = _chosen(votes, index, rows, hints)
    located = _read(connection, index, row, part) if row else None
    if located is not None:
        return located
    reason = "its file was not found in the index" if votes.n_lines else "there is too little text to find its file by"
    return Located(ending=_ending(owners, index), reason=reason)


def _vote(owners: Sequence[Rows]) -> _Votes:
    telling = [rows for rows in owners if 0 < len(rows) <= MAX_FILES]
    n_unknown = sum(not len(rows) for rows in owners)
    weights = np.array([1.0 / len(rows) for rows in telling])
    mass = float(weights.sum()) + n_unknown
    if not telling:
        return _Votes((), (), (), mass, len(owners))
    rows, inverse = np.unique(np.concatenate(telling), return_inverse=True)
    sums = np.bincount(inverse, np.repeat(weights, [len(each) for each in telling]))
    best = np.lexsort((rows, -sums))[: MAX_RIVALS + 1]
    return _Votes(telling, rows[best].tolist(), sums[best].tolist(), mass, len(owners))


def _chosen(votes: _Votes, index: LineIndex, named: dict[str, int], hints: Hints) -> int | None:
    """The row of the file, by the text and what is known besides; None where it is not clear."""
    best = votes.rows[0] if votes.rows and _is_explained(votes) else None
    for row in named.values():
        if _share(votes, row) >= MIN_SHARE_NAMED and (best in (None, row) or not _is_ahead(votes, votes.rows[0], row)):
            return row
    if best is None:
        return None
    rivals = votes.rows[1:]
    if all(_is_ahead(votes, best, rival) for rival in rivals):
        return best
    return _among_equals(votes, index, hints)


def _is_explained(votes: _Votes) -> bool:
    return votes.evidence[0] >= MIN_SHARE * votes.mass and bool(votes.owners)


def _is_ahead(votes: _Votes, row: int, other: int) -> bool:
    """Whether the text is clearly of the one file rather than of the other."""
    one, two = votes.has(row), votes.has(other)
    n_more, n_fewer = int((one & ~two).sum()), int((two & ~one).sum())
    return n_more >= max(MIN_AHEAD, MIN_RATIO * n_fewer)


def _among_equals(votes: _Votes, index: LineIndex, hints: Hints) -> int | None:
    """Of files that explain the text alike, the one that is called as the client says, or that it was in before."""
    equals = [row for row in votes.rows if not _is_ahead(votes, votes.rows[0], row)]
    name = posixpath.basename(hints.named.replace("\\", "/"))
    called = [row for row in equals if name and posixpath.basename(index.paths.get(row, "")) == name]
    if len(called) == 1:
        return called[0]
    before = [row for row in equals if hints.before and index.paths.get(row) == hints.before]
    is_borne_out = bool(before) and _share(votes, before[0]) >= MIN_SHARE_BEFORE
    return before[0] if is_borne_out and not any(_has_more(votes, row, before[0]) for row in equals) else None


def _has_more(votes: _Votes, row: int, other: int) -> bool:
    return bool((votes.has(row) & ~votes.has(other)).any())


def _share(votes: _Votes, row: int) -> float:
    """Of the lines that tell anything, those that a file has."""
    return float(votes.has(row).sum()) / votes.n_lines if votes.n_lines else 0.0


def _read(connection: sqlite3.Connection, index: LineIndex, row: int, part: Sequence[str]) -> Located | None:
    """The file of a row, if the text's lines stand in it in their order."""
    path = index.paths.get(row, "")
    file = file_records.read_file(connection, path)
    if file is None:
        return None
    aligned = align(part, file.lines)
    if aligned is None or aligned.n_anchors < MIN_IN_ORDER * aligned.n_common:
        return None
    return Located(path, file.blob, file.lines, file.is_whole, posixpath.splitext(path)[1])


def _row(connection: sqlite3.Connection, path: str) -> int | None:
    return file_records.file_id(connection, path)


def _named_paths(connection: sqlite3.Connection, named: str) -> list[str]:
    """The indexed file that a client's path names: the path itself or as much of its end as possible. The path may be
    absolute, of another system, or a URI; nothing is opened on disk."""
    if not named or len(named) > MAX_HINT_CHARS or not records.can_hold(named):
        return []
    parts = [part for part in named.replace("\\", "/").split("/") if part not in ("", ".")][-MAX_HINT_PARTS:]
    ends = ("/".join(parts[at:]) for at in range(len(parts)))
    return next(([path] for path in ends if file_records.file_id(connection, path) is not None), [])


def _ending(owners: Sequence[Rows], index: LineIndex) -> str:
    """How the names of most files end that have such lines."""
    counts: dict[str, float] = {}
    n_lines = 0
    for rows in owners:
        endings = [posixpath.splitext(index.paths.get(row, ""))[1] for row in rows[:MAX_ASKED].tolist()]
        n_lines += bool(endings)
        for ending in endings:
            counts[ending] = counts.get(ending, 0.0) + 1.0 / len(endings)
    best = max(counts, key=lambda ending: (counts[ending], ending), default="")
    return best if best and counts[best] >= MIN_AGREED * n_lines else ""


def _middle(part: Sequence[str]) -> Sequence[str]:
    first = max((len(part) - MAX_PART_LINES) // 2, 0)
    return part[first : first + MAX_PART_LINES]
