"""Base and layer, put together as a folder that vLLM serves with `method: mtp`; and taken apart again.

The base's own files are links. config.json is relabelled (relabel.py), mtp.safetensors the layer,
model.safetensors.index.json that of both, and codeassist-mtp.json says what was put together: `detach` removes that.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from codeassist.errors import ModelError
from codeassist.models.checksums import file_sha256
from codeassist.models.json_files import read_object
from codeassist.models.shards import StoredTensor, read_shard
from codeassist.models.weights import INDEX
from codeassist.mtp.checkpoint import Checkpoint, link_files, read_checkpoint, write_index, write_json
from codeassist.mtp.relabel import relabelled

LAYER = "mtp.safetensors"
DESCRIPTION = "codeassist-mtp.json"

_REPLACED = frozenset({"config.json", INDEX, LAYER, DESCRIPTION})


def attach(base: Path, layer: Path, out: Path) -> Checkpoint:
    """The folder `out` with a base and its MTP layer. Nothing of the base is changed or copied.

    layer: an mtp.safetensors, or the folder that `codeassist mtp train` wrote. Raises ModelError, and then there is no
    `out`.
    """
    checkpoint = read_checkpoint(base)
    config = relabelled(checkpoint.config)
    file = layer / LAYER if layer.is_dir() else layer
    if not file.is_file():
        raise ModelError(f"{file} is missing; give the folder that `codeassist mtp train` wrote")
    tensors = read_shard(file)
    require_matching(tensors, checkpoint.config, file)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ModelError(f"{out} exists already; give a new folder, or first run `codeassist mtp detach {out}`")
    out.mkdir(parents=True, exist_ok=True)
    try:
        _write(checkpoint, config, file, tensors, out)
    except OSError as error:
        shutil.rmtree(out, ignore_errors=True)
        raise ModelError(f"{out} cannot be written ({error.strerror}); give a folder on a disk with room") from None
    return read_checkpoint(out)


def detach(attached: Path) -> Path:
    """Remove what `attach` wrote into a folder, and the folder if nothing else is in it; the base's path.

    Raises ModelError for a folder that `attach` did not write.
    """
    described = attached / DESCRIPTION
    told = read_object(described, f"{attached} was not made by `codeassist mtp attach`; nothing was removed")
    links, base = told.get("links"), told.get("base")
    if not isinstance(links, list) or not isinstance(base, str):
        raise ModelError(f"{described} does not say what was attached; nothing was removed")
    for name in links:
        link = attached / Path(str(name)).name
        if link.is_symlink():
            link.unlink()
    for name in (*sorted(_REPLACED - {DESCRIPTION}), DESCRIPTION):
        (attached / name).unlink(missing_ok=True)
    if not any(attached.iterdir()):
        attached.rmdir()
    return Path(base)


def require_matching(tensors: Mapping[str, StoredTensor], config: Mapping[str, Any], file: Path) -> None:
    """Raises ModelError unless these tensors are an MTP layer for a base of this config."""
    hidden, prefix = config.get("hidden_size"), f"model.layers.{config.get('num_hidden_layers')}."
    joined = tensors.get(f"{prefix}eh_proj.weight")
    if joined is None or not all(name.startswith(prefix) for name in tensors):
        raise ModelError(f"{file} is no MTP layer for this base (its tensors would be {prefix}*); train one for it")
    if joined.shape != (hidden, 2 * int(hidden or 0)):
        raise ModelError(f"{file} was made for a base of another width: {list(joined.shape)} where {hidden} is needed")


def _write(
    checkpoint: Checkpoint, config: dict[str, Any], file: Path, tensors: Mapping[str, StoredTensor], out: Path
) -> None:
    links = link_files(checkpoint.path, out, _REPLACED)
    shutil.copyfile(file, out / LAYER)
    n_bytes = checkpoint.n_bytes + sum(tensor.n_bytes for tensor in tensors.values())
    write_index(out, {**checkpoint.places, **dict.fromkeys(tensors, LAYER)}, n_bytes)
    write_json(out / "config.json", config)
    described = {"base": str(checkpoint.path), "links": links, "layer_sha256": file_sha256(out / LAYER)}
    write_json(out / DESCRIPTION, described)
