"""Text -> vectors: the seam, a fake that needs no model, and sentence-transformers."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from indexer.errors import EmbedderUnavailable
from indexer.terms import terms_of

Vectors = npt.NDArray[np.float32]


class Embedder(Protocol):
    """Where vectors come from. May be called from several threads."""

    @property
    def name(self) -> str:
        """Identity of the model: vectors with different names are never compared. Raises EmbedderUnavailable."""
        ...

    @property
    def dim(self) -> int:
        """Length of a vector. Raises EmbedderUnavailable when the model has to be loaded and cannot be."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """(n, dim) float32, each row of length 1 (or zero for a text without words)."""
        ...


class HashingEmbedder:
    """Vectors of hashed words: no model, no download, the same everywhere."""

    def __init__(self, dim: int = 256) -> None:
        self._dim = dim

    @property
    def name(self) -> str:
        """Name with the dimension, which decides the vectors."""
        return f"hashing-{self._dim}"

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self._dim

    def embed(self, texts: Sequence[str]) -> Vectors:
        """(n, dim) float32: signed counts of hashed terms, normalised."""
        vectors = np.zeros((len(texts), self._dim), dtype=np.float32)
        for row, text in enumerate(texts):
            for term in terms_of(text):
                hashed = zlib.crc32(term.encode())
                vectors[row, hashed % self._dim] += 1.0 if hashed & 0x8000_0000 else -1.0
        return normalised(vectors)


class SentenceTransformerEmbedder:
    """A sentence-transformers model from a directory, loaded at the first use and never from the network."""

    def __init__(self, directory: Path, *, batch_size: int = 64) -> None:
        self._directory = directory
        self._batch_size = batch_size
        self._lock = threading.Lock()
        self._model: Any = None

    @property
    def name(self) -> str:
        """Directory name and a checksum of the model's small files and sizes."""
        try:
            files = sorted(path for path in self._directory.rglob("*") if path.is_file())
            seen = [f"{path.relative_to(self._directory)}:{path.stat().st_size}:{_crc(path)}" for path in files]
        except OSError as error:
            raise EmbedderUnavailable(f"the embedding model {self._directory} cannot be read: {error}") from error
        return f"{self._directory.name}-{zlib.crc32(' '.join(seen).encode()):08x}"

    @property
    def dim(self) -> int:
        """Length of a vector; loads the model."""
        return int(self._load().get_embedding_dimension())

    def embed(self, texts: Sequence[str]) -> Vectors:
        """(n, dim) float32, normalised."""
        model = self._load()
        with self._lock:
            vectors = model.encode(
                list(texts), batch_size=self._batch_size, convert_to_numpy=True, show_progress_bar=False
            )
        return normalised(np.asarray(vectors, dtype=np.float32))

    def _load(self) -> Any:
        with self._lock:
            if self._model is None:
                self._model = _load_model(self._directory)
            return self._model


def _load_model(directory: Path) -> Any:
    if not directory.is_dir():
        raise EmbedderUnavailable(f"no embedding model at {directory}; set index.embedder or turn index.vectors off")
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise EmbedderUnavailable("sentence-transformers is not installed; install the `cpu` or `gpu` extra") from error
    try:
        return SentenceTransformer(str(directory), device="cpu", local_files_only=True)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, AttributeError) as error:
        raise EmbedderUnavailable(f"the embedding model {directory} cannot be loaded: {error}") from error


def _crc(path: Path) -> int:
    with path.open("rb") as file:
        return zlib.crc32(file.read(65536))


def normalised(vectors: Vectors) -> Vectors:
    """Rows scaled to length 1; zero rows stay zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Vectors = (vectors / np.maximum(lengths, 1e-12)).astype(np.float32)
    return scaled
