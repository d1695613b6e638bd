"""Whether a disk has room for a model, asked before the first byte is written."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from codeassist.errors import ModelError
from codeassist.models.published import told_bytes

# Left free beside the model, for everything else that writes to the disk.
_SPARE_BYTES = 1 << 30


def free_bytes(folder: Path) -> int:
    """Free for this user on the disk of a folder, which need not be there yet. Raises OSError."""
    there = next(parent for parent in (folder.absolute(), *folder.absolute().parents) if parent.exists())
    return shutil.disk_usage(there).free


def require_room(
    folder: Path,
    name: str,
    n_bytes: int,
    remedy: str = "choose another disk with engine.models",
    free: Callable[[Path], int] = free_bytes,
) -> None:
    """Raises ModelError when a model that needs `n_bytes` more would fill the disk of a folder."""
    n_free = free(folder)
    if n_bytes and n_free < n_bytes + _SPARE_BYTES:
        raise ModelError(
            f"{name} needs {told_bytes(n_bytes)} in {folder}, where {told_bytes(n_free)} are free, and "
            f"{told_bytes(_SPARE_BYTES)} have to stay so; make room, or {remedy}"
        )
