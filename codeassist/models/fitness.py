"""Whether an engine can start with a model on this machine: asked right before it does."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from codeassist.engine.catalogue import read_catalogue
from codeassist.engine.gpus import find_library, read_gpus
from codeassist.engine.hardware import (
    Hardware,
    count_gpus,
    kv_cache_bytes,
    read_hardware,
    visible_devices,
    vllm_runs_on_cpu,
)
from codeassist.engine.memory import MemoryNeed, require_memory, require_whole_context
from codeassist.engine.parallel import require_spreadable
from codeassist.engine.speculation import may_use_head
from codeassist.engine.vllm_arguments import HostOptions, cpu_dtype, kv_bytes_per_token
from codeassist.models.checks import require_loadable, shard_problems
from codeassist.models.directory import ModelDirectory
from codeassist.models.gpu_fitness import require_gpu_memory
from codeassist.models.quantization import require_known_quantization
from codeassist.models.shards import StoredTensor

_FLOATS = frozenset({"F32", "F16", "BF16"})


def require_startable(model: ModelDirectory, template: str, options: HostOptions) -> None:
    """Raises ModelError or EngineUnavailable with file and remedy. Takes a fraction of a second, mostly for reading
    the tokenizer and the headers of the shards. Of a GPU's memory only what the weights take is asked for."""
    n_gpus = count_gpus(shown=visible_devices())
    require_spreadable(options, model.config, n_gpus, on_cpu=vllm_runs_on_cpu())
    drafts = may_use_head(options.speculation, options.speculative_tokens)
    drafting = model if drafts else replace(model, n_mtp_layers=0)
    require_loadable(drafting, template, read_catalogue())
    require_known_quantization(options.quantization, model.path, model.config)
    if vllm_runs_on_cpu():
        hardware = read_hardware()
        per_token = kv_bytes_per_token(model.config, float_bytes(options, hardware))
        require_whole_context(options.kv_cache_gib, per_token, options.context_tokens, model.path)
        require_memory(cpu_need(model, options, hardware), hardware.memory_bytes, model.path)
    else:
        require_gpu_memory(model, options, read_gpus(find_library(), visible_devices()).gpus)


def cpu_need(model: ModelDirectory, options: HostOptions, hardware: Hardware) -> MemoryNeed:
    """What the model takes on a CPU, as `vllm_arguments.py` will tell vLLM to run it."""
    n_bytes = float_bytes(options, hardware)
    _, tensors = shard_problems(model.path)
    per_token = kv_bytes_per_token(model.config, n_bytes)
    cache = kv_cache_bytes(options.kv_cache_gib, per_token, options.context_tokens, hardware.memory_bytes)
    return MemoryNeed(weights_bytes(tensors, n_bytes) or model.weight_bytes, cache)


def float_bytes(options: HostOptions, hardware: Hardware) -> int:
    """Bytes of the numbers that a CPU computes with."""
    return 4 if cpu_dtype(options.dtype, hardware) == "float32" else 2


def weights_bytes(tensors: Mapping[str, StoredTensor], n_bytes: int) -> int:
    """Bytes of the weights once floats are converted to `n_bytes` each; what is quantised stays so."""
    return sum(
        math.prod(tensor.shape) * n_bytes if tensor.dtype in _FLOATS else tensor.n_bytes for tensor in tensors.values()
    )
