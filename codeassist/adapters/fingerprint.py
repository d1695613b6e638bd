"""What a base model is told by, without reading its weights."""

from __future__ import annotations

import hashlib
from pathlib import Path

from codeassist.errors import ModelError
from codeassist.models.remedies import refetch
from codeassist.models.weights import loaded_files


def base_fingerprint(model_dir: Path) -> str:
    """SHA-256, in hexadecimal, of config.json's bytes and of names and sizes of the shards, sorted by name.

    The folder's own name has no part in it: a model that was moved is the same. Raises ModelError.
    """
    digest = hashlib.sha256()
    for file in (model_dir / "config.json", *loaded_files(model_dir)):
        try:
            told = file.read_bytes() if file.suffix == ".json" else f"\0{file.name}\0{file.stat().st_size}".encode()
        except FileNotFoundError:
            raise ModelError(f"{file} is missing; {refetch(file)}") from None
        except OSError as error:
            raise ModelError(f"{file} cannot be read ({error.strerror}); make it readable") from None
        digest.update(told)
    return digest.hexdigest()
