"""vLLM's engine from its arguments, with what we put right in it. Importing it imports torch."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

from vllm.engine.arg_utils import AsyncEngineArgs
from vllm.platforms import current_platform
from vllm.v1.engine.async_llm import AsyncLLM
from vllm.v1.executor import Executor
from vllm.v1.executor.uniproc_executor import UniProcExecutor

from codeassist.engine.hardware import processor_name
from codeassist.engine.vllm_arguments import WORKER_EXTENSION, HostOptions, runner_variables

_log = logging.getLogger(__name__)


def device_name(*, on_cpu: bool) -> str:
    """What a measurement on this machine belongs to: the processor's name, or that of its GPUs."""
    return processor_name() if on_cpu else str(current_platform.get_device_name())


def load(options: HostOptions, arguments: dict[str, Any], *, on_cpu: bool, counts: bool) -> AsyncLLM:
    """The engine, its processes started. Blocks for many seconds. counts: whether vLLM measures what it does."""
    variables = runner_variables(arguments, on_cpu=on_cpu)
    if not on_cpu:
        variables |= _spell_in_workers(arguments)
    for name, value in variables.items():
        os.environ.setdefault(name, value)
    config = AsyncEngineArgs(**arguments).create_engine_config()
    if not on_cpu:
        return AsyncLLM.from_vllm_config(config, disable_log_stats=not counts)
    # A vLLM for GPUs does not have what these put right.
    from codeassist.engine import vllm_adapter_products, vllm_repairs, vllm_scored_end

    vllm_repairs.repair_sampling_with_drafts()
    vllm_repairs.repair_seeds()
    vllm_repairs.use_kernels()
    vllm_repairs.use_lean_layers()
    vllm_scored_end.score_ends_alone()
    if config.lora_config is not None:
        vllm_repairs.use_own_experts_beside_adapters()
        vllm_adapter_products.use_products()
    n_weight_bytes = sum(shard.stat().st_size for shard in Path(arguments["model"]).glob("*.safetensors"))
    vllm_repairs.use_one_thread_for_few_tokens(n_weight_bytes)
    # vLLM would import itself anew in two more processes, to bind threads, which we do not want. One fork of this one
    # starts 20 s earlier and needs 0.5 GiB less.
    os.environ["VLLM_WORKER_MULTIPROC_METHOD"] = "fork"
    executor: type[Executor] = UniProcExecutor
    return AsyncLLM(vllm_config=config, executor_class=executor, log_stats=counts, log_requests=False)


def _spell_in_workers(arguments: dict[str, Any]) -> dict[str, str]:
    """Have vLLM's workers for GPUs follow forced prefixes. Returns variables: where the newer runner is not what we
    know, the older one is taken, which allows any number of tokens."""
    try:
        from codeassist.engine import vllm_gpu_worker  # noqa: F401
    except (ImportError, AttributeError) as error:
        _log.warning("vLLM's newer runner for GPUs is not as codeassist knows it, so the older one is used: %s", error)
        return {"VLLM_USE_V2_MODEL_RUNNER": "0"}
    arguments.setdefault("worker_extension_cls", WORKER_EXTENSION)
    return {}
