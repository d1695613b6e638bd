"""Each model in each format on this machine, with the remedy for what does not fit (pure)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from codeassist.doctor.amounts import gigabytes
from codeassist.doctor.candidates import Candidate
from codeassist.doctor.fit import Fit, Wish, fit_on_cpu, fit_on_gpus, formats_to_try, lacks_capability, splits
from codeassist.doctor.formats import WeightFormat, format_named, format_of
from codeassist.doctor.machine import Machine
from codeassist.engine.gpus import Gpu
from codeassist.engine.vllm_arguments import CPU_REQUESTS, GPU_REQUESTS
from codeassist.errors import ModelError
from codeassist.settings import EngineSettings

# vLLM leaves the rest to CUDA and to peaks that it did not see.
_HIGHEST_FRACTION = 0.95
# Of what is sold: a B300 has 288 GB.
_LARGEST_GPU = 300e9


@dataclass(frozen=True, slots=True)
class Surveyed:
    """A model with what was found of it. fits: one for each format, none where problem says why nothing can be said.
    unfetchable: why it cannot be had, "" where it can."""

    candidate: Candidate
    fits: tuple[Fit, ...] = ()
    problem: str = ""
    unfetchable: str = ""


def survey(
    candidates: Iterable[Candidate], machine: Machine, engine: EngineSettings, wish: Wish, cpu_bandwidth: float
) -> list[Surveyed]:
    """What fits of each model. cpu_bandwidth: bytes a second, for machines without a GPU."""
    return [_surveyed(candidate, machine, engine, wish, cpu_bandwidth) for candidate in candidates]


def _surveyed(
    candidate: Candidate, machine: Machine, engine: EngineSettings, wish: Wish, cpu_bandwidth: float
) -> Surveyed:
    if candidate.problem:
        return Surveyed(candidate, problem=candidate.problem)
    try:
        if machine.gpus.gpus:
            return Surveyed(candidate, tuple(_on_gpus(candidate, machine.gpus.gpus, engine, wish)))
        return Surveyed(candidate, (_on_cpu(candidate, machine, engine, wish, cpu_bandwidth),))
    except ModelError as error:
        return Surveyed(candidate, problem=str(error))


def _on_cpu(candidate: Candidate, machine: Machine, engine: EngineSettings, wish: Wish, bandwidth: float) -> Fit:
    fit = fit_on_cpu(candidate, machine, engine, wish, bandwidth)
    if fit.fits:
        return fit
    if fit.needed_bytes <= fit.budget_bytes:
        return replace(fit, remedy=_instead(fit, wish))
    if engine.dtype != "bfloat16" and fit.stored == "fp32":
        half = fit_on_cpu(candidate, machine, replace(engine, dtype="bfloat16"), wish, bandwidth)
        if half.fits:
            amount = gigabytes(half.needed_bytes)
            return replace(fit, remedy=f'use bfloat16 ({amount}: engine.dtype = "bfloat16"), which is slower here')
    if fit.needed_bytes <= machine.total_memory_bytes:
        return replace(fit, remedy=f"free {gigabytes(fit.needed_bytes - fit.budget_bytes)} of memory")
    return replace(fit, remedy=_gpu_for(candidate, engine, wish))


def _gpu_for(candidate: Candidate, engine: EngineSettings, wish: Wish) -> str:
    """The GPU that would hold it, converted as it loads."""
    native = format_of(candidate.sizes)
    stored = native if native.is_quantised else format_named("fp8")
    n_bytes = _single_gpu(candidate, stored, engine, wish)
    holder = f"a GPU of {gigabytes(n_bytes)} or more"
    if n_bytes > _LARGEST_GPU:
        holder = f"GPUs of {gigabytes(n_bytes)} together"
    return f"use a smaller model here, or {holder} (in {stored.name})"


def _on_gpus(candidate: Candidate, gpus: Sequence[Gpu], engine: EngineSettings, wish: Wish) -> list[Fit]:
    fits = [_fewest(candidate, stored, gpus, engine, wish) for stored in formats_to_try(candidate, gpus, wish)]
    return [fit if fit.fits else replace(fit, remedy=remedy(fit, fits, gpus, engine, wish)) for fit in fits]


def _fewest(candidate: Candidate, stored: WeightFormat, gpus: Sequence[Gpu], engine: EngineSettings, wish: Wish) -> Fit:
    """On as few GPUs as can hold it, else on as many as can share it."""
    tried = [
        fit_on_gpus(candidate, stored, gpus[:number], engine, wish)
        for number in splits(candidate, len(gpus))
        if number >= engine.tensor_parallel
    ] or [fit_on_gpus(candidate, stored, gpus[:1], engine, wish)]
    return next((fit for fit in tried if fit.fits), tried[-1])


def remedy(fit: Fit, others: Sequence[Fit], gpus: Sequence[Gpu], engine: EngineSettings, wish: Wish) -> str:
    """The first of what helps, reckoned anew each time."""
    if lacks_capability(fit.candidate, fit.stored, gpus):
        return "take another model or format, or run the small model on the CPU (`make setup TARGET=cpu`)"
    if fit.needed_bytes <= fit.budget_bytes:
        return _instead(fit, wish)
    again = partial(fit_on_gpus, fit.candidate, format_named(fit.stored))
    ways = [
        *_free_memory(again, fit, gpus, engine, wish),
        *_present_gpus(again, fit, gpus, engine, wish),
        *_smaller_format(fit, others, gpus, engine, wish),
        *_larger_share(again, fit, gpus, engine, wish),
        *_smaller_wish(fit, wish),
    ]
    return ", or ".join(ways[:2]) if ways else _more_gpus(fit, gpus, engine, wish)


def _instead(fit: Fit, wish: Wish) -> str:
    """What helps where memory does not."""
    longest = int(fit.candidate.sizes.get("max_position_embeddings") or 0)
    if wish.context_tokens > longest > 0:
        return f"ask for a context of {longest:,} tokens at most, or take another model"
    if fit.n_gpus and wish.users > GPU_REQUESTS:
        return "further ones wait for their turn; more GPUs can run copies (engine.data_parallel)"
    if wish.users > CPU_REQUESTS and not fit.n_gpus:
        return "further ones wait for their turn; a GPU serves more"
    return "take another model"


def _free_memory(again: partial[Fit], fit: Fit, gpus: Sequence[Gpu], engine: EngineSettings, wish: Wish) -> list[str]:
    """Whether it would fit, had nobody else memory of the GPU."""
    taken = [gpu for gpu in gpus[: fit.n_gpus] if gpu.users]
    empty = [replace(gpu, free_bytes=gpu.total_bytes, users=()) for gpu in gpus[: fit.n_gpus]]
    if not taken or not again(empty, engine, wish).fits:
        return []
    named = " and ".join(f"pid {user.pid}" for user in taken[0].users[:3])
    return [f"end {named}, which has memory of GPU {taken[0].index}"]


def _present_gpus(again: partial[Fit], fit: Fit, gpus: Sequence[Gpu], engine: EngineSettings, wish: Wish) -> list[str]:
    """Whether more of the GPUs that are here would do."""
    counts = [number for number in splits(fit.candidate, len(gpus)) if number > fit.n_gpus]
    enough = next((number for number in counts if again(gpus[:number], engine, wish).fits), None)
    return [f"share it among {enough} GPUs (engine.tensor_parallel = {enough})"] if enough else []


def _smaller_format(
    fit: Fit, others: Sequence[Fit], gpus: Sequence[Gpu], engine: EngineSettings, wish: Wish
) -> list[str]:
    if wish.quantization or fit.candidate.path is not None:
        stored = [format_named(name) for name in ("fp8", "int8", "int4")]
        now = format_named(fit.stored)
        others = [
            _fewest(fit.candidate, one, gpus, engine, replace(wish, quantization=""))
            for one in stored
            if one.bits < now.bits
        ]
    smaller = next((other for other in others if other.fits and other.needed_bytes < fit.needed_bytes), None)
    return [told_format(smaller)] if smaller else []


def told_format(fit: Fit) -> str:
    """How to come by a format that fits: `use fp8 (17.2 GB: engine.quantization = "fp8")`."""
    amount = gigabytes(fit.needed_bytes) + (f" on each of {fit.n_gpus} GPUs" if fit.n_gpus > 1 else "")
    if fit.is_online:
        return f'use fp8 ({amount}: engine.quantization = "fp8")'
    if fit.is_native:
        return f"use {fit.stored} ({amount})"
    kinds = "AWQ, GPTQ or compressed-tensors" if fit.stored == "int4" else "compressed-tensors or GPTQ"
    return f"use {fit.stored} ({amount}: a checkpoint in {kinds}, as others publish them)"


def _larger_share(again: partial[Fit], fit: Fit, gpus: Sequence[Gpu], engine: EngineSettings, wish: Wish) -> list[str]:
    """Whether a larger share of the GPU would do, and the smallest that does."""
    chosen = gpus[: fit.n_gpus]
    raised = replace(engine, gpu_memory_fraction=_HIGHEST_FRACTION)
    if engine.gpu_memory_fraction >= _HIGHEST_FRACTION or not again(chosen, raised, wish).fits:
        return []
    share = math.ceil(fit.needed_bytes / min(gpu.total_bytes for gpu in chosen) * 100) / 100
    return [f"set engine.gpu_memory_fraction to {share:g}"]


def _smaller_wish(fit: Fit, wish: Wish) -> list[str]:
    if wish.context_tokens > fit.context_tokens >= fit.candidate.advised_tokens:
        return [f"ask for a context of {fit.context_tokens:,} tokens at most"]
    if wish.users > fit.users >= 1:
        return [f"serve {fit.users} users at once"]
    return []


def _more_gpus(fit: Fit, gpus: Sequence[Gpu], engine: EngineSettings, wish: Wish) -> str:
    """How many GPUs like these would hold it, or how large a single one."""
    empty = replace(gpus[0], free_bytes=gpus[0].total_bytes)
    n_bytes = _single_gpu(fit.candidate, format_named(fit.stored), engine, wish)
    more = (
        fit_on_gpus(fit.candidate, format_named(fit.stored), [empty] * number, engine, wish)
        for number in splits(fit.candidate, 8)
        if number > fit.n_gpus
    )
    enough = next((one.n_gpus for one in more if one.fits), None)
    alone = f"one of {gigabytes(n_bytes)} or more" if n_bytes <= _LARGEST_GPU else ""
    if enough is None:
        return f"it is too large for GPUs of this size; {alone or f'{gigabytes(n_bytes)} in all'} would hold it"
    others = f", or {alone}" if alone else ""
    return f"{enough} GPUs like this one would hold it (engine.tensor_parallel = {enough}){others}"


def _single_gpu(candidate: Candidate, stored: WeightFormat, engine: EngineSettings, wish: Wish) -> float:
    """Bytes of one GPU that would hold it."""
    imagined = Gpu(0, "", 2**50, 2**50, (9, 0), 0.0)
    return fit_on_gpus(candidate, stored, [imagined], engine, wish).needed_bytes / engine.gpu_memory_fraction
