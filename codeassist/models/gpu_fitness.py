"""Whether a model's weights can lie in what is free of the GPUs, asked before vLLM is imported.

Nothing is refused that might run: where the numbers are not known (no driver that answers, weights in a format or an
architecture that we cannot reckon with, arguments of the user's that spread the model otherwise), the engine decides.
"""

from __future__ import annotations

from collections.abc import Sequence

from codeassist.doctor.amounts import gigabytes
from codeassist.doctor.candidates import Candidate, candidate_of
from codeassist.doctor.fit import Wish, fit_on_gpus, told_fraction
from codeassist.doctor.footprint import predict
from codeassist.doctor.formats import WeightFormat, format_named, format_of
from codeassist.doctor.survey import remedy
from codeassist.engine.gpus import Gpu, memory_holders
from codeassist.engine.vllm_arguments import HostOptions, further_arguments
from codeassist.errors import EngineUnavailable, ModelError
from codeassist.models.directory import ModelDirectory
from codeassist.settings import EngineSettings

# With one of these the model, or the memory, is spread otherwise than we reckon.
_OTHERWISE = frozenset({"cpu_offload_gb", "distributed_executor_backend", "gpu_memory_utilization", "hf_overrides"})
# NVML and CUDA count a GPU's memory a little differently.
_TOLERANCE = 0.98


def require_gpu_memory(model: ModelDirectory, options: HostOptions, gpus: Sequence[Gpu]) -> None:
    """Raises EngineUnavailable, with what would help. gpus: those that the engine's process will see, none where they
    are not known."""
    n_gpus = options.tensor_parallel * options.pipeline_parallel * options.data_parallel
    is_otherwise = bool(_OTHERWISE & further_arguments(options.arguments).keys())
    if is_otherwise or not 0 < n_gpus <= len(gpus) or (options.expert_parallel and options.data_parallel > 1):
        return
    used = gpus[:n_gpus]
    _require_weights(model, options, used, gpus)
    _require_free(used, options.gpu_memory_fraction)


def _require_weights(model: ModelDirectory, options: HostOptions, used: Sequence[Gpu], gpus: Sequence[Gpu]) -> None:
    try:
        stored = _stored(model, options)
        weights = _weight_bytes(model, options, stored)
    except ModelError:
        return
    room = min(min(gpu.free_bytes, int(gpu.total_bytes * options.gpu_memory_fraction)) for gpu in used)
    if weights <= room:
        return
    told = _told(candidate_of(model, "settings", str(model.path)), stored, options, gpus)
    if told is None:
        raise EngineUnavailable(
            f"{model.path} needs {gigabytes(weights)} on each of {len(used)} GPUs for its weights alone, and "
            f"{gigabytes(room)} can be had; `codeassist doctor` tells what fits"
        )
    raise EngineUnavailable(f"{model.path} {told}")


def _stored(model: ModelDirectory, options: HostOptions) -> WeightFormat:
    """How the weights will lie in memory. Raises ModelError where that cannot be told."""
    if options.quantization:
        return format_named(options.quantization)
    native = format_of(model.config)
    return format_named("float32") if options.dtype == "float32" and not native.is_quantised else native


def _weight_bytes(model: ModelDirectory, options: HostOptions, stored: WeightFormat) -> int:
    """The least that each GPU has to hold. Raises ModelError."""
    native = format_of(model.config)
    drafts = options.speculative_tokens != 0 and options.speculation in ("auto", "mtp")
    footprint = predict(
        model.config,
        model.n_mtp_layers if drafts else 0,
        "" if stored == native else stored.name,
        tensor_parallel=options.tensor_parallel,
    )
    return footprint.loaded // options.pipeline_parallel


def _told(candidate: Candidate, stored: WeightFormat, options: HostOptions, gpus: Sequence[Gpu]) -> str | None:
    """What is lacking and what would help, as the doctor says it; None where it reckons otherwise."""
    if options.pipeline_parallel > 1 or options.data_parallel > 1:
        return None
    engine = EngineSettings(
        quantization=options.quantization,
        context_tokens=options.context_tokens,
        tensor_parallel=options.tensor_parallel,
        gpu_memory_fraction=options.gpu_memory_fraction,
        speculation=options.speculation,
        speculative_tokens=options.speculative_tokens,
    )
    fit = fit_on_gpus(candidate, stored, gpus[: options.tensor_parallel], engine, Wish())
    return f"{fit.problem}: {remedy(fit, (), gpus, engine, Wish())}"


def _require_free(used: Sequence[Gpu], fraction: float) -> None:
    """VLLM starts only where the whole share that it may take is free (`v1/worker/utils.py`, `request_memory`)."""
    taken = [gpu for gpu in used if gpu.free_bytes < gpu.total_bytes * fraction * _TOLERANCE]
    if not taken:
        return
    gpu = taken[0]
    holders = memory_holders(gpu.users) or "somebody who is not seen from here has the rest"
    raise EngineUnavailable(
        f"of GPU {gpu.index}'s {gigabytes(gpu.total_bytes)} only {gigabytes(gpu.free_bytes)} are free, and the engine "
        f"is to take {gigabytes(gpu.total_bytes * fraction)} (engine.gpu_memory_fraction {fraction:g}): {holders}; end "
        f"it{told_fraction(used)}"
    )
