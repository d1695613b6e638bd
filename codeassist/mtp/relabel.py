"""config.json of a DeepSeek-V2 checkpoint as DeepSeek-V3's, of which it is a special case (pure).

V2 scores experts by softmax and takes the best without a correcting bias; V3's code does the same where its config says
so. What V3's config class would fill in with its own largest model's values is therefore spelled out.

Source: transformers, `configuration_deepseek_v2` and `configuration_deepseek_v3`; vLLM, `deepseek_v2`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from codeassist.errors import ModelError

BASE_TYPES = ("deepseek_v2", "deepseek_v3")

# What DeepSeek-V2's config class takes where config.json says nothing.
_V2_DEFAULTS: Mapping[str, Any] = {
    "q_lora_rank": None,
    "scoring_func": "softmax",
    "topk_method": "greedy",
    "n_group": 1,
    "topk_group": 1,
    "norm_topk_prob": False,
    "routed_scaling_factor": 1.0,
    "n_shared_experts": None,
    "first_k_dense_replace": 0,
    "moe_layer_freq": 1,
    "rope_interleave": True,
    "rope_theta": 10000.0,
    "rope_scaling": None,
    "attention_bias": False,
    "tie_word_embeddings": False,
}
# Code that came with the checkpoint reads another class of config.
_DROPPED = ("auto_map", "transformers_version")


def relabelled(config: Mapping[str, Any]) -> dict[str, Any]:
    """The same model as `deepseek_v3`, with one MTP layer. Raises ModelError for what cannot get one."""
    require_base(config)
    kept = {key: value for key, value in config.items() if key not in _DROPPED}
    defaults = _V2_DEFAULTS if config["model_type"] == "deepseek_v2" else {}
    named = {
        "architectures": ["DeepseekV3ForCausalLM"],
        "model_type": "deepseek_v3",
        "num_nextn_predict_layers": 1,
    }
    groups = _one_group(kept) if kept.get("topk_method", "greedy") == "greedy" else {}
    return {**defaults, **kept, **groups, **named}


def require_base(config: Mapping[str, Any]) -> None:
    """Raises ModelError unless an MTP layer can be trained for a model with this config."""
    model_type = config.get("model_type")
    if model_type not in BASE_TYPES:
        raise ModelError(
            f"vLLM drafts with MTP layers of DeepSeek architectures alone, and this model is {model_type!r}; "
            "use a DeepSeek-V2 or -V3 checkpoint"
        )
    if config.get("num_nextn_predict_layers"):
        raise ModelError(
            "the checkpoint has an MTP layer already; `codeassist mtp detach` takes one off that was attached"
        )
    if config.get("quantization_config"):
        raise ModelError(
            "the checkpoint is quantised: its layers cannot be trained on; train with the bfloat16 one, and let vLLM "
            "quantise the result when it loads it"
        )


def _one_group(config: Mapping[str, Any]) -> dict[str, Any]:
    """Greedy choice is among all experts, whatever groups are named."""
    return {"n_group": 1, "topk_group": 1} if config.get("scoring_func", "softmax") == "softmax" else {}
