"""Whether a model fits on this machine in one format, how much context and how many users it can have then, and how
quickly memory lets it answer (pure).

The speed is a limit, not a promise: each token reads the weights that it goes through, and what the cache holds of its
prompt, once. On an H100 the engine reached 36 % of it without speculation and up to 60 % with.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from codeassist.doctor.amounts import gigabytes
from codeassist.doctor.candidates import Candidate
from codeassist.doctor.footprint import Footprint, predict, weight_bytes
from codeassist.doctor.formats import (
    BF16_CAPABILITY,
    LATENT_CAPABILITY,
    LEAST_CAPABILITY,
    Name,
    WeightFormat,
    format_named,
    format_of,
)
from codeassist.doctor.geometry import model_parameters, read_geometry
from codeassist.doctor.machine import Machine
from codeassist.engine.gpus import Gpu
from codeassist.engine.hardware import kv_cache_bytes
from codeassist.engine.memory import MemoryNeed
from codeassist.engine.vllm_arguments import CPU_REQUESTS, GPU_REQUESTS, cpu_dtype, kv_bytes_per_token
from codeassist.setting_values import limits
from codeassist.settings import EngineSettings

# CUDA's own context in the engine's process, which stands beside what vLLM counts.
CONTEXT_BYTES = 600 * 2**20
# Weights that nobody needs in fewer bytes.
_SMALL_BYTES = 2 * 10**9
# The context that a model is served with where nothing else is said (`models/directory.py`).
SERVED_TOKENS = 16384


@dataclass(frozen=True, slots=True)
class Wish:
    """What it is to be good for. context_tokens: 0 for what there is room for, at least one advised prompt.
    quantization: "" for any format."""

    context_tokens: int = 0
    users: int = 1
    quantization: str = ""


@dataclass(frozen=True, slots=True)
class Fit:
    """A model in a format on GPUs that share it (n_gpus 0: on the CPU).

    is_online: the engine converts the weights as it loads them. needed_bytes, budget_bytes: of each GPU, or of the
    machine's memory. context_tokens: the longest that fits. users: with an advised prompt each. tokens_per_s: the limit
    of one user alone, 0 where it is not known. problem: why it does not fit, "" when it does; remedy: what to do then.
    """

    candidate: Candidate
    stored: Name
    n_gpus: int
    is_native: bool = True
    is_online: bool = False
    needed_bytes: int = 0
    budget_bytes: int = 0
    context_tokens: int = 0
    users: int = 0
    tokens_per_s: float = 0.0
    footprint: Footprint | None = None
    problem: str = ""
    remedy: str = ""

    @property
    def fits(self) -> bool:
        """Whether the wish is granted."""
        return not self.problem

    @property
    def is_at_hand(self) -> bool:
        """Whether the weights are published in this format, or the engine makes it of them."""
        return self.is_native or self.is_online


def fit_on_gpus(
    candidate: Candidate, stored: WeightFormat, gpus: Sequence[Gpu], engine: EngineSettings, wish: Wish
) -> Fit:
    """On as many GPUs as are given, each of which takes an equal part. Raises ModelError."""
    native = format_of(candidate.sizes)
    footprint = _footprint(candidate, stored, native, len(gpus), engine, wish)
    budget = min(usable_bytes(gpu, engine.gpu_memory_fraction) for gpu in gpus)
    room = (budget - footprint.fixed) // footprint.kv_per_token
    tokens = _needed_tokens(candidate, wish)
    bandwidth = min(gpu.bandwidth for gpu in gpus)
    fit = Fit(
        candidate=candidate,
        stored=stored.name,
        n_gpus=len(gpus),
        is_native=stored.name == native.name or {stored.name, native.name} == {"fp16", "bf16"},
        is_online=stored.name == "fp8" and not native.is_quantised,
        needed_bytes=footprint.fixed + footprint.kv_per_token * tokens,
        budget_bytes=budget,
        context_tokens=_longest(candidate, room),
        users=max(0, min(room // candidate.advised_tokens, GPU_REQUESTS)),
        tokens_per_s=bandwidth / (footprint.read_per_token + footprint.kv_per_token * candidate.advised_tokens),
        footprint=footprint,
    )
    return replace(fit, problem=_gpu_problem(fit, gpus, engine.gpu_memory_fraction, wish))


def fit_on_cpu(candidate: Candidate, machine: Machine, engine: EngineSettings, wish: Wish, bandwidth: float) -> Fit:
    """Without a GPU, as `engine/vllm_arguments.py` tells vLLM to run it. bandwidth: bytes a second. Raises
    ModelError."""
    hardware, native = machine.cpu.hardware, format_of(candidate.sizes)
    is_wide = cpu_dtype(engine.dtype, hardware) == "float32"
    parameters = model_parameters(read_geometry(candidate.sizes))
    n_bytes = native.bits / 8 if native.is_quantised else 4.0 if is_wide else 2.0
    per_token = kv_bytes_per_token(candidate.sizes, 4 if is_wide else 2)
    weights = int(parameters.total * n_bytes)
    if native.is_quantised:
        weights = max(weight_bytes(parameters, native), candidate.stored_bytes)
    tokens = _needed_tokens(candidate, wish)
    served = engine.context_tokens or _longest(candidate, SERVED_TOKENS)
    cache = kv_cache_bytes(engine.kv_cache_gib, per_token, served, hardware.memory_bytes)
    need = MemoryNeed(weights, max(per_token * tokens, int(engine.kv_cache_gib * 2**30)))
    left = hardware.memory_bytes - MemoryNeed(weights, 0).total
    fit = Fit(
        candidate=candidate,
        stored=native.name if native.is_quantised else "fp32" if is_wide else "bf16",
        n_gpus=0,
        needed_bytes=need.total,
        budget_bytes=hardware.memory_bytes,
        context_tokens=_longest(candidate, left // per_token),
        users=max(0, min(min(cache, left) // per_token // candidate.advised_tokens, CPU_REQUESTS)),
        tokens_per_s=bandwidth / (parameters.read * n_bytes + per_token * candidate.advised_tokens),
    )
    return replace(fit, problem=_cpu_problem(fit, wish))


def usable_bytes(gpu: Gpu, fraction: float) -> int:
    """What the engine may take of a GPU, as far as it is free."""
    return max(0, min(int(gpu.total_bytes * fraction), gpu.free_bytes - CONTEXT_BYTES))


def highest_fraction(gpus: Sequence[Gpu]) -> float:
    """The share of the GPUs' memory that the engine may be told to take, as far as it is free."""
    return max(0, math.floor(min((gpu.free_bytes - CONTEXT_BYTES) / gpu.total_bytes for gpu in gpus) * 100)) / 100


