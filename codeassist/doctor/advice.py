"""The one configuration that suits this machine: the best model that fits and answers quickly enough (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from codeassist.doctor.amounts import gigabytes
from codeassist.doctor.fit import SERVED_TOKENS, Fit, Wish, highest_fraction
from codeassist.doctor.footprint import predict
from codeassist.doctor.formats import NAMES
from codeassist.doctor.geometry import model_parameters, read_geometry
from codeassist.doctor.machine import Machine
from codeassist.doctor.survey import Surveyed
from codeassist.settings import EngineSettings

# Ghost text of twenty tokens within 0.4 s, were memory all that it waits for.
LEAST_TOKENS_PER_S = 50
# What `codeassist mtp` makes draft layers for, and what the prompts were measured with; the small one is no rival.
FAMILY = frozenset({"deepseek_v2", "deepseek_v3"})
_SMALL = 10**9


@dataclass(frozen=True, slots=True)
class Advice:
    """settings: by dotted names, only those that matter to it. notes: what else is to be known or done."""

    fit: Fit
    settings: Mapping[str, Any]
    notes: tuple[str, ...]


def advise(surveyed: Iterable[Surveyed], machine: Machine, engine: EngineSettings, wish: Wish) -> Advice | None:
    """What to configure; None where nothing fits that is published so and can be fetched."""
    fits = [fit for one in surveyed for fit in one.fits if _may_be_advised(fit) and has_room(fit, machine)]
    quick = [fit for fit in fits if not fit.tokens_per_s or fit.tokens_per_s >= LEAST_TOKENS_PER_S]
    if not fits:
        return None
    best = max(quick, key=_worth) if quick else max(fits, key=lambda fit: fit.tokens_per_s)
    return Advice(best, _settings(best, machine, engine, wish), tuple(_notes(best, machine)))


def _may_be_advised(fit: Fit) -> bool:
    """Of models on a CPU only those that were tried there: quantised ones are left to who asks for them."""
    return fit.fits and fit.is_at_hand and (fit.n_gpus > 0 or fit.stored in ("fp32", "bf16"))


def has_room(fit: Fit, machine: Machine) -> bool:
    """Whether the model lies here already, or the disk has room for it."""
    return fit.candidate.path is not None or download_bytes(fit) <= machine.disk.free_bytes


def download_bytes(fit: Fit) -> int:
    """Of the weights as they are published, or as a checkpoint in another format has them."""
    sizes = fit.candidate.sizes
    if not fit.is_at_hand:
        return predict(sizes, fit.candidate.n_mtp_layers, fit.stored).loaded
    published = predict(sizes, fit.candidate.n_mtp_layers).loaded
    return (
        published * 2 if not sizes.get("quantization_config") and sizes.get("torch_dtype") == "float32" else published
    )


def disk_problem(fits: Sequence[Fit], machine: Machine) -> str:
    """Why a model that is not here cannot be fetched; "" where it can."""
    lacking = next((fit for fit in fits if fit.fits and not has_room(fit, machine)), None)
    if lacking is None:
        return ""
    return (
        f"fetching it takes {gigabytes(download_bytes(lacking))} of disk, and {machine.disk.folder} has "
        f"{gigabytes(machine.disk.free_bytes)}: set engine.models to a folder on another disk"
    )


def _worth(fit: Fit) -> tuple[bool, int, int, bool]:
    """DeepSeek's before others, then the most parameters, the most bits, and what is here already."""
    size = model_parameters(read_geometry(fit.candidate.sizes)).total
    bits = -NAMES.index(fit.stored) if fit.stored in NAMES else 0
    is_family = size >= _SMALL and fit.candidate.sizes.get("model_type") in FAMILY
    return is_family, size, bits, fit.candidate.path is not None


def _settings(fit: Fit, machine: Machine, engine: EngineSettings, wish: Wish) -> dict[str, Any]:
    longest = int(fit.candidate.sizes.get("max_position_embeddings") or SERVED_TOKENS)
    context = wish.context_tokens or min(fit.context_tokens, SERVED_TOKENS, longest)
    settings: dict[str, Any] = {"engine.model": fit.candidate.setting}
    settings["engine.quantization"] = "fp8" if fit.is_online else ""
    settings["engine.context_tokens"] = context if context != min(SERVED_TOKENS, longest) else 0
    if fit.n_gpus:
        settings["engine.tensor_parallel"] = fit.n_gpus
        free = highest_fraction(machine.gpus.gpus[: fit.n_gpus])
        if free < engine.gpu_memory_fraction:
            settings["engine.gpu_memory_fraction"] = free
    if fit.stored == "fp16":
        settings["engine.dtype"] = "float16"
    return settings


def _notes(fit: Fit, machine: Machine) -> Iterable[str]:
    candidate = fit.candidate
    if candidate.path is None:
        yield f"`codeassist models fetch {candidate.setting}` fetches it ({gigabytes(download_bytes(fit))})"
    if fit.n_gpus and candidate.n_mtp_layers:
        yield "it drafts with its own MTP layer, one token a step"
    elif fit.n_gpus and candidate.sizes.get("model_type") == "deepseek_v2":
        yield "it has no layer that drafts: `codeassist mtp train` and `codeassist mtp attach` give it one"
    if fit.tokens_per_s and fit.tokens_per_s < LEAST_TOKENS_PER_S:
        yield f"memory lets it write {fit.tokens_per_s:.0f} tokens a second at most, which is slow for ghost text"
    if not fit.n_gpus and not machine.builds.vllm:
        yield "vLLM has to be installed first"
