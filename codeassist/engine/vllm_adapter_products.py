"""What an adapter adds to a layer, by products of matrices, for a CPU.

vLLM 0.32 copies the adapter's matrices for every token and multiplies each copy by its token, which makes a new prompt
take two to three times as long as without adapters; and it takes the last adapter that was loaded for tokens which are
to have none, where another request of the step has one. Here all tokens in a row that have the same adapter are one
product, and those that have none are left alone. Proof: `test_products_compute_what_an_adapter_is`,
`test_adapters_of_one_step_keep_apart`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from vllm.lora.punica_wrapper.punica_cpu import PunicaWrapperCPU

_KEY = "codeassist_runs"


def use_products() -> None:
    """Replace vLLM's operators, before its processes are forked."""
    update = PunicaWrapperCPU._update_prefill_metadata

    def update_and_remember(self: PunicaWrapperCPU, token_lora_tensor: Tensor) -> None:
        update(self, token_lora_tensor)
        vars(self)[_KEY] = runs(token_lora_tensor)

    PunicaWrapperCPU._update_prefill_metadata = update_and_remember
    PunicaWrapperCPU.add_lora_linear = add_lora_linear


def runs(adapters: Tensor) -> list[tuple[slice, int]]:
    """Tokens in a row with the same adapter, and its place; those without one are left out.

    adapters: (tokens,) the place of each token's adapter, -1 for none.
    """
    places, lengths = torch.unique_consecutive(adapters, return_counts=True)
    found, start = [], 0
    for place, length in zip(places.tolist(), lengths.tolist(), strict=True):
        if place >= 0:
            found.append((slice(start, start + length), place))
        start += length
    return found


def add_lora_linear(
    self: PunicaWrapperCPU,
    y: Tensor,
    x: Tensor,
    lora_a_stacked: Sequence[Tensor],
    lora_b_stacked: Sequence[Tensor],
    scale: float,
    output_slices: Sequence[int],
    **_: Any,
) -> None:
    """PunicaWrapperCPU.add_lora_linear. y: (tokens, sum of output_slices), in place; x: (tokens, in); A: (places, 1,
    rank, in), B: (places, 1, slice, rank), one of each per slice. Ranks are summed up in float32."""
    for tokens, place in vars(self)[_KEY]:
        rows, start = x[tokens].float(), 0
        for a, b, width in zip(lora_a_stacked, lora_b_stacked, output_slices, strict=True):
            inner = rows @ a[place, 0].float().t()
            y[tokens, start : start + width] += ((inner * scale) @ b[place, 0].float().t()).to(y.dtype)
            start += width
