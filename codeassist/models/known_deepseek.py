"""DeepSeek's published models with their sizes (data).

Sources: config.json and model card of each; the technical reports of DeepSeek-V2 (arXiv 2405.04434),
DeepSeek-Coder-V2 (2406.11931) and DeepSeek-V3 (2412.19437). The fp8 weights of DeepSeek-Coder-V2 are by the
maintainers of vLLM (Neural Magic, now Red Hat), who test vLLM with them.

Revisions: the commit that unrelated public repositories pin (as `revision=` or a path of the hub's cache), and where
there is only one witness, none: a commit of the hub's can also be one that a stranger has proposed.
"""

from __future__ import annotations

from typing import Any

from codeassist.models.published import KnownModel

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

_FP8: dict[str, Any] = {"quantization_config": {"quant_method": "fp8"}}
_LICENCE = "DeepSeek licence (use-based restrictions)"


def _model(
    name: str, hub_id: str, config: dict[str, Any], revision: str = "", *, fills_gaps: bool = True, chats: bool = False
) -> KnownModel:
    return KnownModel(name, hub_id, revision, _LICENCE, fills_gaps, chats, config)


DEEPSEEK = (
    _model("deepseek-coder-v2-lite", "deepseek-ai/DeepSeek-Coder-V2-Lite-Base", _V2_LITE),
    _model(
        "deepseek-coder-v2-lite-instruct",
        "deepseek-ai/DeepSeek-Coder-V2-Lite-Instruct",
        _V2_LITE,
        "e434a23f91ba5b4923cf6c9d9a238eb4a08e3a11",
        chats=True,
    ),
    _model(
        "deepseek-coder-v2-lite-instruct-fp8",
        "RedHatAI/DeepSeek-Coder-V2-Lite-Instruct-FP8",
        _V2_LITE | _FP8,
        chats=True,
    ),
    _model("deepseek-coder-v2", "deepseek-ai/DeepSeek-Coder-V2-Base", _V2),
    _model("deepseek-coder-v2-instruct", "deepseek-ai/DeepSeek-Coder-V2-Instruct", _V2, chats=True),
    _model("deepseek-coder-v2-instruct-fp8", "RedHatAI/DeepSeek-Coder-V2-Instruct-FP8", _V2 | _FP8, chats=True),
    _model("deepseek-v3-base", "deepseek-ai/DeepSeek-V3-Base", _V3, "afb92e1fa402c2be2a9eb085312bb02e0384d6c7"),
    _model("deepseek-v3", "deepseek-ai/DeepSeek-V3", _V3, "e815299b0bcbac849fa540c768ef21845365c9eb", chats=True),
)
