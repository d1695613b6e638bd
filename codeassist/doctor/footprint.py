"""The memory that a model takes on one GPU, part by part, before it is loaded (pure).

    weights         numbers of each kind times their bytes; MLA keeps `kv_b_proj` a second time, in 16 bits, where it is
                    quantised (vLLM, `mla_attention.py`, `process_weights_after_loading`)
    draft           the MTP layer; embedding and head are the model's own (`llm_base_proposer.py`, `_maybe_share_*`)
    activations     the peak of vLLM's profiling: one step of `max_num_batched_tokens`, then the sampler for
                    `max_num_seqs` (`gpu_model_runner.py`, `profile_run`)
    cuda_graphs     one graph for each captured size (`config/vllm.py`, `_set_cudagraph_sizes`)
    workspace       what MLA unpacks of long prompts' keys and values, made after the profiling
    kv_per_token    MLA: (kv_lora_rank + qk_rope_head_dim) a layer; else keys and values of each head. The draft layer
                    has a cache of its own

What vLLM measures in the end is told by `measured.py`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from codeassist.doctor.formats import WeightFormat, format_named, format_of
from codeassist.doctor.geometry import Geometry, Parameters, draft_parameters, model_parameters, read_geometry
from codeassist.engine.vllm_arguments import GPU_STEP_TOKENS

_ACTIVATION_BYTES = 2
_MIB = 2**20

# A captured graph of one size: 13 MiB of DeepSeek-Coder-V2-Lite on an H200, 17 with a draft layer
# (bench/results/gpu_memory.json). Smaller models take less: 6 to 8 MiB (vLLM pull requests 11349, 23184).
_GRAPH_BYTES = 16 * _MIB
# What the profiling finds besides: the table of rotations, and rooms of the libraries (the same measurement).
_FURTHER_BYTES = 100 * _MIB
_LARGEST_GRAPH = 512
# Of each logit while a token is chosen: as computed (2), as float32 (4), sorted (4) with their places (8), probability
# and its running sum (4 + 4), log-probability (4). Source: vLLM, `v1/sample/sampler.py`, `topk_topp_sampler.py`.
_LOGIT_BYTES = 30
# Vectors of the hidden size that live through a layer: input, residual, normalised input, output.
_HIDDEN_VECTORS = 4
# vLLM, `MLACommonMetadataBuilder.determine_chunked_prefill_workspace_size`.
_MLA_WORKSPACE_TOKENS = 64 * 1024
_MLA_WORKSPACE_PROMPTS = 8


@dataclass(frozen=True, slots=True)
class Footprint:
    """Bytes on each GPU that shares the model.

    weights, draft: once loaded. activations: at the peak of one step. kv_per_token: of the cache. read_per_token: of
    the weights that must come out of memory to compute one token alone; of an MTP layer nothing is in it.
    """

    weights: int
    draft: int
    activations: int
    cuda_graphs: int
    workspace: int
    kv_per_token: int
    read_per_token: int

    @property
    def loaded(self) -> int:
        """What vLLM calls the memory that model loading took."""
        return self.weights + self.draft

    @property
    def fixed(self) -> int:
        """All but the KV cache."""
        return self.loaded + self.activations + self.cuda_graphs + self.workspace


def predict(
    config: Mapping[str, Any],
    n_mtp_layers: int = 0,
    quantization: str = "",
    max_num_batched_tokens: int = GPU_STEP_TOKENS,
    max_num_seqs: int = 64,
    *,
    context_tokens: int = 16384,
    speculative_tokens: int = 1,
    tensor_parallel: int = 1,
    has_cuda_graphs: bool = True,
    has_latent_cache: bool = True,
) -> Footprint:
    """What a model takes on each GPU. config: its config.json. n_mtp_layers: those that vLLM drafts with.
    quantization: "" for what the checkpoint has, else as `engine.quantization` or `formats.NAMES` spell it.
    has_latent_cache: whether MLA keeps latent vectors; on a CPU each head's keys and values are kept, the values padded
    to the keys' size.

    Raises ModelError for sizes that config.json lacks and an unknown quantization.
    """
    sizes = read_geometry(config)
    stored = format_named(quantization) if quantization else format_of(config)
    n_drafted = speculative_tokens if n_mtp_layers else 0
    parameters = model_parameters(sizes)
    cached = kv_bytes_per_token if has_latent_cache else head_bytes_per_token
    draft = weight_bytes(draft_parameters(sizes), stored, tensor_parallel) * n_mtp_layers
    return Footprint(
        weights=weight_bytes(parameters, stored, tensor_parallel),
        draft=draft,
        activations=_activation_bytes(
            sizes, max_num_batched_tokens, max_num_seqs * (1 + n_drafted), context_tokens, tensor_parallel
        ),
        cuda_graphs=_graph_bytes(max_num_batched_tokens, max_num_seqs, n_drafted) if has_cuda_graphs else 0,
        workspace=_latent_workspace(sizes, context_tokens) * (sizes.kv_rank + sizes.rope_head) * _ACTIVATION_BYTES,
        kv_per_token=cached(sizes, sizes.n_layers + n_mtp_layers, tensor_parallel, max(2, stored.plain_bits // 8)),
        read_per_token=_read_bytes(parameters, stored, tensor_parallel),
    )


def weight_bytes(parameters: Parameters, stored: WeightFormat, tensor_parallel: int = 1) -> int:
    """Of one GPU's part of the weights."""
    plain = stored.plain_bits / 8
    matrices = (parameters.dense + parameters.experts) / tensor_parallel * stored.bits / 8
    tables = (parameters.embedding + parameters.head) / tensor_parallel * plain
    second = parameters.latent_up / tensor_parallel * plain if stored.is_quantised else 0.0
    return math.ceil(matrices + tables + second + parameters.plain * plain + parameters.whole * stored.bits / 8)


