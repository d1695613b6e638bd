"""Writes LoRA adapters with random matrices, and models that have one merged into their weights."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy
from safetensors.numpy import save_file

from codeassist.adapters.checks import CONFIG, DESCRIPTION, WEIGHTS
from codeassist.adapters.fingerprint import base_fingerprint
from codeassist.adapters.targets import peft_targets
from codeassist.models.checks import shard_problems
from codeassist.models.shards import StoredTensor, read_shard

Array = numpy.typing.NDArray[Any]


def write_adapter(
    folder: Path, model: Path, *, rank: int = 8, size: float = 0.05, seed: int = 0, repository: str = "", **config: Any
) -> Path:
    """An adapter of all layers that may have one, as PEFT writes it. size: of the numbers in B; 0 changes nothing.

    config: more keys of adapter_config.json, or others in place of ours. Returns the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    described = json.loads((model / "config.json").read_text())
    drawn = numpy.random.default_rng(seed)
    matrices: dict[str, Array] = {}
    for name, shape in _adaptable(model, int(described["num_hidden_layers"])).items():
        a = drawn.normal(0, shape[1] ** -0.5, (rank, shape[1])).astype(numpy.float32)
        b = (drawn.normal(0, 1, (shape[0], rank)) * size).astype(numpy.float32)
        matrices |= {f"base_model.model.{name}.lora_A.weight": a, f"base_model.model.{name}.lora_B.weight": b}
    save_file(matrices, folder / WEIGHTS, metadata={"format": "pt"})
    told = {"peft_type": "LORA", "task_type": "CAUSAL_LM", "r": rank, "lora_alpha": rank, "bias": "none"}
    told |= {"target_modules": sorted({name.rpartition(".")[2] for name in _adaptable(model, 99)}), **config}
    (folder / CONFIG).write_text(json.dumps(told))
    ours = {
        "base": base_fingerprint(model),
        "base_name": model.name,
        "rank": rank,
        "enabled": True,
        "repository": repository,
    }
    (folder / DESCRIPTION).write_text(json.dumps(ours))
    return folder


def merged(model: Path, adapter: Path, target: Path) -> Path:
    """The model in float32 with `B @ A * alpha / r` added to its weights, for an engine that knows no adapters."""
    shutil.copytree(model, target, ignore=shutil.ignore_patterns("*.safetensors*"))
    config = json.loads((adapter / CONFIG).read_text())
    matrices = floats(adapter / WEIGHTS)
    tensors = {name: _floats(tensor) for name, tensor in shard_problems(model)[1].items()}
    for name in [name for name in matrices if name.endswith("lora_A.weight")]:
        module = name.removeprefix("base_model.model.").removesuffix(".lora_A.weight")
        b = matrices[name.replace("lora_A", "lora_B")]
        tensors[f"{module}.weight"] += b @ matrices[name] * (config["lora_alpha"] / config["r"])
    save_file(tensors, target / "model.safetensors", metadata={"format": "pt"})
    return target


def floats(file: Path) -> dict[str, Array]:
    """All tensors of a file in float32."""
    return {name: _floats(tensor) for name, tensor in read_shard(file).items()}


def _adaptable(model: Path, n_layers: int) -> dict[str, tuple[int, ...]]:
    pattern = re.compile(peft_targets(min(n_layers, 100)))
    names = {name.removesuffix(".weight"): tensor for name, tensor in shard_problems(model)[1].items()}
    return {name: tensor.shape for name, tensor in names.items() if pattern.fullmatch(name)}


def _floats(tensor: StoredTensor) -> Array:
    with tensor.shard.open("rb") as file:
        file.seek(8 + int.from_bytes(file.read(8), "little") + tensor.begin)
        content = file.read(tensor.n_bytes)
    if tensor.dtype == "BF16":
        bits = numpy.frombuffer(content, numpy.uint16).astype(numpy.uint32) << 16
        return bits.view(numpy.float32).reshape(tensor.shape).copy()
    return numpy.frombuffer(content, {"F32": "<f4", "F16": "<f2"}[tensor.dtype]).reshape(tensor.shape).astype("f4")
