"""A checkpoint's files, and a folder that links to them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codeassist.errors import ModelError
from codeassist.models.checksums import CHECKSUMS
from codeassist.models.json_files import read_object
from codeassist.models.shards import read_shard
from codeassist.models.weights import INDEX, loaded_files


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A model folder. places: the shard of each tensor; n_bytes: of all tensors."""

    path: Path
    config: Mapping[str, Any]
    places: Mapping[str, str]
    n_bytes: int


def read_checkpoint(path: Path) -> Checkpoint:
    """What a folder holds, by its shards' headers. Raises ModelError."""
    path = path.resolve()
    if not path.is_dir():
        raise ModelError(f"{path} is no model directory; give the folder that holds config.json and the weights")
    config = read_object(path / "config.json", "a model directory needs one, as published with the weights")
    places: dict[str, str] = {}
    n_bytes = 0
    for shard in loaded_files(path):
        if shard.suffix != ".safetensors":
            raise ModelError(f"{shard} is no safetensors file; convert the checkpoint, an MTP layer cannot join it")
        tensors = read_shard(shard)
        places |= dict.fromkeys(tensors, shard.name)
        n_bytes += sum(tensor.n_bytes for tensor in tensors.values())
    return Checkpoint(path, config, places, n_bytes)


def link_files(source: Path, target: Path, leave_out: frozenset[str]) -> list[str]:
    """Links in `target` to every file of `source` but those named; their names. Symbolic: a base of 400 GB is not
    copied, and stays where it is."""
    names = sorted(entry.name for entry in source.iterdir() if entry.is_file() and entry.name not in leave_out)
    made = [name for name in names if name != CHECKSUMS and not name.startswith(".")]
    for name in made:
        (target / name).symlink_to(source / name)
    return made


def write_json(path: Path, value: object) -> None:
    """A JSON file that appears at once or not at all."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
    unfinished.replace(path)


def write_index(path: Path, places: Mapping[str, str], n_bytes: int) -> None:
    """The index of a folder of shards."""
    write_json(path / INDEX, {"metadata": {"total_size": n_bytes}, "weight_map": dict(sorted(places.items()))})
