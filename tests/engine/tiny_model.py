"""Writes a model of the shipped architecture with random weights: it answers nonsense, at the speed of its size."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy
from safetensors.numpy import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

Array = numpy.typing.NDArray[numpy.float32]

SPECIAL = [
    "<｜begin▁of▁sentence｜>",
    "<｜end▁of▁sentence｜>",
    "<｜fim▁begin｜>",
    "<｜fim▁hole｜>",
    "<｜fim▁end｜>",
]


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of a model; the defaults start fast."""

    vocab: int = 1024
    hidden: int = 64
    layers: int = 2
    heads: int = 2
    head: int = 64
    kv_rank: int = 64
    dense: int = 128
    experts: int = 4
    expert: int = 32
    context: int = 4096


SMALL = Shape()
SHIPPED_SIZE = Shape(vocab=16384, hidden=512, layers=8, heads=6, kv_rank=512, dense=1536, experts=8, expert=256)


def write_model(directory: Path, texts: Iterable[str], shape: Shape = SMALL) -> Path:
    """Fill `directory` with a loadable checkpoint; `texts` teach the tokenizer its merges. Returns the directory."""
    directory.mkdir(parents=True, exist_ok=True)
    write_tokenizer(directory, texts, shape.vocab)
    (directory / "config.json").write_text(json.dumps(config(shape), indent=1))
    ours = {
        "name": "tiny-random",
        "template": "deepseek",
        "context_tokens": shape.context,
        "prompt_tokens": shape.context // 2,
        "completion_tokens": 64,
        "gate": None,
    }
    (directory / "codeassist.json").write_text(json.dumps(ours, indent=1))
    save_file(weights(shape), directory / "model.safetensors", metadata={"format": "pt"})
    return directory


def write_tokenizer(directory: Path, texts: Iterable[str], vocab: int) -> None:
    """A byte-level BPE tokenizer.json with DeepSeek's special tokens first."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.save(str(directory / "tokenizer.json"))
    described = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": SPECIAL[0],
        "eos_token": SPECIAL[1],
        "clean_up_tokenization_spaces": False,
    }
    (directory / "tokenizer_config.json").write_text(json.dumps(described))


def config(shape: Shape) -> dict[str, object]:
    """The config.json of a DeepSeek-V3 with one MTP layer."""
    return {
        "architectures": ["DeepseekV3ForCausalLM"],
        "model_type": "deepseek_v3",
        "vocab_size": shape.vocab,
        "hidden_size": shape.hidden,
        "num_hidden_layers": shape.layers,
        "num_nextn_predict_layers": 1,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.heads,
        "qk_nope_head_dim": shape.head,
        "qk_rope_head_dim": shape.head,
        "v_head_dim": 2 * shape.head,
        "q_lora_rank": None,
        "kv_lora_rank": shape.kv_rank,
        "intermediate_size": shape.dense,
        "first_k_dense_replace": 1,
        "moe_layer_freq": 1,
        "n_routed_experts": shape.experts,
        "n_shared_experts": 1,
        "num_experts_per_tok": 2,
        "moe_intermediate_size": shape.expert,
        "n_group": 1,
        "topk_group": 1,
        "topk_method": "noaux_tc",
        "scoring_func": "sigmoid",
        "norm_topk_prob": True,
        "routed_scaling_factor": 1.0,
        "moe_router_dtype": "float32",
        "hidden_act": "silu",
        "rms_norm_eps": 1e-6,
        "rope_theta": 10000.0,
        "rope_scaling": None,
        "max_position_embeddings": shape.context,
        "attention_bias": False,
        "tie_word_embeddings": False,
        "bos_token_id": 0,
        "eos_token_id": 1,
        "torch_dtype": "float32",
    }


def weights(shape: Shape) -> dict[str, Array]:
    """Random tensors under the names of a DeepSeek-V3 checkpoint."""
    random = numpy.random.default_rng(0)

    def matrix(rows: int, columns: int) -> Array:
        return (random.standard_normal((rows, columns), dtype=numpy.float32) / columns**0.5).astype(numpy.float32)

    def ones(size: int) -> Array:
        return numpy.ones(size, dtype=numpy.float32)

    def gated(prefix: str, size: int) -> dict[str, Array]:
        return {
            f"{prefix}.gate_proj.weight": matrix(size, shape.hidden),
            f"{prefix}.up_proj.weight": matrix(size, shape.hidden),
            f"{prefix}.down_proj.weight": matrix(shape.hidden, size),
        }

    def layer(number: int) -> dict[str, Array]:
        name = f"model.layers.{number}"
        tensors = {
            f"{name}.input_layernorm.weight": ones(shape.hidden),
            f"{name}.post_attention_layernorm.weight": ones(shape.hidden),
            f"{name}.self_attn.q_proj.weight": matrix(shape.heads * 2 * shape.head, shape.hidden),
            f"{name}.self_attn.kv_a_proj_with_mqa.weight": matrix(shape.kv_rank + shape.head, shape.hidden),
            f"{name}.self_attn.kv_a_layernorm.weight": ones(shape.kv_rank),
            f"{name}.self_attn.kv_b_proj.weight": matrix(shape.heads * 3 * shape.head, shape.kv_rank),
            f"{name}.self_attn.o_proj.weight": matrix(shape.hidden, shape.heads * 2 * shape.head),
        }
        if number == 0:
            return tensors | gated(f"{name}.mlp", shape.dense)
        tensors[f"{name}.mlp.gate.weight"] = matrix(shape.experts, shape.hidden)
        tensors[f"{name}.mlp.gate.e_score_correction_bias"] = numpy.zeros(shape.experts, dtype=numpy.float32)
        tensors |= gated(f"{name}.mlp.shared_experts", shape.expert)
        for expert in range(shape.experts):
            tensors |= gated(f"{name}.mlp.experts.{expert}", shape.expert)
        return tensors

    tensors = {
        "model.embed_tokens.weight": matrix(shape.vocab, shape.hidden),
        "model.norm.weight": ones(shape.hidden),
        "lm_head.weight": matrix(shape.vocab, shape.hidden) * 4,
    }
    for number in range(shape.layers + 1):
        tensors |= layer(number)
    mtp = f"model.layers.{shape.layers}"
    tensors[f"{mtp}.enorm.weight"] = ones(shape.hidden)
    tensors[f"{mtp}.hnorm.weight"] = ones(shape.hidden)
    tensors[f"{mtp}.eh_proj.weight"] = matrix(shape.hidden, 2 * shape.hidden)
    tensors[f"{mtp}.shared_head.norm.weight"] = ones(shape.hidden)
    return tensors
