"""Layers of DeepSeek's architecture with little between their kernels, for a CPU.

vLLM's layer is some fifty modules, custom operators, views and copies; a step of one token spends a quarter of its time
between the kernels that compute it. `Lean` calls the same kernels, in the same order, on the same weights. Each layer
tries it once beside vLLM's own code, adapters included; where it does not know a layer (quantised weights, another
version of vLLM, other attention) or computes anything else, vLLM's own code stays. Proof:
`test_lean_layers_compute_what_vllms_compute`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor
from vllm.forward_context import ForwardContext, get_forward_context
from vllm.lora.layers.base_linear import BaseLinearLayerWithLoRA
from vllm.model_executor.layers.attention import Attention
from vllm.model_executor.models.deepseek_v2 import DeepseekV2DecoderLayer, DeepseekV2MLP

_log = logging.getLogger(__name__)

# How far a lean layer may be from vLLM's own, as a share of its largest output: bfloat16 rounds at 0.004.
TOLERANCE = 0.02

_KEY = "codeassist_lean"
_kernels = torch.ops._C
_own_forward = DeepseekV2DecoderLayer.forward

# What vLLM makes of unquantised weights: a function of an input, a weight and a bias, of which it reads the first.
_Linear = Callable[[Tensor, None, None], Tensor]


def use_lean_layers() -> None:
    """Replace the forward of DeepSeek's decoder layers."""
    DeepseekV2DecoderLayer.forward = forward


