"""What is wrong with this machine's set-up for models, each with the remedy (pure)."""

from __future__ import annotations

from collections.abc import Iterator

from codeassist.doctor.amounts import gigabytes
from codeassist.doctor.fit import told_fraction
from codeassist.doctor.formats import BF16_CAPABILITY, FP8_CAPABILITY, LEAST_CAPABILITY
from codeassist.doctor.machine import Builds, Machine
from codeassist.engine.gpus import Gpu, Gpus, memory_holders
from codeassist.settings import EngineSettings

_GPU_SETUP = "`make setup TARGET=gpu` in a clone of codeassist"
_CPU_SETUP = "`make setup TARGET=cpu`"


def problems(machine: Machine, engine: EngineSettings) -> list[str]:
    """One sentence each; none for a machine that is set up well."""
    return [
        *_driver(machine.gpus, machine.builds),
        *_builds(machine.gpus, machine.builds),
        *(told for gpu in machine.gpus.gpus for told in _of_gpu(gpu, engine)),
        *_parallel(machine.gpus, engine),
    ]


def _driver(gpus: Gpus, builds: Builds) -> Iterator[str]:
    if gpus.problem:
        yield gpus.problem
    if gpus.gpus and builds.torch_cuda and _major(builds.torch_cuda) > gpus.cuda[0]:
        yield (
            f"the driver {gpus.driver} knows CUDA up to {gpus.cuda[0]}.{gpus.cuda[1]}, and torch {builds.torch} is "
            f"built for CUDA {builds.torch_cuda}: install a newer driver from NVIDIA, or another torch"
        )


def _builds(gpus: Gpus, builds: Builds) -> Iterator[str]:
    if gpus.gpus and builds.vllm and builds.vllm_on_cpu:
        yield f"vLLM {builds.vllm} is a build for CPUs, and this machine has a GPU: {_GPU_SETUP} installs the other"
    elif gpus.gpus and not builds.vllm:
        yield f"vLLM is not installed, so no model can run here: {_GPU_SETUP}"
    elif gpus.gpus and builds.torch and not builds.torch_cuda:
        yield f"torch {builds.torch} is a build for CPUs, and this machine has a GPU: {_GPU_SETUP} installs the other"
    elif not gpus.gpus and builds.vllm and not builds.vllm_on_cpu:
        yield f"vLLM {builds.vllm} is a build for GPUs, and this machine shows none: {_CPU_SETUP} installs the other"
    elif not gpus.gpus and not builds.vllm:
        yield f"vLLM is not installed, so no model can run here: {_CPU_SETUP}, or set engine.url to a server elsewhere"


def _of_gpu(gpu: Gpu, engine: EngineSettings) -> Iterator[str]:
    has = f"GPU {gpu.index} ({gpu.name}) has compute capability {gpu.capability[0]}.{gpu.capability[1]}"
    if gpu.capability < LEAST_CAPABILITY["fp8"]:
        yield f"{has}: no bfloat16 and no fp8; set engine.dtype to `float16`, and take a small model"
    elif gpu.capability < BF16_CAPABILITY:
        yield f"{has}: it does not compute in bfloat16; set engine.dtype to `float16`"
    elif gpu.capability < FP8_CAPABILITY and engine.quantization.startswith("fp8"):
        yield f"{has}: fp8 weights save memory there, and are multiplied in 16 bits"
    wanted = gpu.total_bytes * engine.gpu_memory_fraction
    if gpu.free_bytes < wanted:
        holders = memory_holders(gpu.users) or "somebody who is not seen from here has the rest"
        yield (
            f"of GPU {gpu.index}'s {gigabytes(gpu.total_bytes)} only {gigabytes(gpu.free_bytes)} are free, the engine "
            f"wants {gigabytes(wanted)}: {holders}; end it{told_fraction([gpu])}"
        )


def _parallel(gpus: Gpus, engine: EngineSettings) -> Iterator[str]:
    asked = engine.tensor_parallel * engine.pipeline_parallel * engine.data_parallel
    if gpus.gpus and asked > len(gpus.gpus):
        yield (
            f"the settings ask for {asked} GPUs (tensor_parallel x pipeline_parallel x data_parallel), and there are "
            f"{len(gpus.gpus)}: lower them"
        )


def _major(version: str) -> int:
    head = version.partition(".")[0]
    return int(head) if head.isdecimal() else 0
