"""Text -> vectors: the seam, a fake that needs no model, and sentence-transformers."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from indexer.errors import EmbedderUnavailable
from indexer.static_embedding import load_static
from indexer.terms import terms_of

Vectors = npt.NDArray[np.float32]
Encode = Callable[[Sequence[str]], Vectors]

MAX_SHORT_TEXTS = 20_000


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


class ShortTexts:
    """How like a question short texts are; their vectors are remembered, because paths are asked about again and again.

    May be used from several threads.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._vectors: dict[str, Vectors] = {}

    def likeness(self, question: str, texts: Sequence[str]) -> list[float]:
        """Cosine of the question with each text."""
        known = self._vectors
        new = [text for text in dict.fromkeys(texts) if text not in known]
        if len(known) + len(new) > MAX_SHORT_TEXTS:
            known, new = {}, list(dict.fromkeys(texts))
        vectors = self._embedder.embed([question, *new])
        known.update(zip(new, vectors[1:], strict=True))
        self._vectors = known
        if not texts:
            return []
        cosines: list[float] = (np.stack([known[text] for text in texts]) @ vectors[0]).tolist()
        return cosines


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
    """A sentence-transformers model from a directory, loaded at the first use and never from the network.

    Static models are read without torch (`static_embedding.py`), all others by sentence-transformers.
    """

    def __init__(self, directory: Path, *, batch_size: int = 64) -> None:
        self._directory = directory
        self._batch_size = batch_size
        self._lock = threading.Lock()
        self._encode: Encode | None = None
        self._dim = 0

    @property
    def name(self) -> str:
        """Directory name and a checksum of the model's files."""
        try:
            files = sorted(path for path in self._directory.rglob("*") if path.is_file())
            seen = [f"{path.relative_to(self._directory)}:{path.stat().st_size}:{_crc(path)}" for path in files]
        except OSError as error:
            raise EmbedderUnavailable(f"the embedding model {self._directory} cannot be read: {error}") from error
        return f"{self._directory.name}-{zlib.crc32(' '.join(seen).encode()):08x}"

    @property
    def dim(self) -> int:
        """Length of a vector; loads the model."""
        self._load()
        return self._dim

    def embed(self, texts: Sequence[str]) -> Vectors:
        """(n, dim) float32, normalised."""
        encode = self._load()
        return normalised(np.asarray(encode(texts), dtype=np.float32))

    def _load(self) -> Encode:
        with self._lock:
            if self._encode is None:
                self._encode, self._dim = _load_model(self._directory, self._batch_size)
            return self._encode


def _load_model(directory: Path, batch_size: int) -> tuple[Encode, int]:
    if not directory.is_dir():
        raise EmbedderUnavailable(f"no embedding model at {directory}; set index.embedder or turn index.vectors off")
    try:
        static = load_static(directory)
        return (static.encode, static.dim) if static else _load_sentence_transformer(directory, batch_size)
    except ImportError as error:
        raise EmbedderUnavailable(f"{error.name} is not installed; install the `cpu` or `gpu` extra") from error
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, AttributeError) as error:
        raise EmbedderUnavailable(f"the embedding model {directory} cannot be loaded: {error}") from error


def _load_sentence_transformer(directory: Path, batch_size: int) -> tuple[Encode, int]:
    from sentence_transformers import SentenceTransformer

    model: Any = SentenceTransformer(str(directory), device="cpu", local_files_only=True)
    lock = threading.Lock()

    def encode(texts: Sequence[str]) -> Vectors:
        with lock:
            vectors = model.encode(list(texts), batch_size=batch_size, convert_to_numpy=True, show_progress_bar=False)
        return np.asarray(vectors, dtype=np.float32)

    return encode, int(model.get_embedding_dimension())


def _crc(path: Path) -> int:
    with path.open("rb") as file:
        return zlib.crc32(file.read(65536))


def normalised(vectors: Vectors) -> Vectors:
    """Rows scaled to length 1; zero rows stay zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Vectors = (vectors / np.maximum(lengths, 1e-12)).astype(np.float32)
    return scaled
