"""What vLLM gets wrong or does slowly on a CPU and we put right, before its processes are forked. Each repair names its
proof."""

from __future__ import annotations

import dataclasses
import logging
from typing import Any

import torch
import vllm.v1.sample.rejection_sampler as rejection_sampler
from vllm.model_executor.layers.fused_moe import unquantized_fused_moe_method
from vllm.model_executor.layers.fused_moe.router import cpu_router
from vllm.model_executor.layers.layernorm import RMSNorm
from vllm.model_executor.layers.rotary_embedding.base import RotaryEmbedding
from vllm.v1.worker.cpu_model_runner import CPUModelRunner

_log = logging.getLogger(__name__)

# Steps of at most so many tokens run on one thread, if the weights are no larger than this: those of a larger model
# come from memory faster with more threads.
FEW_TOKENS = 16
SMALL_BYTES = 512 * 2**20


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


def repair_seeds() -> None:
    """Let requests with a seed have prompts that are computed in parts.

    After each part but the last, vLLM 0.32 takes the token back that it has sampled in vain, and moves the request's
    generator back by what a GPU's has used for it. A CPU's has no such offset: the engine died of every seeded request
    with a prompt longer than a step. Nothing that counts has been drawn by then, so the generator starts anew.
    Proof: `test_a_seeded_request_may_have_a_prompt_of_several_steps`.
    """
    bookkeeping = CPUModelRunner._bookkeeping_sync

    def keep_books(self: CPUModelRunner, *arguments: Any, **more: Any) -> Any:
        generators = self.input_batch.generators
        in_vain = self.discard_request_mask.np[: self.input_batch.num_reqs].nonzero()[0]
        rewound = {int(row): generators.pop(int(row)) for row in in_vain if int(row) in generators}
        for generator in rewound.values():
            generator.manual_seed(generator.initial_seed())
        try:
            return bookkeeping(self, *arguments, **more)
        finally:
            generators.update(rewound)

    CPUModelRunner._bookkeeping_sync = keep_books


def use_kernels() -> None:
    """Make small models step faster: vLLM's own CPU kernels where it calls seven to thirty operators of torch.

    A step of one token spends more time between operators than in them. Proof: `test_kernels_compute_what_torch_does`.
    """
    RMSNorm.forward_cpu = rms_norm
    RotaryEmbedding.forward_static = staticmethod(rotate)
    cpu_router._grouped_topk = grouped_topk


def rms_norm(
    self: RMSNorm, x: torch.Tensor, residual: torch.Tensor | None = None
) -> torch.Tensor | tuple[torch.Tensor, torch.Tensor]:
    """RMSNorm.forward, by one kernel; rounds once where torch's operators round twice."""
    weight = self.weight.data
    if not self.has_weight or self.variance_size_override is not None or weight.dtype != x.dtype:
        return self.forward_native(x, residual)
    x = x.contiguous()  # the kernel reads rows that lie apart wrongly
    if residual is None:
        out = torch.empty_like(x)
        torch.ops._C.rms_norm(out, x, weight, self.variance_epsilon)
        return out
    residual = residual.contiguous()
    torch.ops._C.fused_add_rms_norm(x, residual, weight, self.variance_epsilon)
    return x, residual


def rotate(
    positions: torch.Tensor,
    query: torch.Tensor,
    key: torch.Tensor | None,
    head_size: int,
    rotary_dim: int,
    cos_sin_cache: torch.Tensor,
    is_neox_style: bool,
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """RotaryEmbedding.forward_static, by one kernel. It takes the last of a tensor's dimensions for all heads' and
    would turn (tokens, heads, head_size) wrongly, so it gets two-dimensional copies."""
    positions = positions.flatten()
    n_tokens = positions.shape[0]
    turned = query.clone(memory_format=torch.contiguous_format).view(n_tokens, -1)
    turned_key = None if key is None else key.clone(memory_format=torch.contiguous_format).view(n_tokens, -1)
    torch.ops._C.rotary_embedding(positions, turned, turned_key, head_size, cos_sin_cache, is_neox_style)
    return turned.view(query.shape), None if key is None or turned_key is None else turned_key.view(key.shape)


_grouped_topk = cpu_router._grouped_topk


def grouped_topk(gating_output: torch.Tensor, topk: int, **how: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """Experts as vLLM chooses them by groups, without the groups where all of them are chosen anyway."""
    bias = how["e_score_correction_bias"]
    if how["num_expert_group"] != how["topk_group"] or how["scoring_func"] != "sigmoid" or bias is None:
        chosen: tuple[torch.Tensor, torch.Tensor] = _grouped_topk(gating_output, topk, **how)
        return chosen
    scores = gating_output.float().sigmoid()
    experts = torch.topk(scores + bias, topk, dim=-1, sorted=False)[1]
    weights = scores.gather(1, experts)
    if how["renormalize"]:
        weights = weights / weights.sum(dim=-1, keepdim=True)
    if how["routed_scaling_factor"] != 1.0:
        weights = weights * how["routed_scaling_factor"]
    return weights, experts.to(torch.int32)


def use_one_thread_for_few_tokens(n_weight_bytes: int) -> None:
    """Compute a small model's steps of few tokens on one thread.

    They are 60 parallel regions of some ten microseconds each: to wake another thread for each costs more than it
    computes, and where another program needs a core, every region waits for it.
    """
    if n_weight_bytes > SMALL_BYTES:
        return
    n_threads = torch.get_num_threads()
    execute_model = CPUModelRunner.execute_model

    def execute(self: CPUModelRunner, scheduler_output: Any, *arguments: Any, **more: Any) -> Any:
        is_small = scheduler_output.total_num_scheduled_tokens <= FEW_TOKENS
        torch._C.set_num_threads(1 if is_small else n_threads)  # vLLM has replaced torch.set_num_threads
        return execute_model(self, scheduler_output, *arguments, **more)

    CPUModelRunner.execute_model = execute


def use_lean_layers() -> None:
    """Step through DeepSeek's layers without most of what stands between their kernels, where this version of vLLM has
    all that it takes. Proof: `test_lean_layers_compute_what_vllms_compute`."""
    try:
        from codeassist.engine import vllm_lean_layer
    except (ImportError, AttributeError) as error:
        _log.info("layers stay as vLLM has them: %s", error)
        return
    vllm_lean_layer.use_lean_layers()


def use_own_experts_beside_adapters() -> None:
    """Compute experts as without adapters, which change other layers only (`adapters/targets.py`).

    With adapters, vLLM 0.32 chooses kernels for experts that have their own, in Triton, which a CPU has not: the engine
    died as it started. Proof: `test_an_adapter_answers_as_merged_weights_do`.
    """
    select = unquantized_fused_moe_method.select_unquantized_moe_backend

    def choose(moe_config: Any) -> Any:
        return select(dataclasses.replace(moe_config, is_lora_enabled=False))

    unquantized_fused_moe_method.select_unquantized_moe_backend = choose
