"""Which files of a directory hold the weights, as vLLM chooses among them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from codeassist.errors import ModelError
from codeassist.models.json_files import read_object
from codeassist.models.remedies import refetch
from codeassist.models.shards import first_bytes, require_no_pointer

INDEX = "model.safetensors.index.json"
_TORCH_INDEX = "pytorch_model.bin.index.json"

# The first kind that is there is loaded.
_KINDS = ("*.safetensors", "*.bin", "*.pt")
# Mistral's own format, with names of its own: loaded in place of the others wherever it lies.
_CONSOLIDATED = "consolidated*.safetensors"


def weight_files(path: Path) -> list[Path]:
    """The files that look like weights, whole or not. Raises ModelError when there are none, or a mere pointer."""
    kinds = (sorted(path.glob(pattern)) for pattern in (_CONSOLIDATED, *_KINDS))
    shards = next((files for files in kinds if files), [])
    if not shards:
        raise ModelError(f"{path} has no *.safetensors, *.bin or *.pt; fetch the model's weights into it")
    for shard in shards:
        try:
            require_no_pointer(shard, first_bytes(shard))
        except OSError as error:
            raise ModelError(f"{shard} cannot be read ({error.strerror}); make it readable") from None
    return shards


def loaded_files(path: Path) -> list[Path]:
    """The files that the engine loads: those of the index, there or not, or all. Raises ModelError."""
    files = weight_files(path)
    index = path / (INDEX if files[0].suffix == ".safetensors" else _TORCH_INDEX)
    if is_consolidated(path) or not index.exists():
        return files
    return [path / shard for shard in sorted(set(weight_map(index).values()))]


def is_consolidated(path: Path) -> bool:
    """Whether the weights are in Mistral's own format."""
    return any(path.glob(_CONSOLIDATED))


def weight_map(index: Path) -> Mapping[str, str]:
    """The shard of each tensor by an index. Raises ModelError."""
    places = read_object(index).get("weight_map")
    if not isinstance(places, dict) or not all(_is_name(shard) for shard in places.values()):
        raise ModelError(f"{index} has no usable weight_map; {refetch(index)}")
    return places


def _is_name(shard: object) -> bool:
    return isinstance(shard, str) and shard not in ("", ".", "..") and "/" not in shard and "\0" not in shard
