"""Whether an adapter can be applied to a model, told before an engine loads it.

Each problem is one line that names the file and the remedy. vLLM itself leaves out tensors whose layers it does not
adapt, and computes with whatever numbers it finds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from codeassist.adapters.fingerprint import base_fingerprint
from codeassist.adapters.targets import MAX_RANK, TARGET_MODULES
from codeassist.engine.fields import Fields, flag, mapping, optional, positive, text
from codeassist.errors import AdapterUnusable, ModelError
from codeassist.models.checks import shard_problems
from codeassist.models.directory import ModelDirectory
from codeassist.models.json_files import read_object
from codeassist.models.shards import StoredTensor, read_shard

CONFIG = "adapter_config.json"
WEIGHTS = "adapter_model.safetensors"
DESCRIPTION = "codeassist-adapter.json"

_REMEDY = "train it again with `codeassist adapt`"
_MATRIX = re.compile(r"base_model\.model\.(?P<module>.+)\.lora_(?P<side>[AB])\.weight")
_LAYER = re.compile(r"\.layers\.(\d{1,9})\.")
# Numbers without an end or a value have all bits of their exponent set: (type of the bits, mask of the exponent).
_EXPONENTS = {
    "BF16": ("<u2", 0x7F80),
    "F16": ("<u2", 0x7C00),
    "F32": ("<u4", 0x7F800000),
    "F64": ("<u8", 0x7FF0000000000000),
}


def adapter_problems(folder: Path, model: ModelDirectory) -> Iterator[str]:
    """What would keep vLLM from answering with this adapter of this model, or from doing so rightly."""
    if not folder.is_dir():
        yield f"{folder} is no folder; name one with {CONFIG} and {WEIGHTS}"
        return
    try:
        yield from _base_problems(folder / DESCRIPTION, model)
        yield from _config_problems(folder / CONFIG)
        yield from _weight_problems(folder / WEIGHTS, model, adapter_rank(folder))
    except ModelError as error:
        yield str(error)


def require_usable(model: ModelDirectory, folder: Path) -> None:
    """Raises AdapterUnusable with the first problem."""
    if problem := next(adapter_problems(folder, model), ""):
        raise AdapterUnusable(problem)


def adapter_rank(folder: Path) -> int:
    """The highest rank of its matrices. Raises ModelError."""
    file = folder / CONFIG
    config = read_object(file, f"an adapter as PEFT writes it has one; {_REMEDY}")
    fields = Fields(config, str(file), ModelError)
    pattern = fields.take("rank_pattern", optional(mapping), None) or {}
    ranks = Fields(pattern, f"{file}: rank_pattern", ModelError)
    return max([fields.take("r", positive), *(ranks.take(name, positive) for name in pattern)])


def _base_problems(file: Path, model: ModelDirectory) -> Iterator[str]:
    if not file.exists():  # made elsewhere: its shapes must do
        return
    fields = Fields(read_object(file), str(file), ModelError)
    base, name = fields.take("base", text), fields.take("base_name", text, "another model")
    if base != base_fingerprint(model.path):
        yield f"{file.parent} was trained for {name}, which {model.path} is not (or no longer); {_REMEDY}"


def _config_problems(file: Path) -> Iterator[str]:
    config = read_object(file, f"an adapter as PEFT writes it has one; {_REMEDY}")
    fields = Fields(config, str(file), ModelError)
    if (kind := fields.take("peft_type", text, "LORA")) != "LORA":
        yield f"{file} describes a {kind} adapter; only LORA can be served"
    if (rank := adapter_rank(file.parent)) > MAX_RANK:
        yield f"{file} asks for rank {rank}, and at most {MAX_RANK} is served; {_REMEDY} and a smaller rank"
    for name in ("use_dora", "lora_bias"):
        if fields.take(name, optional(flag), None):
            yield f"{file} says {name}, which vLLM does not compute; train it without"
    if fields.take("bias", text, "none") != "none" or config.get("modules_to_save"):
        yield f"{file} has whole weights beside its matrices (bias, modules_to_save); train it without"


def _weight_problems(file: Path, model: ModelDirectory, rank: int) -> Iterator[str]:
    tensors = read_shard(file)
    _, base = shard_problems(model.path)
    sides: dict[str, dict[str, StoredTensor]] = {}
    for name, tensor in tensors.items():
        found = _MATRIX.fullmatch(name)
        if found is None:
            yield f"{file} holds {name}, which is no matrix of a LoRA adapter; {_REMEDY}"
            continue
        sides.setdefault(found["module"], {})[found["side"]] = tensor
    if not sides:
        yield f"{file} holds no matrices; {_REMEDY}"
    for module, pair in sides.items():
        problem = _module_problem(module, pair, base, model.config, rank)
        if problem:
            yield f"{file}: {problem}; {_REMEDY}"
            return
    if bad := _first_without_value(tensors):
        yield f"{file}: {bad} holds numbers that are none (NaN or infinite); {_REMEDY} and a lower learning rate"


def _module_problem(
    module: str,
    pair: Mapping[str, StoredTensor],
    base: Mapping[str, StoredTensor],
    config: Mapping[str, Any],
    rank: int,
) -> str:
    """What is wrong with one layer's two matrices, "" where nothing is.

    base: the model's tensors; none where they cannot be read without loading it.
    """
    if pair.keys() != {"A", "B"}:
        return f"{module} has one matrix of two"
    layer = _LAYER.search(module)
    if module.rpartition(".")[2] not in TARGET_MODULES or ".experts." in module or layer is None:
        return f"{module} is no layer that is adapted when the model is served ({', '.join(TARGET_MODULES)})"
    if int(layer[1]) >= int(config.get("num_hidden_layers") or 0):
        return f"{module} is of a layer that the model has not, or only drafts with"
    if base and not any(name.startswith(f"{module}.") for name in base):
        return f"the model has no layer {module}"
    return _shape_problem(module, pair, base.get(f"{module}.weight"), rank)


def _shape_problem(module: str, pair: Mapping[str, StoredTensor], weight: StoredTensor | None, rank: int) -> str:
    """Shapes: A (rank, in), B (out, rank); those of quantised weights are not compared."""
    a, b = pair["A"].shape, pair["B"].shape
    if len(a) != 2 or len(b) != 2 or a[0] != b[1] or a[0] > rank:
        return f"{module} has matrices {list(a)} and {list(b)}, which do not fit each other and the rank {rank}"
    if weight is not None and weight.dtype in _EXPONENTS and (b[0], a[1]) != weight.shape:
        return f"{module} has matrices {list(a)} and {list(b)}, which do not fit its weight {list(weight.shape)}"
    return ""


def _first_without_value(tensors: Mapping[str, StoredTensor]) -> str:
    """The first tensor with a NaN or an infinite number; "" where all are finite."""
    for name, tensor in tensors.items():
        kind, exponent = _EXPONENTS.get(tensor.dtype, ("", 0))
        if not kind:
            return name
        bits = np.frombuffer(_content(tensor), dtype=kind)
        if np.any((bits & bits.dtype.type(exponent)) == exponent):
            return name
    return ""


def _content(tensor: StoredTensor) -> bytes:
    """Its bytes; the header's length is in the file's first eight."""
    try:
        with tensor.shard.open("rb") as file:
            header = int.from_bytes(file.read(8), "little")
            file.seek(8 + header + tensor.begin)
            return file.read(tensor.n_bytes)
    except OSError as error:
        raise ModelError(f"{tensor.shard} cannot be read ({error.strerror}); make it readable") from None
