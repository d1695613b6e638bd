"""From checks to a host process, and from its log to why it died."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from codeassist.engine.builds import read_builds, require_fitting_builds, require_visible_gpus
from codeassist.engine.child import Child, launch_host
from codeassist.engine.diagnosis import diagnose
from codeassist.engine.hardware import has_gpu, visible_devices, vllm_is_installed, vllm_runs_on_cpu
from codeassist.engine.vllm_arguments import HostOptions
from codeassist.errors import EngineUnavailable


async def launch_checked(
    options: HostOptions, require_startable: Callable[[], None], rank_to_serve: Callable[[], int] = int
) -> Child:
    """A host process, once nothing is known that would keep it from starting.

    require_startable: looks at the model and the machine, in a thread. rank_to_serve: the highest rank of the adapters
    that there are by then, 0 for none; in a thread, too. Raises EngineUnavailable, ModelError, OSError.
    """
    if not vllm_is_installed():
        raise EngineUnavailable(
            "vLLM is not installed; in a clone of codeassist run `make setup TARGET=cpu` (or `gpu`), or install the "
            "clone into this environment with `pip install '.[cpu]'` (or `[gpu]`), or set engine.kind to `remote`"
        )
    if not vllm_runs_on_cpu() and not has_gpu():
        raise EngineUnavailable(
            "the installed vLLM is a build for GPUs, and this machine shows none (is the NVIDIA driver installed?); "
            "`make setup TARGET=cpu` installs the build for CPUs"
        )
    await asyncio.to_thread(require_startable)
    await asyncio.to_thread(_require_usable_builds)
    return await launch_host(replace(options, lora_rank=await asyncio.to_thread(rank_to_serve)))


def explained(options: HostOptions, log: Sequence[str], *, was_ready: bool) -> str:
    """Why an engine with these options died, by its log."""
    return diagnose(log, options, on_cpu=vllm_runs_on_cpu(), was_ready=was_ready)


def _require_usable_builds() -> None:
    on_cpu = vllm_runs_on_cpu()
    require_fitting_builds(read_builds(), on_cpu=on_cpu)
    if not on_cpu:
        require_visible_gpus(visible_devices())
