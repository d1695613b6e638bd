"""What a *.safetensors file says that it holds, read by hand: the base install has no safetensors.

    8 bytes     length of the header, little endian
    header      JSON: {name: {"dtype", "shape", "data_offsets": [begin, end]}, "__metadata__": {...}}
    data        offsets count from its first byte; the last tensor ends where the file ends

Source: https://github.com/huggingface/safetensors, README, "Format"; what is refused here, that library refuses too.
"""

from __future__ import annotations

import json
import math
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codeassist.engine.fields import Misfit, integer, mapping, text
from codeassist.errors import ModelError
from codeassist.models.remedies import refetch

_LENGTH_BYTES = 8
# The library's own limit; a longer header is no header.
_LONGEST_HEADER = 100_000_000
_LFS_POINTER = b"version https://git-lfs"

# Sizes of one element; sub-byte types are left out, and their sizes unchecked.
DTYPE_BYTES = {
    "BOOL": 1, "U8": 1, "I8": 1, "F8_E5M2": 1, "F8_E4M3": 1, "F8_E8M0": 1, "I16": 2, "U16": 2, "F16": 2, "BF16": 2,
    "I32": 4, "U32": 4, "F32": 4, "F64": 8, "I64": 8, "U64": 8, "C64": 8,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """One tensor as its shard describes it. begin: of its bytes, counted from the end of the header."""

    shard: Path
    dtype: str
    shape: tuple[int, ...]
    n_bytes: int
    begin: int = 0


def read_shard(path: Path) -> dict[str, StoredTensor]:
    """The tensors of one file by name. Raises ModelError for a file that is not whole."""
    try:
        state = path.stat()
        if not stat.S_ISREG(state.st_mode):
            raise ModelError(f"{path} is no regular file; {refetch(path)}")
        size = state.st_size
        with path.open("rb") as file:
            opening = file.read(_LENGTH_BYTES)
            require_no_pointer(path, opening + file.read(len(_LFS_POINTER)))
            length = int.from_bytes(opening, "little")
            if size < _LENGTH_BYTES or (size < _LENGTH_BYTES + length <= _LENGTH_BYTES + _LONGEST_HEADER):
                raise ModelError(f"{path} is cut off: its {size} bytes end before its header does; {refetch(path)}")
            if length > _LONGEST_HEADER:
                raise ModelError(f"{path} is no safetensors file; {refetch(path)}")
            file.seek(_LENGTH_BYTES)
            header = file.read(length)
    except FileNotFoundError:
        raise ModelError(f"{path} is missing; {refetch(path)}") from None
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}); make it readable, or {refetch(path)}") from None
    tensors, end = _parsed(path, header)
    _require_length(path, size, _LENGTH_BYTES + length + end)
    return tensors


def require_no_pointer(path: Path, start: bytes) -> None:
    """Raises ModelError when a file starts like the text that Git LFS leaves in place of large files."""
    if start.startswith(_LFS_POINTER):
        raise ModelError(f"{path} is a Git LFS pointer, not the weights; run `git lfs pull` where it came from")


def first_bytes(path: Path) -> bytes:
    """As much of a file as `require_no_pointer` looks at; nothing of what is no file. Raises OSError."""
    if not stat.S_ISREG(path.stat().st_mode):
        return b""
    with path.open("rb") as file:
        return file.read(len(_LFS_POINTER))


def _parsed(path: Path, header: bytes) -> tuple[dict[str, StoredTensor], int]:
    """The tensors, and where the last one ends."""
    try:
        entries = mapping(json.loads(header))
        entries.pop("__metadata__", None)
        tensors = {name: _tensor(path, mapping(entry)) for name, entry in entries.items()}
        end = max((int(entry["data_offsets"][1]) for entry in entries.values()), default=0)
    except (ValueError, TypeError, KeyError, IndexError, RecursionError) as error:
        raise ModelError(f"{path} is damaged: its header makes no sense ({error}); {refetch(path)}") from None
    return tensors, end


def _tensor(path: Path, entry: Mapping[str, Any]) -> StoredTensor:
    dtype, shape = text(entry["dtype"]), tuple(integer(size) for size in entry["shape"])
    begin, end = (integer(offset) for offset in entry["data_offsets"])
    element = DTYPE_BYTES.get(dtype)
    if not 0 <= begin <= end or (element and end - begin != element * math.prod(shape)):
        raise Misfit(f"a tensor {dtype}{list(shape)} cannot lie at {begin} to {end}")
    return StoredTensor(path, dtype, shape, end - begin, begin)


def _require_length(path: Path, size: int, expected: int) -> None:
    if size < expected:
        raise ModelError(f"{path} is cut off: {size} of {expected} bytes are there; {refetch(path)}")
    if size > expected:
        raise ModelError(f"{path} is damaged: {size} bytes where its header says {expected}; {refetch(path)}")
