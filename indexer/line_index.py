"""Which indexed files have a line: what finds the file that a bare text is of.

A line is known by a hash of what stands in it between its blanks, so that it is found whatever it was indented by. Two
sorted columns of numbers, 12 bytes a line, are kept in memory; lines of very many files are thinned out alike in files
and in questions. Snapshots never change: `synced` gives the next one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from indexer import file_records, records

Keys = npt.NDArray[np.int64]
Rows = npt.NDArray[np.int32]

# Shorter lines (`else:`, `});`) stand everywhere.
MIN_CHARS = 6
# So many lines are kept: beyond it every second one goes, as often as needed.
MAX_LINES = 3_000_000


@dataclass(frozen=True, slots=True)
class LineIndex:
    """The lines of one state of the store. keys, owners: by key; the rows of the files that have the line. paths: of
    the files, by row. thinning: only keys without any of these bits are kept."""

    generation: str = ""
    keys: Keys = field(default_factory=lambda: np.zeros(0, np.int64))
    owners: Rows = field(default_factory=lambda: np.zeros(0, np.int32))
    paths: Mapping[int, str] = field(default_factory=dict)
    thinning: int = 0

    def kept(self, keys: Iterable[int]) -> Keys:
        """Those of the keys that the index would have, sorted, each once."""
        return np.array(sorted({key for key in keys if not key & self.thinning}), dtype=np.int64)

    def owners_of(self, keys: Keys) -> list[Rows]:
        """The files that have each line."""
        starts, ends = np.searchsorted(self.keys, keys, "left"), np.searchsorted(self.keys, keys, "right")
        return [self.owners[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]


def line_key(line: str) -> int | None:
    """What a line is known by in this process; None for one that is too short to tell anything."""
    bare = line.strip()
    return hash(bare) if len(bare) >= MIN_CHARS else None


def line_keys(lines: Iterable[str]) -> list[int]:
    """What these lines are known by, those that tell something."""
    return [hash(bare) for line in lines if len(bare := line.strip()) >= MIN_CHARS]


def synced(old: LineIndex, connection: sqlite3.Connection, max_lines: int = MAX_LINES) -> LineIndex:
    """The lines of the connection's state; reads only the files that are new in it."""
    generation = records.read_meta(connection, "generation")
    if generation == old.generation:
        return old
    paths = {row: path for path, row in records.file_ids(connection, 0).items()}
    new = sorted(paths.keys() - old.paths.keys())
    kept = old if old.paths.keys() <= paths.keys() else _without(old, old.paths.keys() - paths.keys())
    added = _read(connection, new, kept.thinning, max_lines)
    both = _thinned(_merged(kept, added), max_lines)
    return replace(both, generation=generation, paths=paths)


def _without(old: LineIndex, gone: Iterable[int]) -> LineIndex:
    stays = ~np.isin(old.owners, np.fromiter(gone, np.int32))
    return replace(old, keys=old.keys[stays], owners=old.owners[stays])


def _read(connection: sqlite3.Connection, files: Sequence[int], thinning: int, max_lines: int) -> LineIndex:
    """The lines of these files; thinned as they come, so that memory stays bounded."""
    read = LineIndex(thinning=thinning)
    keys: list[int] = []
    owners: list[int] = []
    for file in files:
        of_file = {key for key in line_keys(file_records.lines_of(connection, file)) if not key & read.thinning}
        keys += of_file
        owners += [file] * len(of_file)
        if len(keys) > max_lines // 4:
            read = _thinned(_merged(read, _sorted(keys, owners, read.thinning)), max_lines)
            keys, owners = [], []
    return _merged(read, _sorted(keys, owners, read.thinning))


def _sorted(keys: Sequence[int], owners: Sequence[int], thinning: int) -> LineIndex:
    numbers, rows = np.array(keys, np.int64), np.array(owners, np.int32)
    order = np.argsort(numbers, kind="stable")
    return LineIndex(keys=numbers[order], owners=rows[order], thinning=thinning)


def _merged(one: LineIndex, other: LineIndex) -> LineIndex:
    """Both, thinned as the more thinned one of them is."""
    thinning = one.thinning | other.thinning
    one, other = _with_thinning(one, thinning), _with_thinning(other, thinning)
    if not len(one.keys):
        return replace(one, keys=other.keys, owners=other.owners)
    places = np.searchsorted(one.keys, other.keys)
    keys, owners = np.insert(one.keys, places, other.keys), np.insert(one.owners, places, other.owners)
    return replace(one, keys=keys, owners=owners)


def _thinned(index: LineIndex, max_lines: int) -> LineIndex:
    while len(index.keys) > max_lines:
        index = _with_thinning(index, index.thinning << 1 | 1)
    return index


def _with_thinning(index: LineIndex, thinning: int) -> LineIndex:
    if thinning == index.thinning:
        return index
    stays = (index.keys & thinning) == 0
    return replace(index, keys=index.keys[stays], owners=index.owners[stays], thinning=thinning)
