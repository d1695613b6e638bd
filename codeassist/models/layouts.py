"""Which tensors a checkpoint must hold by its config.json, for the architectures that we know by heart (pure).

Only what every published checkpoint has: no biases, no buffers, no copies of tied or shared matrices. A quantised
checkpoint stores its matrices in other shapes and under other names, so nothing is said about one.

Source: transformers, `modeling_deepseek_v2`, `modeling_deepseek_v3`, `modeling_llama`, `modeling_qwen2`,
`modeling_granite`, `modeling_starcoder2`; vLLM, `deepseek_mtp`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Config = Mapping[str, Any]
Shape = tuple[int, ...]
Named = tuple[str, Shape]

_COMMON = ("vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads")
_DEEPSEEK = (*_COMMON, "kv_lora_rank", "qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim")

# Keys without which the architecture would silently get the sizes of its largest published model.
REQUIRED_KEYS: Mapping[str, tuple[str, ...]] = {
    "DeepseekV2ForCausalLM": _DEEPSEEK,
    "DeepseekV3ForCausalLM": _DEEPSEEK,
    "GraniteForCausalLM": _COMMON,
    "LlamaForCausalLM": _COMMON,
    "MistralForCausalLM": _COMMON,
    "Qwen2ForCausalLM": _COMMON,
    "Starcoder2ForCausalLM": _COMMON,
}
_EXPERT_KEYS = ("moe_intermediate_size",)


def architecture_of(config: Config) -> str:
    """The first architecture that config.json names; "" when it names none."""
    named = config.get("architectures")
    return named[0] if isinstance(named, list) and named and isinstance(named[0], str) else ""


def missing_keys(config: Config) -> list[str]:
    """Sizes that config.json must state and does not, or not as whole numbers."""
    required = REQUIRED_KEYS.get(architecture_of(config), ("vocab_size",))
    if config.get("n_routed_experts") is not None:
        required = (*required, *_EXPERT_KEYS)
    return [key for key in required if not _is_size(config.get(key))]


def expected_tensors(config: Config, n_mtp_layers: int) -> dict[str, Shape]:
    """Shapes by name; nothing for a checkpoint that we do not know by heart. Needs a config without `missing_keys`."""
    architecture = architecture_of(config)
    if architecture not in REQUIRED_KEYS or config.get("quantization_config") or config.get("compression_config"):
        return {}
    hidden, n_layers = config["hidden_size"], config["num_hidden_layers"]
    is_deepseek = architecture.startswith("Deepseek")
    layer: Callable[[Config, int], Iterator[Named]] = _deepseek_layer if is_deepseek else _llama_layer
    expected: dict[str, Shape] = {
        "model.embed_tokens.weight": (config["vocab_size"], hidden),
        "model.norm.weight": (hidden,),
    }
    if config.get("tie_word_embeddings") is False:
        expected["lm_head.weight"] = (config["vocab_size"], hidden)
    for number in range(n_layers + (n_mtp_layers if is_deepseek else 0)):
        expected |= {f"model.layers.{number}.{name}": shape for name, shape in layer(config, number)}
        if number >= n_layers:
            expected |= {f"model.layers.{number}.{name}": shape for name, shape in _draft_head(hidden)}
    return expected


def _llama_layer(config: Config, number: int) -> Iterator[Named]:
    hidden, n_heads = config["hidden_size"], config["num_attention_heads"]
    n_kv_heads = config.get("num_key_value_heads") or n_heads
    head = config.get("head_dim") or hidden // n_heads
    yield from _norms(hidden)
    yield "self_attn.q_proj.weight", (n_heads * head, hidden)
    yield "self_attn.k_proj.weight", (n_kv_heads * head, hidden)
    yield "self_attn.v_proj.weight", (n_kv_heads * head, hidden)
    yield "self_attn.o_proj.weight", (hidden, n_heads * head)
    if architecture_of(config) == "Starcoder2ForCausalLM":
        yield "mlp.c_fc.weight", (config["intermediate_size"], hidden)
        yield "mlp.c_proj.weight", (hidden, config["intermediate_size"])
    else:
        yield from _feed_forward("mlp", hidden, config["intermediate_size"])


def _deepseek_layer(config: Config, number: int) -> Iterator[Named]:
    hidden = config["hidden_size"]
    yield from _norms(hidden)
    yield from _latent_attention(config)
    n_experts = config.get("n_routed_experts")
    is_dense = number < (config.get("first_k_dense_replace") or 0) or number % (config.get("moe_layer_freq") or 1)
    if n_experts is None or is_dense:
        yield from _feed_forward("mlp", hidden, config["intermediate_size"])
        return
    width = config["moe_intermediate_size"]
    yield "mlp.gate.weight", (n_experts, hidden)
    for expert in range(n_experts):
        yield from _feed_forward(f"mlp.experts.{expert}", hidden, width)
    if config.get("n_shared_experts"):
        yield from _feed_forward("mlp.shared_experts", hidden, width * config["n_shared_experts"])


def _latent_attention(config: Config) -> Iterator[Named]:
    hidden, n_heads, rank = config["hidden_size"], config["num_attention_heads"], config["kv_lora_rank"]
    nope, rope, value = config["qk_nope_head_dim"], config["qk_rope_head_dim"], config["v_head_dim"]
    if config.get("q_lora_rank"):
        yield "self_attn.q_a_proj.weight", (config["q_lora_rank"], hidden)
        yield "self_attn.q_a_layernorm.weight", (config["q_lora_rank"],)
        yield "self_attn.q_b_proj.weight", (n_heads * (nope + rope), config["q_lora_rank"])
    elif "q_lora_rank" in config:
        yield "self_attn.q_proj.weight", (n_heads * (nope + rope), hidden)
    yield "self_attn.kv_a_proj_with_mqa.weight", (rank + rope, hidden)
    yield "self_attn.kv_a_layernorm.weight", (rank,)
    yield "self_attn.kv_b_proj.weight", (n_heads * (nope + value), rank)
    yield "self_attn.o_proj.weight", (hidden, n_heads * value)


def _norms(hidden: int) -> Iterator[Named]:
    yield "input_layernorm.weight", (hidden,)
    yield "post_attention_layernorm.weight", (hidden,)


def _feed_forward(prefix: str, hidden: int, width: int) -> Iterator[Named]:
    yield f"{prefix}.gate_proj.weight", (width, hidden)
    yield f"{prefix}.up_proj.weight", (width, hidden)
    yield f"{prefix}.down_proj.weight", (hidden, width)


def _draft_head(hidden: int) -> Iterator[Named]:
    yield "enorm.weight", (hidden,)
    yield "hnorm.weight", (hidden,)
    yield "eh_proj.weight", (hidden, 2 * hidden)


def _is_size(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
