"""Static embedding models without torch: a table of token vectors, and the mean over a text's tokens.

A sentence-transformers directory whose only parts are `StaticEmbedding` (and `Normalize`) is read directly. The
vectors are those that sentence-transformers gives; starting takes milliseconds instead of torch's seconds.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from indexer.word_pieces import WordPieces

Vectors = npt.NDArray[np.float32]

_WEIGHTS = ("embedding.weight", "embeddings")
_PARTS = ("StaticEmbedding", "Normalize")


class StaticModel:
    """The pieces of words and a (vocabulary, dim) float32 table."""

    def __init__(self, pieces: WordPieces, table: Vectors) -> None:
        self._pieces = pieces
        self._table = table
        self.dim = int(table.shape[1])

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(n, dim) float32 means, not normalised; zero for a text without tokens."""
        means = np.zeros((len(texts), self.dim), dtype=np.float32)
        for row, pieces in enumerate(self._pieces.of(texts)):
            if len(pieces):
                means[row] = np.add.reduce(self._table.take(pieces, axis=0), axis=0) / np.float32(len(pieces))
        return means


def load_static(directory: Path) -> StaticModel | None:
    """The model in this directory, or None when it is of another kind.

    Raises ImportError without tokenizers and safetensors, OSError and ValueError for a damaged directory.
    """
    folder = _static_folder(directory)
    if folder is None:
        return None
    from safetensors import SafetensorError
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    try:
        tensors = load_file(folder / "model.safetensors")
    except SafetensorError as error:
        raise ValueError(f"{folder / 'model.safetensors'}: {error}") from error
    table = next((tensors[name] for name in _WEIGHTS if name in tensors), None)
    if table is None or table.ndim != 2:
        raise ValueError(f"{folder / 'model.safetensors'} holds no table of token vectors")
    return StaticModel(_word_pieces(Tokenizer, folder / "tokenizer.json"), np.asarray(table, dtype=np.float32))


def _word_pieces(tokenizer_class: Any, file: Path) -> WordPieces:
    text = file.read_text(encoding="utf-8")
    try:
        tokenizer = tokenizer_class.from_str(text)
    except Exception as error:  # The library raises nothing narrower for a file that it cannot read.
        raise ValueError(f"{file}: {error}") from error
    tokenizer.no_padding()
    return WordPieces(tokenizer, text)


def _static_folder(directory: Path) -> Path | None:
    """Where the table lies when `modules.json` names nothing but a static embedding."""
    if not (directory / "modules.json").is_file():
        return None
    modules = json.loads((directory / "modules.json").read_text(encoding="utf-8"))
    if not isinstance(modules, list) or not modules:
        raise ValueError(f"{directory / 'modules.json'} lists no parts of a model")
    kinds = [str(module["type"]).rpartition(".")[2] for module in modules]
    if kinds[0] != _PARTS[0] or set(kinds) - set(_PARTS):
        return None
    folder = directory / str(modules[0]["path"])
    return folder if (folder / "model.safetensors").is_file() else None