def kv_bytes_per_token(sizes: Geometry, n_layers: int, tensor_parallel: int = 1, n_bytes: int = 2) -> int:
    """Of the cache on each GPU. The latent vector is whole on each; heads are shared as far as there are enough of
    them. Source: vLLM, `kv_cache_interface.py`, MLAAttentionSpec and FullAttentionSpec."""
    if sizes.is_latent:
        return (sizes.kv_rank + sizes.rope_head) * n_layers * n_bytes
    return head_bytes_per_token(sizes, n_layers, tensor_parallel, n_bytes)


def head_bytes_per_token(sizes: Geometry, n_layers: int, tensor_parallel: int = 1, n_bytes: int = 2) -> int:
    """Of a cache that has keys and values of each head; with MLA, each query head has its own."""
    n_heads = sizes.n_heads if sizes.is_latent else sizes.n_kv_heads
    return 2 * max(1, n_heads // tensor_parallel) * max(sizes.head, sizes.value_head) * n_layers * n_bytes


def captured_sizes(max_num_batched_tokens: int, max_num_seqs: int, n_drafted: int) -> tuple[int, int]:
    """How many sizes of steps vLLM captures: those of mixed steps, and those of steps that only decode.

    Source: vLLM, `config/vllm.py`, `_set_cudagraph_sizes`; `v1/cudagraph_dispatcher.py`.
    """
    most = min(max_num_seqs * (1 + n_drafted) * 2, _LARGEST_GRAPH, max_num_batched_tokens)
    sizes = [1, 2, 4, *range(8, min(most + 1, 256), 8), *range(256, most + 1, 16)]
    mixed = [size for size in sizes if size <= most]
    return len(mixed), sum(1 for size in mixed if size <= max_num_seqs * (1 + n_drafted))


def _graph_bytes(max_num_batched_tokens: int, max_num_seqs: int, n_drafted: int) -> int:
    return sum(captured_sizes(max_num_batched_tokens, max_num_seqs, n_drafted)) * _GRAPH_BYTES


def _read_bytes(parameters: Parameters, stored: WeightFormat, tensor_parallel: int) -> int:
    plain = stored.plain_bits / 8
    shared = (parameters.dense + parameters.read_experts) * stored.bits / 8
    head = (parameters.head or parameters.embedding) * plain
    whole = parameters.whole * stored.bits / 8 + parameters.plain * plain
    return math.ceil((shared + head) / tensor_parallel + whole)


def _activation_bytes(sizes: Geometry, n_tokens: int, n_sampled: int, context_tokens: int, tensor_parallel: int) -> int:
    """What stands all the time, and the largest of what comes one after the other."""
    standing = n_tokens * sizes.hidden * _HIDDEN_VECTORS * _ACTIVATION_BYTES
    stages = (
        _attention_bytes(sizes, n_tokens, context_tokens, tensor_parallel),
        3 * n_tokens * sizes.width * _ACTIVATION_BYTES // tensor_parallel if sizes.n_dense_layers else 0,
        _expert_bytes(sizes, n_tokens, tensor_parallel),
        n_sampled * sizes.vocabulary * _LOGIT_BYTES,
    )
    return standing + max(stages) + _FURTHER_BYTES


def _attention_bytes(sizes: Geometry, n_tokens: int, context_tokens: int, tensor_parallel: int) -> int:
    """Queries, keys, values and their result; with MLA also what the profiling sets aside for unpacked contexts."""
    n_heads = math.ceil(sizes.n_heads / tensor_parallel)
    n_kv_heads = n_heads if sizes.is_latent else max(1, sizes.n_kv_heads // tensor_parallel)
    each = n_heads * (sizes.head + sizes.value_head) + n_kv_heads * (sizes.head + sizes.value_head)
    unpacked = n_heads * (sizes.head - sizes.rope_head + sizes.value_head)
    return (n_tokens * each + _latent_workspace(sizes, context_tokens) * unpacked) * _ACTIVATION_BYTES


def _latent_workspace(sizes: Geometry, context_tokens: int) -> int:
    """Tokens of earlier chunks that MLA unpacks at once; 0 without MLA."""
    return min(_MLA_WORKSPACE_PROMPTS * context_tokens, _MLA_WORKSPACE_TOKENS) if sizes.is_latent else 0


def _expert_bytes(sizes: Geometry, n_tokens: int, tensor_parallel: int) -> int:
    """The two workspaces of the fused experts, and their sum. Source: vLLM, `fused_moe/experts/triton_moe.py`,
    `workspace_shapes`."""
    if not sizes.n_experts:
        return 0
    width = math.ceil(sizes.expert_width / tensor_parallel)
    spaces = max(width, sizes.hidden) + max(2 * width, sizes.hidden)
    return n_tokens * (sizes.n_read * spaces + sizes.hidden) * _ACTIVATION_BYTES
