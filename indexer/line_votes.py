"""Which file the lines of a text speak for. Pure.

Each line counts by how few files have it, so that a licence or a boilerplate that many share decides nothing; a line
that no file has speaks against every file. The best file must explain most of the text and clearly more than any other.
The constants were chosen on development repositories (`bench/endpoint/context.py`), with files left out of the index
and with edited ones.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from indexer.line_index import Rows

# A line that more files have than this tells nothing.
MAX_FILES = 64
# The file explains so much of the text, by weight, and with the weight of so many lines that only it has.
MIN_SHARE = 0.7
MIN_EVIDENCE = 2.0
# Lines that it has and another file lacks: at least so many, and so many for each that is the other way round.
MIN_AHEAD = 2
MIN_RATIO = 4
MAX_RIVALS = 8
# A file that the client names needs so much of the text's lines; one that it was in before, more.
MIN_SHARE_NAMED = 0.3
MIN_SHARE_BEFORE = 0.5


@dataclass(frozen=True, slots=True)
class Hints:
    """What else is known: the path that the client names, "" for none, and the file that it was in before."""

    named: str = ""
    before: str = ""


@dataclass(frozen=True, slots=True)
class Votes:
    """What the lines of a text say of files. rows, evidence: the files that most speaks for, best first. mass: of all
    lines. n_lines: how many tell anything. line_of, file_of: each pair of a line that counts and a file that has it."""

    rows: Sequence[int]
    evidence: Sequence[float]
    mass: float
    n_lines: int
    n_counted: int
    line_of: npt.NDArray[np.int64]
    file_of: Rows

    def has(self, row: int) -> npt.NDArray[np.bool_]:
        """Which of the lines that count a file has."""
        found = np.zeros(self.n_counted, np.bool_)
        found[self.line_of[self.file_of == row]] = True
        return found


def vote(owners: Sequence[Rows]) -> Votes:
    """The votes of lines. owners: the files that have each."""
    counted = [rows for rows in owners if 0 < len(rows) <= MAX_FILES]
    n_unknown = sum(not len(rows) for rows in owners)
    sizes = np.array([len(rows) for rows in counted], np.int64)
    weights = 1.0 / sizes
    mass = float(weights.sum()) + n_unknown
    line_of = np.repeat(np.arange(len(counted)), sizes)
    file_of = np.concatenate(counted) if counted else np.zeros(0, np.int32)
    rows, inverse = np.unique(file_of, return_inverse=True)
    sums = np.bincount(inverse, np.repeat(weights, sizes), minlength=len(rows))
    best = np.lexsort((rows, -sums))[: MAX_RIVALS + 1]
    return Votes(rows[best].tolist(), sums[best].tolist(), mass, len(owners), len(counted), line_of, file_of)


def elected(votes: Votes, paths: Mapping[int, str], named: Iterable[int], hints: Hints) -> int | None:
    """The row of the file that the text is of, None where that is not clear. named: files that the client may mean."""
    best = votes.rows[0] if _is_explained(votes) else None
    for row in named:
        is_beaten = best not in (None, row) and _is_ahead(votes, votes.rows[0], row)
        if _share(votes, row) >= MIN_SHARE_NAMED and not is_beaten:
            return row
    if best is None or all(_is_ahead(votes, best, rival) for rival in votes.rows[1:]):
        return best
    return _among_equals(votes, paths, hints)


def _is_explained(votes: Votes) -> bool:
    return bool(votes.rows) and votes.evidence[0] >= max(MIN_SHARE * votes.mass, MIN_EVIDENCE)


def _is_ahead(votes: Votes, row: int, other: int) -> bool:
    """Whether the text is clearly of the one file rather than of the other."""
    one, two = votes.has(row), votes.has(other)
    n_more, n_fewer = int((one & ~two).sum()), int((two & ~one).sum())
    return n_more >= max(MIN_AHEAD, MIN_RATIO * n_fewer)


def _among_equals(votes: Votes, paths: Mapping[int, str], hints: Hints) -> int | None:
    """Of files that explain the text alike, the one that is called as the client says, or that it was in before."""
    equals = [row for row in votes.rows if not _is_ahead(votes, votes.rows[0], row)]
    name = posixpath.basename(hints.named.replace("\\", "/"))
    called = [row for row in equals if name and posixpath.basename(paths.get(row, "")) == name]
    if len(called) == 1:
        return called[0]
    before = [row for row in equals if hints.before and paths.get(row) == hints.before]
    is_borne_out = bool(before) and _share(votes, before[0]) >= MIN_SHARE_BEFORE
    return before[0] if is_borne_out and not any(_has_more(votes, row, before[0]) for row in equals) else None


def _has_more(votes: Votes, row: int, other: int) -> bool:
    return bool((votes.has(row) & ~votes.has(other)).any())


def _share(votes: Votes, row: int) -> float:
    """Of the lines that tell anything, those that a file has."""
    return float(votes.has(row).sum()) / votes.n_lines if votes.n_lines else 0.0
