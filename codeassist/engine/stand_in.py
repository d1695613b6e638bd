"""The settings of the shipped model where it stands in for an embedded one (pure)."""

from __future__ import annotations

from dataclasses import replace

from codeassist.settings import EngineSettings

_MIB = 2**20
# On a GPU that another program or a larger model has filled, it is to take little: 0.2 GiB of weights and this for its
# KV cache, which vLLM then neither measures nor takes a share of the GPU for; no CUDA graphs, few requests at a time.
# The share stands for the check that vLLM makes all the same, that so much is free.
_KV_CACHE_BYTES = 512 * _MIB
_ON_A_GPU = (
    f"kv_cache_memory_bytes={_KV_CACHE_BYTES}",
    "gpu_memory_utilization=0.01",
    "max_num_seqs=16",
    "max_num_batched_tokens=2048",
    "enforce_eager=true",
)


def stand_in_settings(settings: EngineSettings, *, on_cpu: bool) -> EngineSettings:
    """What was said for the first model is not said for this one: neither how it is cut, quantised and adapted, nor how
    much memory it may take. What the machine can compute in holds for both. on_cpu: vLLM is a build for CPUs."""
    return replace(
        EngineSettings(),
        threads=settings.threads,
        dtype=settings.dtype,
        vllm_arguments=() if on_cpu else _ON_A_GPU,
    )
