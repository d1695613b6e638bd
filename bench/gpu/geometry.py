"""Checkpoints of a real geometry with random weights, as files: what is measured is loaded as any model is."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from codeassist.models.directory import shipped_model
from codeassist.models.known import KNOWN
from codeassist.models.layouts import expected_tensors
from codeassist.mtp.attach import LAYER, attach
from codeassist.mtp.relabel import relabelled

# What the published config.json says besides its sizes.
_BEHAVIOUR: Mapping[str, Any] = {
    "num_key_value_heads": 16,
    "moe_layer_freq": 1,
    "topk_method": "greedy",
    "n_group": 1,
    "topk_group": 1,
    "norm_topk_prob": False,
    "scoring_func": "softmax",
    "routed_scaling_factor": 1.0,
    "hidden_act": "silu",
    "rms_norm_eps": 1e-6,
    "rope_theta": 10000,
    "rope_scaling": {
        "type": "yarn",
        "factor": 40,
        "mscale": 0.707,
        "mscale_all_dim": 0.707,
        "original_max_position_embeddings": 4096,
        "beta_fast": 32,
        "beta_slow": 1,
    },
    "attention_bias": False,
    "attention_dropout": 0.0,
    "bos_token_id": 100000,
    "eos_token_id": 100001,
    "torch_dtype": "bfloat16",
    "use_cache": True,
}
# A rehearsal of the same architecture that a CPU loads in seconds.
_SMALL: Mapping[str, Any] = {
    "hidden_size": 256,
    "intermediate_size": 512,
    "moe_intermediate_size": 128,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 4,
    "n_routed_experts": 8,
    "num_experts_per_tok": 2,
    "kv_lora_rank": 128,
    "qk_nope_head_dim": 64,
    "v_head_dim": 64,
    "vocab_size": 32768,
    "bos_token_id": 32000,
    "eos_token_id": 32001,
}
_SHARD_BYTES = 4 * 2**30
_SCALE = 0.02

BASE, DRAFTING = "lite", "lite-mtp"


def lite_config(*, small: bool) -> dict[str, Any]:
    """config.json of DeepSeek-Coder-V2-Lite, or of a tiny relative."""
    known = next(model for model in KNOWN if model.name == "deepseek-coder-v2-lite")
    return {**known.config, **_BEHAVIOUR, **(_SMALL if small else {})}


def write_models(folder: Path, *, small: bool) -> None:
    """`folder`/lite, and `folder`/lite-mtp, which `attach` makes of it and a random draft layer."""
    config = lite_config(small=small)
    base = folder / BASE
    base.mkdir(parents=True)
    (base / "config.json").write_text(json.dumps(config, indent=2))
    _write_tokenizer(base / "tokenizer.json", config["vocab_size"])
    _write_shards(base, expected_tensors(config, 0))
    (folder / "layer").mkdir()
    drafting = relabelled(config)
    layer = {
        name: shape
        for name, shape in expected_tensors(drafting, 1).items()
        if name.startswith(f"model.layers.{config['num_hidden_layers']}.")
    }
    layer |= _borrowed(config)
    save_file(dict(_random(layer)), folder / "layer" / LAYER, metadata={"format": "pt"})
    attach(base, folder / "layer", folder / DRAFTING)


def _borrowed(config: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """The norm in front of the head that the layer shares with its base."""
    return {f"model.layers.{config['num_hidden_layers']}.shared_head.norm.weight": (config["hidden_size"],)}


def _write_shards(base: Path, tensors: Mapping[str, tuple[int, ...]]) -> None:
    places: dict[str, str] = {}
    shard: dict[str, torch.Tensor] = {}
    n_bytes = n_shards = total = 0
    for name, tensor in chain(_random(tensors), [("", None)]):
        if tensor is None or n_bytes > _SHARD_BYTES:
            n_shards += 1
            file = f"model-{n_shards:05}.safetensors"
            save_file(shard, base / file, metadata={"format": "pt"})
            places |= dict.fromkeys(shard, file)
            total, n_bytes, shard = total + n_bytes, 0, {}
        if tensor is not None:
            shard[name] = tensor
            n_bytes += tensor.nbytes
    index = {"metadata": {"total_size": total}, "weight_map": places}
    (base / "model.safetensors.index.json").write_text(json.dumps(index))


def _random(tensors: Mapping[str, tuple[int, ...]]) -> Iterator[tuple[str, torch.Tensor]]:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(0)
    for name, shape in tensors.items():
        if name.endswith("norm.weight"):
            yield name, torch.ones(shape, dtype=torch.bfloat16)
        else:
            made = torch.randn(shape, device=device, dtype=torch.bfloat16) * _SCALE
            yield name, made.cpu()


def _write_tokenizer(path: Path, vocab_size: int) -> None:
    """The shipped model's, with words of no meaning up to the vocabulary's size: answers have text of usual length."""
    tokenizer = json.loads((shipped_model() / "tokenizer.json").read_text(encoding="utf-8"))
    pieces = tokenizer["model"]["vocab"]
    taken = {*pieces.values(), *(entry["id"] for entry in tokenizer["added_tokens"])}
    pieces |= {f"Ġw{token}": token for token in range(vocab_size) if token not in taken}
    path.write_text(json.dumps(tokenizer, ensure_ascii=False), encoding="utf-8")
    shutil.copy(shipped_model() / "tokenizer_config.json", path.parent)
