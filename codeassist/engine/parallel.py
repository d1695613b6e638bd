"""Whether a model can be spread over GPUs as the settings ask, told before anything is loaded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from codeassist.engine.vllm_arguments import HostOptions, further_arguments
from codeassist.errors import EngineUnavailable

# Arguments of vLLM's by which an engine reaches GPUs of other machines.
_ELSEWHERE = frozenset({"distributed_executor_backend", "nnodes", "data_parallel_size_local", "data_parallel_address"})

# Sizes of a model of which each GPU gets an equal share, and what they are sizes of.
_SHARED = {
    "num_attention_heads": "attention heads",
    "intermediate_size": "columns of its dense layers",
    "moe_intermediate_size": "columns of its experts",
}


def require_spreadable(options: HostOptions, config: Mapping[str, Any], n_gpus: int, *, on_cpu: bool) -> None:
    """Raises EngineUnavailable with the setting and what it may be. n_gpus: of this machine, 0 where nobody knows."""
    for problem in _problems(options, config, n_gpus, on_cpu=on_cpu):
        raise EngineUnavailable(problem)


def _problems(options: HostOptions, config: Mapping[str, Any], n_gpus: int, *, on_cpu: bool) -> Iterator[str]:
    asked = {
        "engine.tensor_parallel": options.tensor_parallel,
        "engine.pipeline_parallel": options.pipeline_parallel,
        "engine.data_parallel": options.data_parallel,
    }
    more = {name: size for name, size in asked.items() if size > 1}
    n_asked = options.tensor_parallel * options.pipeline_parallel * options.data_parallel
    spelled = " and ".join(f"{name} = {size}" for name, size in more.items())
    if on_cpu and (more or options.expert_parallel):
        yield (
            f"{spelled or 'engine.expert_parallel'} is for GPUs, and the installed vLLM is a build for CPUs; set it "
            "back, install the other build (`make setup TARGET=gpu`), or have engine.url name a vLLM server"
        )
    is_here = not _ELSEWHERE & further_arguments(options.arguments).keys()
    if 0 < n_gpus < n_asked and is_here:
        yield (
            f"{spelled} asks for {n_asked} GPUs, and this machine shows {n_gpus}; lower it to at most {n_gpus} in all, "
            "or name how vLLM reaches others in engine.vllm_arguments (distributed_executor_backend=ray)"
        )
    if options.pipeline_parallel > 1 and options.speculation == "mtp" and options.speculative_tokens:
        yield (
            "engine.speculation is `mtp`, and vLLM cannot divide a head that drafts among the groups of "
            f"engine.pipeline_parallel = {options.pipeline_parallel}; set engine.speculation to `auto` (n-grams or "
            "nothing drafts then), or spread the model by engine.tensor_parallel"
        )
    yield from _size_problems(options, config, n_gpus)


def _size_problems(options: HostOptions, config: Mapping[str, Any], n_gpus: int) -> Iterator[str]:
    n_layers, parts = config.get("num_hidden_layers"), options.tensor_parallel
    if isinstance(n_layers, int) and options.pipeline_parallel > n_layers:
        yield f"engine.pipeline_parallel = {options.pipeline_parallel} is more than the model's {n_layers} layers"
    if options.expert_parallel and not config.get("n_routed_experts") and not config.get("num_experts"):
        yield "engine.expert_parallel is for models with experts, and this one has none; set it to false"
    sizes = {name: config[name] for name in _SHARED if isinstance(config.get(name), int)}
    if options.expert_parallel:
        sizes.pop("moe_intermediate_size", None)
    uneven = [name for name, size in sizes.items() if size % parts]
    if uneven:
        most = max(n_gpus, parts)
        possible = [n for n in range(1, most + 1) if all(size % n == 0 for size in sizes.values())]
        yield (
            f"engine.tensor_parallel = {parts} does not divide the model's {sizes[uneven[0]]} {_SHARED[uneven[0]]}; it "
            f"can be {', '.join(map(str, possible))}"
        )