def told_fraction(gpus: Sequence[Gpu]) -> str:
    """The remedy that lowers the engine's share, as the end of a sentence; "" where too little is free for any."""
    fraction, least = highest_fraction(gpus), limits("engine.gpu_memory_fraction")[0] or 0
    return f", or set engine.gpu_memory_fraction to {fraction:g}" if fraction >= least else ""


def splits(candidate: Candidate, n_gpus: int) -> list[int]:
    """Numbers of GPUs that can share the model: each gets as many heads. Raises ModelError."""
    n_heads = read_geometry(candidate.sizes).n_heads
    return [number for number in (1, 2, 4, 8) if number <= n_gpus and n_heads % number == 0]


def formats_to_try(candidate: Candidate, gpus: Sequence[Gpu], wish: Wish) -> list[WeightFormat]:
    """Those that the wish, the checkpoint and the GPUs leave. Raises ModelError."""
    native = format_of(candidate.sizes)
    half = format_named("fp16" if gpus and min(gpu.capability for gpu in gpus) < BF16_CAPABILITY else "bf16")
    own = half if not native.is_quantised else native
    if wish.quantization:
        return [half if format_named(wish.quantization).name == "bf16" else format_named(wish.quantization)]
    if candidate.path is not None:
        is_worth_it = not native.is_quantised and candidate.stored_bytes > _SMALL_BYTES
        return [own, format_named("fp8")] if is_worth_it else [own]
    if native.name in ("int8", "int4"):
        return [own]
    return [own, *(stored for stored in map(format_named, ("fp8", "int8", "int4")) if stored.bits < own.bits)]


