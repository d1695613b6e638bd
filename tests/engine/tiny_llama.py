"""Writes a small Llama that says one token without end, with the tokenizer of some family of models."""

from __future__ import annotations

import json
from pathlib import Path

import numpy
from safetensors.numpy import save_file
from small_tokenizers import write_tokenizer

from codeassist.fim import Template

_HIDDEN = 128
_DENSE = 64
_HEADS = 2


def write_llama(directory: Path, template: Template, kind: str, said: str) -> Path:
    """Fill `directory` with a loadable checkpoint. said: the token of the template that the model always says: its last
    norm is 0, so that all tokens are equally likely and greedy decoding takes the first. Returns the directory."""
    directory.mkdir(parents=True)
    file = write_tokenizer(directory / "tokenizer.json", kind, template.specials, template.bos)
    n_tokens = _put_first(file, said)
    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": n_tokens,
        "hidden_size": _HIDDEN,
        "intermediate_size": _DENSE,
        "num_hidden_layers": 1,
        "num_attention_heads": _HEADS,
        "num_key_value_heads": _HEADS,
        "max_position_embeddings": 1024,
        "rms_norm_eps": 1e-6,
        "hidden_act": "silu",
        "tie_word_embeddings": False,
        "torch_dtype": "float32",
        "eos_token_id": n_tokens - 1,
    }
    (directory / "config.json").write_text(json.dumps(config), encoding="utf-8")
    save_file(_weights(n_tokens), directory / "model.safetensors", metadata={"format": "pt"})
    return directory


def _put_first(file: Path, said: str) -> int:
    """Give a token the id 0, and its id to the one that had it. Returns how many tokens there are."""
    described = json.loads(file.read_text(encoding="utf-8"))
    vocabulary = described["model"]["vocab"]
    swapped = {vocabulary[said]: 0, 0: vocabulary[said]}
    described["model"]["vocab"] = {piece: swapped.get(number, number) for piece, number in vocabulary.items()}
    for token in described["added_tokens"]:
        token["id"] = swapped.get(token["id"], token["id"])
    file.write_text(json.dumps(described), encoding="utf-8")
    return max(described["model"]["vocab"].values()) + 1


def _weights(n_tokens: int) -> dict[str, numpy.typing.NDArray[numpy.float32]]:
    random = numpy.random.default_rng(0)
    square = {f"model.layers.0.self_attn.{name}_proj.weight": (_HIDDEN, _HIDDEN) for name in "qkvo"}
    shapes: dict[str, tuple[int, ...]] = {
        "model.embed_tokens.weight": (n_tokens, _HIDDEN),
        "lm_head.weight": (n_tokens, _HIDDEN),
        "model.layers.0.input_layernorm.weight": (_HIDDEN,),
        "model.layers.0.post_attention_layernorm.weight": (_HIDDEN,),
        "model.layers.0.mlp.gate_proj.weight": (_DENSE, _HIDDEN),
        "model.layers.0.mlp.up_proj.weight": (_DENSE, _HIDDEN),
        "model.layers.0.mlp.down_proj.weight": (_HIDDEN, _DENSE),
        **square,
    }
    weights = {
        name: random.standard_normal(shape, dtype=numpy.float32) * numpy.float32(0.1) for name, shape in shapes.items()
    }
    return weights | {"model.norm.weight": numpy.zeros(_HIDDEN, dtype=numpy.float32)}