def forward(
    self: DeepseekV2DecoderLayer,
    positions: Tensor,
    hidden_states: Tensor,
    residual: Tensor | None,
    llama_4_scaling: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """DeepseekV2DecoderLayer.forward: (tokens, hidden size) and the sum of what earlier layers added."""
    if torch.compiler.is_compiling() or llama_4_scaling is not None:
        return _own(self, positions, hidden_states, residual, llama_4_scaling)
    context = get_forward_context()
    if not isinstance(context.attn_metadata, dict):  # vLLM tries how much memory a step needs
        return _own(self, positions, hidden_states, residual, llama_4_scaling)
    if _KEY not in vars(self):
        return _try(self, context, positions, hidden_states, residual)
    lean: Lean | None = vars(self)[_KEY]
    if lean is None:
        return _own(self, positions, hidden_states, residual, None)
    return lean.run(context, positions, hidden_states, residual)


def _own(layer: DeepseekV2DecoderLayer, *inputs: Tensor | None) -> tuple[Tensor, Tensor]:
    outputs: tuple[Tensor, Tensor] = _own_forward(layer, *inputs)
    return outputs


def _try(
    layer: DeepseekV2DecoderLayer,
    context: ForwardContext,
    positions: Tensor,
    hidden_states: Tensor,
    residual: Tensor | None,
) -> tuple[Tensor, Tensor]:
    """What vLLM's own code computes; whether the lean layer computes the same is remembered. It goes first, since both
    write the same place of the KV cache."""
    inputs = hidden_states.clone(), None if residual is None else residual.clone()
    vars(layer)[_KEY] = None
    try:
        lean = Lean.of(layer)
        found = lean.run(context, positions, *inputs)
    except (AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:
        _log.info("layers stay as vLLM has them: %s", error)
        return _own(layer, positions, hidden_states, residual, None)
    right = _own(layer, positions, hidden_states, residual, None)
    if all(_is_close(*pair) for pair in zip(found, right, strict=True)):
        vars(layer)[_KEY] = lean
    else:
        _log.warning("a layer stays as vLLM has it: ours computes something else")
    return right


def _linear(module: Any) -> _Linear:
    """What a linear layer computes, with what the adapters of a step add to it."""
    if not isinstance(module, BaseLinearLayerWithLoRA):
        plain: _Linear = module.cpu_linear
        return plain
    base: _Linear = module.base_layer.cpu_linear

    def adapted(x: Tensor, _weight: None, _bias: None) -> Tensor:
        out = base(x, None, None)
        adapters = module.punica_wrapper
        if not adapters.no_lora:
            adapters.add_lora_linear(out, x, module.lora_a_stacked, module.lora_b_stacked, 1.0, module.output_slices)
        return out

    return adapted


def _is_close(found: Tensor, right: Tensor) -> bool:
    return bool((found - right).abs().max() <= TOLERANCE * right.abs().max())


@dataclass(frozen=True, slots=True)
class _Norm:
    weight: Tensor
    epsilon: float

    @classmethod
    def of(cls, module: Any) -> _Norm:
        if module.variance_size_override is not None:
            raise ValueError("norm of a part")
        return cls(module.weight.data, module.variance_epsilon)

    def apply(self, x: Tensor) -> Tensor:
        out = torch.empty_like(x)
        _kernels.rms_norm(out, x, self.weight, self.epsilon)
        return out

    def add(self, x: Tensor, residual: Tensor) -> None:
        """Both in place: residual += x, and x = the norm of it."""
        _kernels.fused_add_rms_norm(x, residual, self.weight, self.epsilon)


@dataclass(frozen=True, slots=True)
class _Attention:
    """n_plain: of a head's dimensions, those that come first and have no position. n_latent: of the compressed ones."""

    query: _Linear
    latent: _Linear
    norm: _Norm
    keys_values: _Linear
    out: _Linear
    n_heads: int
    n_plain: int
    n_latent: int
    turns: Tensor
    layer: Attention

    @classmethod
    def of(cls, module: Any, dtype: torch.dtype) -> _Attention:
        if type(module.attn) is not Attention or module.v_head_dim != module.qk_head_dim:
            raise ValueError("other attention")
        return cls(
            _linear(module.q_proj),
            _linear(module.kv_a_proj_with_mqa),
            _Norm.of(module.kv_a_layernorm),
            _linear(module.kv_b_proj),
            _linear(module.o_proj),
            module.num_local_heads,
            module.qk_nope_head_dim,
            module.kv_lora_rank,
            _turns(module.rotary_emb, module.qk_nope_head_dim, dtype),
            module.attn,
        )

    def run(self, context: ForwardContext, positions: Tensor, x: Tensor) -> Tensor:
        query, latent = self.query(x, None, None), self.latent(x, None, None)
        compressed = self.norm.apply(latent[:, : self.n_latent].contiguous())
        heads = len(x), self.n_heads, -1
        keys_values = self.keys_values(compressed, None, None).view(heads)
        turned = latent[:, None, self.n_latent :].expand(heads)
        key = torch.cat((keys_values[:, :, : self.n_plain], turned), dim=2)
        _kernels.rotary_embedding(positions, query, key.view(query.shape), key.shape[2], self.turns, False)
        query, out = query.view(key.shape), torch.empty_like(key)
        self._attend(context, query, key, keys_values[:, :, self.n_plain :], out)
        return self.out(out.view(len(x), -1), None, None)

    def _attend(self, context: ForwardContext, query: Tensor, key: Tensor, value: Tensor, out: Tensor) -> None:
        layer, impl = self.layer, self.layer.impl
        metadata = context.attn_metadata[layer.layer_name]
        n_blocks, n_heads, n_tokens, _ = layer.kv_cache.shape
        cache = layer.kv_cache.view(n_blocks, n_heads, 2 * n_tokens, -1).chunk(2, dim=2)
        scales = layer._k_scale_float, layer._v_scale_float, impl.kv_cache_dtype
        slots = context.slot_mapping[layer.layer_name]
        _kernels.cpu_attn_reshape_and_cache(key, value, *cache, slots, layer.isa, *scales)
        _kernels.cpu_attention_with_kv_cache(
            query, *cache, out, metadata.query_start_loc, metadata.seq_lens, impl.scale, metadata.causal,
            impl.alibi_slopes, impl.sliding_window, metadata.block_table, impl.logits_soft_cap,
            metadata.scheduler_metadata, impl.sinks, metadata.dynamic_causal, *scales,
        )  # fmt: skip


@cache  # all layers share one rotary embedding
def _turns(rotary: Any, n_plain: int, dtype: torch.dtype) -> Tensor:
    """(positions, head size): cosines and sines that leave a head's plain dimensions alone, so that whole heads can be
    turned where they lie."""
    if rotary.is_neox_style:
        raise ValueError("other rotation")
    cosines, sines = rotary.cos_sin_cache.to(dtype).chunk(2, dim=-1)
    plain = cosines.new_ones(len(cosines), n_plain // 2)
    return torch.cat((plain, cosines, torch.zeros_like(plain), sines), dim=-1)


@dataclass(frozen=True, slots=True)
class _Dense:
    gate_up: _Linear
    down: _Linear

    @classmethod
    def of(cls, module: DeepseekV2MLP) -> _Dense:
        return cls(_linear(module.gate_up_proj), _linear(module.down_proj))

    def run(self, x: Tensor) -> Tensor:
        gate_up = self.gate_up(x, None, None)
        active = gate_up.new_empty(len(x), gate_up.shape[1] // 2)
        _kernels.silu_and_mul(active, gate_up)
        return self.down(active, None, None)


@dataclass(frozen=True, slots=True)
class _Experts:
    gate: _Linear
    router: Any
    gate_up: Tensor
    down: Tensor
    isa: str
    shared: _Dense

    @classmethod
    def of(cls, module: Any) -> _Experts:
        router, routed = module.experts.router, module.experts.routed_experts
        if router.capture_fn is not None or routed.expert_map is not None:
            raise ValueError("experts elsewhere")
        isa = routed.quant_method.moe_kernel.fused_experts.isa
        weights = routed.w13_weight.data, routed.w2_weight.data
        return cls(_linear(module.gate), router, *weights, isa, _Dense.of(module.shared_experts))

    def run(self, x: Tensor) -> Tensor:
        weights, experts = self.router._compute_routing(x, self.gate(x, None, None), None)
        out = torch.empty_like(x)
        _kernels.cpu_fused_moe(
            out, x, self.gate_up, self.down, None, None, weights, experts, False, "silu", self.isa
        )  # fmt: skip
        return out.add_(self.shared.run(x))


@dataclass(frozen=True, slots=True)
class Lean:
    """One layer."""

    before: _Norm
    attention: _Attention
    between: _Norm
    mlp: _Dense | _Experts

    @classmethod
    def of(cls, layer: DeepseekV2DecoderLayer) -> Lean:
        """Raises AttributeError or ValueError for a layer that this does not know."""
        before, between = _Norm.of(layer.input_layernorm), _Norm.of(layer.post_attention_layernorm)
        mlp = _Dense.of(layer.mlp) if isinstance(layer.mlp, DeepseekV2MLP) else _Experts.of(layer.mlp)
        return cls(before, _Attention.of(layer.self_attn, before.weight.dtype), between, mlp)

    def run(
        self, context: ForwardContext, positions: Tensor, hidden_states: Tensor, residual: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """As `forward`; both inputs are overwritten."""
        if residual is None:
            x, residual = self.before.apply(hidden_states), hidden_states
        else:
            x = hidden_states
            self.before.add(x, residual)
        x = self.attention.run(context, positions, x)
        self.between.add(x, residual)
        return self.mlp.run(x), residual
