"""Search by meaning: a faiss index in memory, derived from the vectors in the store and always rebuildable."""

from __future__ import annotations

import importlib.util
import logging
import sqlite3
import threading
from typing import Any

import numpy as np

from indexer import records, vector_records
from indexer.embedding import Embedder, Vectors

logger = logging.getLogger(__name__)


class VectorIndex:
    """Nearest content hashes. Catches up with the store by row number, so another process's vectors are found too."""

    def __init__(self, embedder_name: str, dim: int) -> None:
        self.embedder_name = embedder_name
        self.dim = dim
        self._lock = threading.Lock()
        self._hashes: list[str] = []
        self._last_id = 0
        self._epoch = ""
        self._faiss: Any = _empty_index(dim)

    @property
    def n_vectors(self) -> int:
        """How many texts can be found."""
        return len(self._hashes)

    def sync(self, connection: sqlite3.Connection) -> None:
        """Take in what the store has gained since; start over after vectors were deleted."""
        epoch = records.read_meta(connection, "vector_epoch")
        with self._lock:
            if epoch != self._epoch:
                self._epoch, self._hashes, self._last_id = epoch, [], 0
                self._faiss = _empty_index(self.dim)
            _make_room(self._faiss, vector_records.last_vector_id(connection) - self._last_id)
            new = vector_records.vectors_after(connection, self.embedder_name, self.dim, self._last_id)
            for hashes, numbers, self._last_id in new:
                # What the store keeps of a vector is what faiss keeps of it: nothing is converted.
                self._faiss.add_sa_codes(np.frombuffer(numbers, dtype=np.uint8).reshape(len(hashes), -1))
                self._hashes += hashes

    def nearest(self, vector: Vectors, limit: int) -> list[tuple[str, float]]:
        """(content hash, cosine) of the nearest texts, best first; ties break by hash.

        vector: (1, dim) float32, L2-normalised.
        """
        with self._lock:
            if not self._hashes:
                return []
            _use_one_thread()
            scores, rows = self._faiss.search(np.ascontiguousarray(vector), min(limit, len(self._hashes)))
            found = [
                (self._hashes[row], float(score)) for row, score in zip(rows[0], scores[0], strict=True) if row >= 0
            ]
        return sorted(found, key=lambda item: (-round(item[1], 5), item[0]))


def _empty_index(dim: int) -> Any:
    """Exact search over float16, which the stored vectors are; faiss's own flat index keeps float32, in twice the
    memory, and reads it all for every question."""
    import faiss

    return faiss.IndexScalarQuantizer(dim, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)


def _use_one_thread() -> None:
    """For what this thread asks of faiss. One question is one thread's work in any case, but faiss would have it wait
    until all others have woken up to find that out, which on a busy machine takes longer than the search."""
    import faiss

    faiss.omp_set_num_threads(1)


def _make_room(index: Any, n_vectors: int) -> None:
    """Room for many vectors at once: growing step by step, faiss copies all that it has again and again."""
    if n_vectors > vector_records.VECTORS_PER_BATCH:
        n_bytes = index.codes.size()
        index.codes.resize(n_bytes + n_vectors * index.code_size)
        index.codes.resize(n_bytes)


def is_installed() -> bool:
    """Whether there is what searches vectors; without it none are made."""
    return importlib.util.find_spec("faiss") is not None


def open_vectors(embedder: Embedder | None) -> VectorIndex | None:
    """An empty vector index for this embedder, or None without faiss. Raises EmbedderUnavailable."""
    if embedder is None:
        return None
    try:
        return VectorIndex(embedder.name, embedder.dim)
    except ImportError:
        logger.warning("faiss is not installed; search goes on without vectors")
        return None