def _footprint(
    candidate: Candidate, stored: WeightFormat, native: WeightFormat, n_gpus: int, engine: EngineSettings, wish: Wish
) -> Footprint:
    drafts = engine.speculative_tokens != 0 and engine.speculation in ("auto", "mtp")
    footprint = predict(
        candidate.sizes,
        candidate.n_mtp_layers if drafts else 0,
        "" if stored == native else stored.name,
        max_num_seqs=GPU_REQUESTS,
        context_tokens=wish.context_tokens or engine.context_tokens or SERVED_TOKENS,
        speculative_tokens=max(1, engine.speculative_tokens),
        tensor_parallel=n_gpus,
    )
    if stored == native and native.is_quantised and candidate.stored_bytes:
        # What a quantised checkpoint leaves in 16 bits, only its files tell.
        return replace(footprint, weights=max(footprint.weights, candidate.stored_bytes // n_gpus - footprint.draft))
    return footprint


def lacks_capability(candidate: Candidate, stored: Name, gpus: Sequence[Gpu]) -> str:
    """Why one of the GPUs cannot compute the model in a format; "" where all can. Raises ModelError."""
    low = min(gpus, key=lambda gpu: gpu.capability)
    needs: list[tuple[str, tuple[int, int]]] = [(stored, LEAST_CAPABILITY.get(stored, (0, 0)))]
    if read_geometry(candidate.sizes).is_latent:
        needs.append(("its latent attention", LATENT_CAPABILITY))
    what, least = max(needs, key=lambda need: need[1])
    if low.capability >= least:
        return ""
    has = f"GPU {low.index} ({low.name}) has {low.capability[0]}.{low.capability[1]}"
    return f"{what} needs compute capability {least[0]}.{least[1]}, and {has}"


def _gpu_problem(fit: Fit, gpus: Sequence[Gpu], fraction: float, wish: Wish) -> str:
    if lacking := lacks_capability(fit.candidate, fit.stored, gpus):
        return lacking
    if fit.needed_bytes > fit.budget_bytes:
        return _lacking_on_gpu(fit, gpus, fraction)
    return _unserved(fit, wish)


def _lacking_on_gpu(fit: Fit, gpus: Sequence[Gpu], fraction: float) -> str:
    gpu = min(gpus, key=lambda gpu: usable_bytes(gpu, fraction))
    whose = "this GPU has" if len(gpus) == 1 else f"each of {len(gpus)} GPUs has"
    weights = fit.footprint.loaded if fit.footprint else 0
    short = f"{gigabytes(gpu.free_bytes)} free" if gpu.free_bytes < gpu.total_bytes * fraction else ""
    given = short or f"{gigabytes(fit.budget_bytes)} for the engine (engine.gpu_memory_fraction {fraction:g})"
    return (
        f"needs {gigabytes(fit.needed_bytes)} (weights {gigabytes(weights)}), {whose} {gigabytes(gpu.total_bytes)}, "
        f"{given}"
    )


def _cpu_problem(fit: Fit, wish: Wish) -> str:
    if fit.stored == "fp8":
        return "has its weights in fp8, in which vLLM does not compute on a CPU"
    if fit.needed_bytes > fit.budget_bytes:
        return f"needs {gigabytes(fit.needed_bytes)} of memory, {gigabytes(fit.budget_bytes)} can be had"
    return _unserved(fit, wish)


def _unserved(fit: Fit, wish: Wish) -> str:
    """What of the wish memory cannot change."""
    longest = int(fit.candidate.sizes.get("max_position_embeddings") or 0)
    if longest and wish.context_tokens > longest:
        return f"was trained for a context of {longest:,} tokens, {wish.context_tokens:,} are asked for"
    most = GPU_REQUESTS if fit.n_gpus else CPU_REQUESTS
    if wish.users > most:
        return f"the engine works on {most} requests at once, {wish.users} users are asked for"
    return ""


def _needed_tokens(candidate: Candidate, wish: Wish) -> int:
    return max(wish.context_tokens, wish.users * candidate.advised_tokens)


def _longest(candidate: Candidate, room: int) -> int:
    longest = int(candidate.sizes.get("max_position_embeddings") or 0) or room
    return max(0, min(longest, math.floor(room)))
