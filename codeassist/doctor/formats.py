"""How weights are stored: bits of a number, who can read them, and what a config.json says of its own (pure).

Source: vLLM 0.26 and 0.32, `model_executor/layers/quantization`: `get_min_capability` and `get_quant_method` of each
method; compressed-tensors, "Compression format".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from codeassist.errors import ModelError

Name = Literal["bf16", "fp16", "fp32", "fp8", "int8", "int4"]
NAMES: tuple[Name, ...] = ("bf16", "fp8", "int8", "int4")

# bfloat16 is computed from Ampere on (CUDA C++ Programming Guide, "Arithmetic Instructions"); vLLM takes fp8 weights
# from Turing on, converts them as it multiplies, and multiplies fp8 itself from Ada on (Fp8Config, Fp8MoEMethod).
BF16_CAPABILITY = (8, 0)
LEAST_CAPABILITY: Mapping[Name, tuple[int, int]] = {"fp8": (7, 5), "int8": (7, 5), "int4": (7, 5)}
FP8_CAPABILITY = (8, 9)
# Prompts of models with MLA are computed by FlashAttention, which begins with Ampere (vLLM,
# `v1/attention/backends/mla/prefill/selector.py`; FlashAttention, README, "NVIDIA CUDA Support").
LATENT_CAPABILITY = (8, 0)

_GROUP = 128
_SCALE_BITS = 16
_METHODS: Mapping[str, Name] = {
    "fp8": "fp8",
    "fbgemm_fp8": "fp8",
    "fp8_per_tensor": "fp8",
    "fp8_per_block": "fp8",
    "fp8_per_channel": "fp8",
    "modelopt": "fp8",
    "experts_int8": "int8",
    "int8_per_channel_weight_only": "int8",
}
_INTEGERS = frozenset({"awq", "auto_awq", "awq_marlin", "gptq", "auto_gptq", "gptq_marlin", "moe_wna16", "auto-round"})
_BY_BITS: Mapping[int, Name] = {4: "int4", 8: "int8"}


@dataclass(frozen=True, slots=True)
class WeightFormat:
    """bits: of one number of a matrix that is quantised, with its share of the scales. plain_bits: of all others."""

    name: Name
    bits: float
    plain_bits: int = 16

    @property
    def is_quantised(self) -> bool:
        """Whether matrices are kept in fewer bits than the rest."""
        return self.bits < self.plain_bits


def format_named(name: str) -> WeightFormat:
    """A format by the name that people give it, or vLLM's name of a method. Raises ModelError."""
    if name in ("", "none", "bf16", "bfloat16"):
        return WeightFormat("bf16", 16)
    if name in ("fp16", "float16"):
        return WeightFormat("fp16", 16)
    if name in ("fp32", "float32"):
        return WeightFormat("fp32", 32, 32)
    kind = _METHODS.get(name, name)
    if kind in ("fp8", "int8"):
        return WeightFormat("fp8" if kind == "fp8" else "int8", 8)
    if kind == "int4" or kind in _INTEGERS:
        return _grouped(4, _GROUP)
    raise ModelError(_unknown(name))


def format_of(config: Mapping[str, Any]) -> WeightFormat:
    """How the weights of a config.json lie in memory where nobody asks for another format; float32 is halved (vLLM,
    `config/model.py`, `_resolve_auto_dtype`). Raises ModelError where it says so in a way that we do not know."""
    said = config.get("quantization_config") or config.get("compression_config")
    if not said:
        return format_named("fp16" if (config.get("dtype") or config.get("torch_dtype")) == "float16" else "bf16")
    if not isinstance(said, Mapping):
        raise ModelError(f"config.json has a quantization_config that is no table but {said!r}; fetch it again")
    method = str(said.get("quant_method") or "")
    if method == "compressed-tensors":
        return _compressed(said)
    if method == "bitsandbytes":
        return _grouped(4, 64) if said.get("load_in_4bit") else WeightFormat("int8", 8)
    if method in _INTEGERS:
        return _grouped(
            said.get("bits") or said.get("w_bit") or 4, said.get("group_size") or said.get("q_group_size") or _GROUP
        )
    return format_named(method or "a quantization_config without quant_method")


def _compressed(said: Mapping[str, Any]) -> WeightFormat:
    groups = said.get("config_groups")
    first: Any = next(iter(groups.values()), {}) if isinstance(groups, Mapping) else {}
    weights = first.get("weights") if isinstance(first, Mapping) else None
    if not isinstance(weights, Mapping) or not isinstance(weights.get("num_bits"), int):
        raise ModelError(
            "config.json says compressed-tensors and not how many bits (config_groups.*.weights); fetch it again"
        )
    if weights.get("type") == "float" and weights["num_bits"] == 8:
        return WeightFormat("fp8", 8)
    return _grouped(weights["num_bits"], weights.get("group_size") or 0)


def _grouped(bits: object, group: object) -> WeightFormat:
    """Integers with one scale and one zero point for each group; a group below 1 is a whole row, at no cost."""
    if not isinstance(bits, int) or bits not in _BY_BITS or not isinstance(group, int):
        raise ModelError(_unknown(f"{bits} bits in groups of {group}"))
    return WeightFormat(_BY_BITS[bits], bits + ((_SCALE_BITS + bits) / group if group > 0 else 0))


def _unknown(method: str) -> str:
    known = ", ".join(sorted({*NAMES, *_METHODS, *_INTEGERS, "bitsandbytes", "compressed-tensors"}))
    return f"unknown quantization {method!r}; what can be reckoned with is {known}"
