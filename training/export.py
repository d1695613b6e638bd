"""Write a checkpoint as a model directory: DeepSeek-V3 names, bfloat16, three shards with an index.

    python -m training.export CHECKPOINT.pt TOKENIZER_FOLDER OUT
    python -m training.export random TOKENIZER_FOLDER OUT          (untrained weights, to try a server)

Names: transformers, `modeling_deepseek_v3`, and vLLM, `deepseek_mtp` (the draft layer follows the last decoder layer;
its embedding and head are the model's own, so no copies are stored).
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from codeassist.models.checksums import write_checksums
from training.model import Block, Dense, Experts, Model, Shape
from training.tokenizer import BOS, EOS, PAD, SPECIALS

N_SHARDS = 3
NAME = "codeassist-deepseek-small"


def tensors(model: Model) -> Iterator[tuple[str, Tensor]]:
    """All weights under their published names."""
    yield "model.embed_tokens.weight", model.embedding
    for number, block in enumerate(model.blocks):
        assert isinstance(block, Block)
        yield from _block(f"model.layers.{number}.", block)
    draft, prefix = model.draft, f"model.layers.{len(model.blocks)}."
    yield prefix + "enorm.weight", draft.embedding_norm.weight
    yield prefix + "hnorm.weight", draft.hidden_norm.weight
    yield prefix + "eh_proj.weight", draft.join
    yield from _block(prefix, draft.block)
    yield prefix + "shared_head.norm.weight", draft.norm.weight
    yield "model.norm.weight", model.norm.weight
    yield "lm_head.weight", model.head


def _block(prefix: str, block: Block) -> Iterator[tuple[str, Tensor]]:
    attention = block.attention
    yield prefix + "input_layernorm.weight", block.attention_norm.weight
    yield prefix + "self_attn.q_proj.weight", attention.q_proj
    yield prefix + "self_attn.kv_a_proj_with_mqa.weight", attention.kv_a
    yield prefix + "self_attn.kv_a_layernorm.weight", attention.kv_norm.weight
    yield prefix + "self_attn.kv_b_proj.weight", attention.kv_b
    yield prefix + "self_attn.o_proj.weight", attention.o_proj
    yield prefix + "post_attention_layernorm.weight", block.feed_forward_norm.weight
    feed_forward = block.feed_forward
    if isinstance(feed_forward, Dense):
        yield from _feed_forward(prefix + "mlp.", feed_forward.gate, feed_forward.up, feed_forward.down)
        return
    assert isinstance(feed_forward, Experts)
    yield prefix + "mlp.gate.weight", feed_forward.router
    yield prefix + "mlp.gate.e_score_correction_bias", feed_forward.bias
    stacks = (feed_forward.gate, feed_forward.up, feed_forward.down)
    n_routed = len(feed_forward.router)
    for expert in range(n_routed):
        yield from _feed_forward(f"{prefix}mlp.experts.{expert}.", *(stack[expert] for stack in stacks))
    yield from _feed_forward(prefix + "mlp.shared_experts.", *(stack[n_routed] for stack in stacks))


def _feed_forward(prefix: str, gate: Tensor, up: Tensor, down: Tensor) -> Iterator[tuple[str, Tensor]]:
    yield prefix + "gate_proj.weight", gate
    yield prefix + "up_proj.weight", up
    yield prefix + "down_proj.weight", down


def config(shape: Shape) -> dict[str, object]:
    """config.json as transformers and vLLM read it."""
    return {
        "architectures": ["DeepseekV3ForCausalLM"],
        "model_type": "deepseek_v3",
        "torch_dtype": "bfloat16",
        "vocab_size": shape.vocabulary,
        "hidden_size": shape.hidden,
        "intermediate_size": shape.dense_width,
        "moe_intermediate_size": shape.expert_width,
        "num_hidden_layers": shape.layers,
        "num_nextn_predict_layers": 1,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.heads,
        "q_lora_rank": None,
        "kv_lora_rank": shape.kv_rank,
        "qk_nope_head_dim": shape.nope,
        "qk_rope_head_dim": shape.rope,
        "v_head_dim": shape.value,
        "n_routed_experts": shape.experts,
        "n_shared_experts": 1,
        "num_experts_per_tok": shape.active,
        "n_group": 1,
        "topk_group": 1,
        "topk_method": "noaux_tc",
        "scoring_func": "sigmoid",
        "norm_topk_prob": True,
        "routed_scaling_factor": 1.0,
        "moe_router_dtype": "float32",
        "first_k_dense_replace": 1,
        "moe_layer_freq": 1,
        "hidden_act": "silu",
        "max_position_embeddings": shape.context,
        "rms_norm_eps": shape.norm_eps,
        "rope_theta": shape.rope_theta,
        "rope_scaling": None,
        "rope_interleave": True,
        "attention_bias": False,
        "attention_dropout": 0.0,
        "tie_word_embeddings": False,
        "use_cache": True,
        "bos_token_id": SPECIALS.index(BOS),
        "eos_token_id": SPECIALS.index(EOS),
        "pad_token_id": SPECIALS.index(PAD),
    }


def export(model: Model, tokenizer: Path, out: Path) -> None:
    """The whole model directory."""
    out.mkdir(parents=True, exist_ok=True)
    weights = {
        name: tensor.detach().cpu().to(torch.float32 if "bias" in name else torch.bfloat16).contiguous().clone()
        for name, tensor in tensors(model)
    }
    _save_shards(weights, out)
    generation = {"bos_token_id": SPECIALS.index(BOS), "eos_token_id": SPECIALS.index(EOS), "do_sample": False}
    ours = {
        "name": NAME, "template": "deepseek", "context_tokens": model.shape.context, "prompt_tokens": 1800,
        "completion_tokens": 64, "gate": None,
    }  # fmt: skip
    for name, content in (("config", config(model.shape)), ("generation_config", generation), ("codeassist", ours)):
        (out / f"{name}.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    for file in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(tokenizer / file, out / file)
    write_checksums(out)


def _save_shards(weights: dict[str, Tensor], out: Path) -> None:
    total = sum(tensor.nbytes for tensor in weights.values())
    shards: list[dict[str, Tensor]] = [{}]
    size = 0
    for name, tensor in weights.items():
        if size + tensor.nbytes > total / N_SHARDS * 1.02 and len(shards) < N_SHARDS:
            shards.append({})
            size = 0
        shards[-1][name] = tensor
        size += tensor.nbytes
    places: dict[str, str] = {}
    for number, shard in enumerate(shards, 1):
        file = f"model-{number:05}-of-{len(shards):05}.safetensors"
        save_file(shard, out / file, metadata={"format": "pt"})
        places |= dict.fromkeys(shard, file)
    index = {"metadata": {"total_size": total}, "weight_map": places}
    (out / "model.safetensors.index.json").write_text(json.dumps(index, indent=1) + "\n", encoding="utf-8")


def read_checkpoint(path: Path) -> Model:
    """The model of a checkpoint, on the CPU."""
    stored = torch.load(path, map_location="cpu", weights_only=True)
    model = Model(Shape(**stored["shape"]))
    model.load_state_dict(stored["model"])
    return model


def read_exported(folder: Path) -> Model:
    """The model of a directory that `export` wrote, on the CPU in float32."""
    index = json.loads((folder / "model.safetensors.index.json").read_text(encoding="utf-8"))
    stored: dict[str, Tensor] = {}
    for file in sorted(set(index["weight_map"].values())):
        stored |= load_file(folder / file)
    model = Model(Shape())
    with torch.no_grad():
        for name, tensor in tensors(model):
            tensor.copy_(stored.pop(name))
    assert not stored, f"unknown tensors: {sorted(stored)}"
    return model


def random_model() -> Model:
    """Untrained weights that do not all answer alike."""
    torch.manual_seed(0)
    model = Model(Shape())
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim >= 2 and not parameter.any():
                parameter.normal_(0, 0.02)
    return model


if __name__ == "__main__":
    export(random_model() if sys.argv[1] == "random" else read_checkpoint(Path(sys.argv[1])), *map(Path, sys.argv[2:4]))
