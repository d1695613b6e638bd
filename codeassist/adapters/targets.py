"""Which layers of a model an adapter may change, so that vLLM computes what the training computed."""

from __future__ import annotations

# Names of the linear layers, as transformers and PEFT call them. Left out on purpose:
# - `kv_b_proj`: vLLM's MLA on a GPU multiplies it into its neighbours when the model is loaded, and an adapter of it
#   would be heeded in one kernel and not in the other;
# - the experts and their router (`mlp.experts.*`, `mlp.gate`), for which the CPU build has no kernels;
# - embeddings and `lm_head`.
TARGET_MODULES = (
    "q_proj",
    "q_a_proj",
    "q_b_proj",
    "kv_a_proj_with_mqa",
    "k_proj",
    "v_proj",
    "o_proj",
    "gate_proj",
    "up_proj",
    "down_proj",
)

# What vLLM may be told as its `max_lora_rank`. Source: vllm/config/lora.py, MaxLoRARanks.
RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)

# Highest rank that is served: each rank costs memory and time for every adapter that may be in a batch.
MAX_RANK = 64


def allowed_rank(rank: int) -> int:
    """The least of vLLM's ranks that holds an adapter of this one."""
    return next((allowed for allowed in RANKS if allowed >= rank), RANKS[-1])


def peft_targets(n_layers: int) -> str:
    """A regular expression for PEFT's `target_modules`: the layers above in a model's decoder layers, without the
    experts' own and without layers that only draft (those from `n_layers` on).

    n_layers: `num_hidden_layers` of config.json.
    """
    numbers = "|".join(str(number) for number in range(n_layers))
    names = "|".join(TARGET_MODULES)
    return rf".*\.layers\.({numbers})\.(self_attn|mlp|mlp\.shared_experts)\.({names})"
