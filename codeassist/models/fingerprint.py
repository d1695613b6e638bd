"""A short text that tells one model from another, without reading gigabytes."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from codeassist.models.weights import INDEX, weight_files

_DIGITS = 16
# Of the end of each file: weights that were trained again have other bytes there, where their sizes are the same.
_BYTES_READ = 2**16


def fingerprint(directory: Path) -> str:
    """By config.json, and the names, the sizes and the last bytes of the weights' files and their index: the same
    wherever they lie. Raises ModelError where there are no weights, OSError."""
    told = hashlib.sha256((directory / "config.json").read_bytes())
    for path in (directory / INDEX, *weight_files(directory)):
        if path.exists():
            told.update(f"\n{path.name} {path.stat().st_size}\n".encode() + _last_bytes(path))
    return told.hexdigest()[:_DIGITS]


def _last_bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(-min(_BYTES_READ, path.stat().st_size), os.SEEK_END)
        return file.read()
