"""Memory that does not suffice, of a GPU or of the machine: at load, for the KV cache, while answering.

The words are those of vLLM 0.26 and 0.32 (`vllm/v1/worker/utils.py` request_memory, `vllm/v1/core/kv_cache_utils.py`
_check_enough_kv_cache_memory, `vllm/v1/worker/gpu_model_runner.py`, `gpu_worker.py`, `cpu_worker.py`) and of torch
(`c10/cuda/CUDACachingAllocator.cpp`, `c10/core/impl/alloc_cpu.cpp`).
"""

from __future__ import annotations

import math
import re

from codeassist.engine.faults.types import Facts, always, fault

# The least that engine.gpu_memory_fraction may be.
_LEAST_FRACTION = 0.05
_GB = r"([\d.]+) GiB"
_AMOUNT = r"([\d.]+ \w+)"
_OTHERS = "end the other programs that use it (`nvidia-smi` lists them)"


def _taken(match: re.Match[str], _: Facts) -> str:
    """Another program has the memory that our share would be of."""
    gpu, free, total, fraction, asked = match.groups()
    fitting = math.floor((float(free) - 0.01) / float(total) * 100) / 100
    lower = f", or set engine.gpu_memory_fraction to {fitting:.2f} or less" if fitting >= _LEAST_FRACTION else ""
    return (
        f"GPU {gpu} has {free} of {total} GiB free, and engine.gpu_memory_fraction = {fraction} asks for {asked}: "
        f"{_OTHERS}{lower}"
    )


def _no_cache(_: re.Match[str], facts: Facts) -> str:
    if facts.on_cpu:
        return (
            f"no memory is left for the KV cache (engine.kv_cache_gib = {facts.options.kv_cache_gib:g}): raise it, or "
            "set it to 0 to have it decided by the memory there is"
        )
    weights = re.search(rf"Model loading took {_GB}", facts.log)
    taken = f"the weights take {weights.group(1)} GiB, and " if weights else ""
    return (
        f"{taken}nothing is left for the KV cache of what engine.gpu_memory_fraction = "
        f"{facts.options.gpu_memory_fraction:g} allows: raise it, {_less_weights(facts)}"
    )


def _small_cache(match: re.Match[str], facts: Facts) -> str:
    context, needed, available, room = match.groups()
    n_tokens = int(room or 0)
    has = f"has room for {n_tokens:,} tokens" if n_tokens else f"has {available} GiB and needs {needed}"
    lower = f"set it to {n_tokens} or less" if n_tokens else "lower it"
    if facts.on_cpu:
        more = "ask for more with engine.kv_cache_gib (0 decides by the memory there is)"
    else:
        more = f"raise engine.gpu_memory_fraction (now {facts.options.gpu_memory_fraction:g}), {_less_weights(facts)}"
    return f"the KV cache {has}, less than engine.context_tokens = {int(context):,}: {lower}, or {more}"


def _cpu_cache(match: re.Match[str], facts: Facts) -> str:
    free, asked = match.groups()
    return (
        f"{free} GiB of memory are free and the KV cache asks for {asked}: lower engine.kv_cache_gib (now "
        f"{facts.options.kv_cache_gib:g}; 0 decides by the memory there is) or close other programs"
    )


def _gpu_full(match: re.Match[str], facts: Facts) -> str:
    tried, gpu, total, free = match.groups()
    where = f"GPU {gpu} has {free} of {total} free and {tried} more were asked for"
    other = re.search(rf"Process (\d+) has {_AMOUNT} memory in use", facts.log)
    taken = f"; process {other.group(1)} uses {other.group(2)} of it, end it if it is not ours" if other else ""
    return f"{where}{taken}: {_out_of_memory(facts)}"


def _gpu_full_somewhere(_: re.Match[str], facts: Facts) -> str:
    return f"the GPU's memory is full: {_out_of_memory(facts)}"


def _out_of_memory(facts: Facts) -> str:
    """What to do, by how far the engine had come."""
    if facts.on_cpu:
        return "close other programs, or lower engine.context_tokens"
    less = f"lower engine.gpu_memory_fraction (now {facts.options.gpu_memory_fraction:g}), which leaves more beside it"
    if facts.was_ready:
        return f"it ran out while it was answering; {less}, or end other programs on the GPU"
    if "Model loading took" in facts.log:
        return f"the weights fit, what the engine computes with does not; {less}, or lower engine.context_tokens"
    return f"the weights do not fit; {_OTHERS}, {_less_weights(facts)}"


def _less_weights(facts: Facts) -> str:
    """How the weights become fewer on each GPU, by what has not been done yet."""
    smaller = "" if facts.options.quantization else "set engine.quantization to fp8 (half the memory), "
    return f"{smaller}raise engine.tensor_parallel where there are more GPUs, or choose a smaller model"


def _machine_full(match: re.Match[str], _: Facts) -> str:
    return (
        f"the machine's memory is full ({int(match.group(1)) / 2**30:.1f} GiB more were asked for): close other "
        "programs, raise the limit of the container, or lower engine.kv_cache_gib or engine.context_tokens"
    )


_KILLED = always(
    "the system killed it, most likely because memory ran out (`dmesg` tells): close other programs, raise the limit "
    "of the container, or choose a smaller model"
)

FAULTS = (
    fault(
        rf"Free memory on device \w*?:?(\d+) \(([\d.]+)/{_GB}\) on startup is less than desired GPU memory utilization "
        rf"\(([\d.]+), {_GB}\)",
        _taken,
    ),
    fault(r"No available memory for the cache blocks", _no_cache),
    fault(
        r"To serve at least one request with the model's max seq len \((\d+)\), \(?([\d.]+) GiB KV cache is needed, "
        rf"which is larger than the available KV cache memory \({_GB}\)\."
        r"(?: Based on the available memory, the estimated maximum model length is (\d+))?",
        _small_cache,
    ),
    fault(
        r"Available memory on node \d+ \(([\d.]+)/[\d.]+ GiB\) on kv cache allocation is less than requested memory "
        r"for kv \(([\d.]+)",
        _cpu_cache,
    ),
    fault(
        rf"CUDA out of memory\. Tried to allocate {_AMOUNT}\. GPU (\d+) has a total capacity of {_AMOUNT} of which "
        rf"{_AMOUNT} is free",
        _gpu_full,
    ),
    fault(r"CUDA out of memory|CUDA error: out of memory|CUDA_ERROR_OUT_OF_MEMORY", _gpu_full_somewhere),
    fault(
        r"Error in memory profiling\.",
        always(
            "another program gave memory of the GPU back while the engine measured what is free: start it again once "
            "the other one has ended"
        ),
    ),
    fault(r"DefaultCPUAllocator: .*you tried to allocate (\d+) bytes", _machine_full),
    fault(
        r"^MemoryError|\[Errno 12\] Cannot allocate memory",
        always("the machine's memory is full: close other programs, or raise the limit of the container"),
    ),
    fault(r"Failed core proc\(s\): \{[^}]*: -9\b|it ended by itself with status -9$", _KILLED),
)
