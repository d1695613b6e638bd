"""What is known of a published model before a byte of it is fetched, and how large it is by its config.json (pure)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from codeassist.models.layouts import expected_tensors

_FLOAT_BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}

# Not quantised by any of the methods that we know: tables, the router of experts, and what is no matrix at all.
_KEPT = ("embed_tokens.weight", "lm_head.weight", "mlp.gate.weight")

# Quantised 4 and 8 bits: a group of rows shares a scale of 2 bytes and a zero point of one entry's bits. fp8 in blocks
# of 128 by 128 has one float32 per block, fp8 with a scale per matrix almost nothing.
# Sources: AutoAWQ and AutoGPTQ (`qweight`, `qzeros`, `scales`); the model card of DeepSeek-V3.
_SCALE_BYTES = 2
_BLOCK_SCALE_BYTES = 4


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A published model. name: as settings spell it. hub_id: where it is fetched. revision: the commit of it that is
    fetched, "" where none is pinned and the newest is taken, and written down.

    fills_gaps: whether it was trained to fill in the middle; chats: whether it has a chat template.
    config: the sizes of its config.json; `torch_dtype` is what its files hold, bfloat16 where nothing is said.
    is_gated: whether the hub asks for an account that has accepted the licence.
    """

    name: str
    hub_id: str
    revision: str
    licence: str
    fills_gaps: bool
    chats: bool
    config: Mapping[str, Any]
    is_gated: bool = False

    @property
    def download_bytes(self) -> int:
        """About how much is fetched: the weights."""
        return stored_bytes(self.config)


def stored_bytes(config: Mapping[str, Any]) -> int:
    """Bytes of the weights as published. config: of an architecture that `layouts` knows, with `torch_dtype` and,
    where it is quantised, `quantization_config` (bits and group_size, or fp8)."""
    quantised = config.get("quantization_config") or {}
    plain = {key: value for key, value in config.items() if key != "quantization_config"}
    n_mtp_layers = config.get("num_nextn_predict_layers") or 0
    float_bytes = _FLOAT_BYTES[config.get("torch_dtype", "bfloat16")]
    per_entry = _bytes_per_entry(quantised) or float_bytes
    total = 0.0
    for name, shape in expected_tensors(plain, n_mtp_layers).items():
        is_kept = len(shape) < 2 or name.endswith(_KEPT)
        total += math.prod(shape) * (float_bytes if is_kept else per_entry)
    if n_mtp_layers:  # an MTP layer is published with copies of the table and of the head
        total += 2 * n_mtp_layers * config["vocab_size"] * config["hidden_size"] * float_bytes
    return round(total)


def told_bytes(n_bytes: int) -> str:
    """A size for people, in powers of ten as disks and networks are sold."""
    if n_bytes >= 10_000_000_000:
        return f"{n_bytes / 1e9:.0f} GB"
    return f"{n_bytes / 1e9:.1f} GB" if n_bytes >= 1_000_000_000 else f"{n_bytes / 1e6:.1f} MB"


def _bytes_per_entry(quantised: Mapping[str, Any]) -> float:
    """Of a quantised matrix, scales included; 0 for one that is not."""
    if not quantised:
        return 0.0
    if quantised.get("quant_method") == "fp8":
        block = quantised.get("weight_block_size")
        return 1 + (_BLOCK_SCALE_BYTES / math.prod(block) if block else 0.0)
    bits, group = int(quantised["bits"]), int(quantised["group_size"])
    return bits / 8 + (_SCALE_BYTES + bits / 8) / group
