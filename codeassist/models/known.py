"""Published models by the names that people call them: where they come from, and their sizes, so that what fits on a
machine can be told before a byte is fetched (data).

Sources: config.json and model card of each; the technical reports of DeepSeek-V2 (arXiv 2405.04434),
DeepSeek-Coder-V2 (2406.11931) and DeepSeek-V3 (2412.19437).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A published model. name: as settings spell it. hub_id, revision: where it is fetched, and the commit of it.

    fills_gaps: whether it was trained to fill in the middle; chats: whether it has a chat template.
    config: the sizes of its config.json.
    """

    name: str
    hub_id: str
    revision: str
    licence: str
    fills_gaps: bool
    chats: bool
    config: Mapping[str, Any]


_V2_LITE: dict[str, Any] = {
    "architectures": ["DeepseekV2ForCausalLM"],
    "model_type": "deepseek_v2",
    "vocab_size": 102400,
    "hidden_size": 2048,
    "intermediate_size": 10944,
    "moe_intermediate_size": 1408,
    "num_hidden_layers": 27,
    "num_attention_heads": 16,
    "n_shared_experts": 2,
    "n_routed_experts": 64,
    "num_experts_per_tok": 6,
    "first_k_dense_replace": 1,
    "kv_lora_rank": 512,
    "q_lora_rank": None,
    "qk_rope_head_dim": 64,
    "qk_nope_head_dim": 128,
    "v_head_dim": 128,
    "max_position_embeddings": 163840,
    "tie_word_embeddings": False,
}
_V2: dict[str, Any] = _V2_LITE | {
    "hidden_size": 5120,
    "intermediate_size": 12288,
    "moe_intermediate_size": 1536,
    "num_hidden_layers": 60,
    "num_attention_heads": 128,
    "n_routed_experts": 160,
    "q_lora_rank": 1536,
}
_V3: dict[str, Any] = _V2 | {
    "architectures": ["DeepseekV3ForCausalLM"],
    "model_type": "deepseek_v3",
    "vocab_size": 129280,
    "hidden_size": 7168,
    "intermediate_size": 18432,
    "moe_intermediate_size": 2048,
    "num_hidden_layers": 61,
    "n_shared_experts": 1,
    "n_routed_experts": 256,
    "num_experts_per_tok": 8,
    "first_k_dense_replace": 3,
    "num_nextn_predict_layers": 1,
    "quantization_config": {"quant_method": "fp8", "fmt": "e4m3", "weight_block_size": [128, 128]},
}

# Revisions are filled in by whoever can ask the hub; an empty one means the newest, which is then recorded.
KNOWN = (
    KnownModel(
        "deepseek-coder-v2-lite", "deepseek-ai/DeepSeek-Coder-V2-Lite-Base", "", "deepseek", True, False, _V2_LITE
    ),
    KnownModel(
        "deepseek-coder-v2-lite-instruct",
        "deepseek-ai/DeepSeek-Coder-V2-Lite-Instruct",
        "",
        "deepseek",
        True,
        True,
        _V2_LITE,
    ),
    KnownModel("deepseek-coder-v2", "deepseek-ai/DeepSeek-Coder-V2-Base", "", "deepseek", True, False, _V2),
    KnownModel("deepseek-coder-v2-instruct", "deepseek-ai/DeepSeek-Coder-V2-Instruct", "", "deepseek", True, True, _V2),
    KnownModel("deepseek-v3", "deepseek-ai/DeepSeek-V3", "", "deepseek", True, True, _V3),
)
