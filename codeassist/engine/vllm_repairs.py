"""What vLLM gets wrong on a CPU and we put right, before its processes are forked. Each repair names its proof."""

from __future__ import annotations

import torch
import vllm.v1.sample.rejection_sampler as rejection_sampler


def repair_sampling_with_drafts() -> None:
    """Make sampled (not greedy) answers with speculation follow the model.

    vLLM 0.32 spreads each request's temperature over its drafted tokens into a copy that it drops, and divides by
    whatever was in memory: the answers are noise. Proof: `test_drafts_do_not_change_answers`.
    """
    rejection_sampler.expand_batch_to_tokens = expand_batch_to_tokens


def expand_batch_to_tokens(
    x: torch.Tensor, cu_num_tokens: torch.Tensor, num_tokens: int, replace_from: float = 0, replace_to: float = 0
) -> torch.Tensor:
    """One value per token from one value per request. cu_num_tokens: (requests,) running totals of tokens."""
    values = torch.where(x == replace_from, torch.full_like(x, replace_to), x)
    counts = torch.diff(cu_num_tokens, prepend=cu_num_tokens.new_zeros(1))
    return values.repeat_interleave(counts, output_size=num_tokens)
