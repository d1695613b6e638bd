"""The full-text index as a person's search reads it: what FTS5's `bm25` gives, to the last bit, but sooner.

`bm25` reads a term's postings twice and looks up the length of every chunk that has it. Here lengths are kept in
memory, postings are read once and kept for the next question, and the arithmetic is numpy's. All of it is bound to a
generation of the store.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from indexer import records, word_records
from indexer.schema import TOKENIZER

Numbers = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float64]

# So many postings are kept: 12 bytes each.
MAX_POSTINGS = 4_000_000
# As in FTS5.
_K1, _B, _LEAST_IDF = 1.2, 0.75, 1e-6


@dataclass(frozen=True, slots=True)
class Lengths:
    """The chunks of one state of the store. owners, n_terms: by row; the file a chunk is of (0 where there is no such
    chunk) and how many terms it has.
    """

    owners: Numbers
    n_terms: Numbers
    n_rows: int
    total: int


@dataclass(frozen=True, slots=True)
class Posting:
    """The chunks that have a term, by row, and how often."""

    rows: npt.NDArray[np.int32]
    counts: Scores


class Postings:
    """Finds chunks by their words. May be used from several threads, whose connections may see different states."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._generation: str | None = None
        self._lengths = no_lengths()
        self._known: dict[str, Posting] = {}
        self._n_known = 0
        self._tokens = Tokens()

    def best(self, connection: sqlite3.Connection, terms: Sequence[str], limit: int) -> list[tuple[int, float]]:
        """Rows of the chunks that have any of these terms and their weight (bm25, the more the better), best first;
        ties by row.
        """
        with self._lock:
            self._sync(connection)
            found = [self._posting(connection, term) for term in terms]
            lengths = self._lengths
        return _best(weights(found, lengths), limit)

    def close(self) -> None:
        """Forget everything; what is asked afterwards is read anew."""
        with self._lock:
            self._generation = None
            self._known, self._n_known, self._lengths = {}, 0, no_lengths()
            self._tokens.close()

    def _sync(self, connection: sqlite3.Connection) -> None:
        generation = records.read_meta(connection, "generation")
        if generation != self._generation:
            self._generation = None
            self._known, self._n_known = {}, 0
            self._lengths = synced(self._lengths, connection)
            self._generation = generation

    def _posting(self, connection: sqlite3.Connection, term: str) -> Posting:
        """The chunks of a term; those asked for longest ago are forgotten where there are too many."""
        posting = self._known.pop(term, None)
        if posting is None:
            posting = read_posting(connection, self._tokens.of(term))
            self._n_known += len(posting.rows)
        self._known[term] = posting
        while self._n_known > MAX_POSTINGS and len(self._known) > 1:
            self._n_known -= len(self._known.pop(next(iter(self._known))).rows)
        return posting


def no_lengths() -> Lengths:
    """Of an empty store."""
    return Lengths(np.zeros(1, np.int64), np.zeros(1, np.int64), 0, 0)


def synced(old: Lengths, connection: sqlite3.Connection) -> Lengths:
    """The lengths of the connection's state; reads only the files that are new in it."""
    ids = np.array(word_records.file_rows(connection), dtype=np.int64)
    known = np.unique(old.owners)
    new = np.setdiff1d(ids, known, assume_unique=True)
    owners, n_terms = old.owners.copy(), old.n_terms.copy()
    gone = ~np.isin(owners, ids)
    owners[gone] = n_terms[gone] = 0
    read = word_records.chunk_lengths(connection, new.tolist() if len(new) < len(ids) else None)
    table = np.array(read, dtype=np.int64).reshape(-1, 3)
    size = max(len(owners), int(table[:, 0].max(initial=0)) + 1)
    owners, n_terms = _grown(owners, size), _grown(n_terms, size)
    owners[table[:, 0]], n_terms[table[:, 0]] = table[:, 1], table[:, 2]
    return Lengths(owners, n_terms, int(np.count_nonzero(owners)), int(n_terms.sum()))


def _grown(numbers: Numbers, size: int) -> Numbers:
    return np.concatenate([numbers, np.zeros(size - len(numbers), dtype=np.int64)])


def read_posting(connection: sqlite3.Connection, token: str) -> Posting:
    """The chunks that have a token."""
    rows = np.fromstring(word_records.rows_of_token(connection, token), dtype=np.int32, sep=",")
    starts = np.flatnonzero(np.diff(rows, prepend=-1))
    return Posting(rows[starts], np.diff(starts, append=len(rows)).astype(np.float64))


class Tokens:
    """What the full-text index makes of a term: its stem, without accents. It is asked itself, on a table of its own.

    For one thread at a time.
    """

    def __init__(self) -> None:
        self._connection: sqlite3.Connection | None = None

    def close(self) -> None:
        """Close the table; the next question makes a new one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def of(self, term: str) -> str:
        """The first token of a term, "" where it has none."""
        connection = self._connection = self._connection or _token_table()
        connection.execute("REPLACE INTO asked (rowid, term) VALUES (1, ?)", (term,))
        row = connection.execute("SELECT term FROM tokens ORDER BY offset").fetchone()
        return str(row[0]) if row else ""


def _token_table() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
    connection.execute(f'CREATE VIRTUAL TABLE asked USING fts5(term, tokenize = "{TOKENIZER}")')
    connection.execute("CREATE VIRTUAL TABLE tokens USING fts5vocab(asked, instance)")
    return connection


def weights(postings: Sequence[Posting], lengths: Lengths) -> Scores:
    """bm25 of every row, the more the better; in the order of FTS5's own sums."""
    total = np.zeros(len(lengths.owners))
    average = lengths.total / lengths.n_rows if lengths.n_rows else 1.0
    for posting in postings:
        n_hits = len(posting.rows)
        idf = float(np.log((lengths.n_rows - n_hits + 0.5) / (n_hits + 0.5)))
        often = posting.counts
        dampened = often + _K1 * (1 - _B + _B * lengths.n_terms[posting.rows] / average)
        total[posting.rows] += (idf if idf > 0.0 else _LEAST_IDF) * ((often * (_K1 + 1.0)) / dampened)
    return total


def _best(scores: Scores, limit: int) -> list[tuple[int, float]]:
    rows = np.flatnonzero(scores)
    if len(rows) > limit:
        least = np.partition(scores[rows], len(rows) - limit)[len(rows) - limit]
        rows = rows[scores[rows] >= least]
    ordered = rows[np.lexsort((rows, -scores[rows]))][:limit]
    return [(int(row), float(scores[row])) for row in ordered]
