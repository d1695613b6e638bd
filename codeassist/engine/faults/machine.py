"""A driver, a build, a compiler, a disk or a GPU that is not as the engine needs it.

The words are those of torch (`c10/cuda/CUDAFunctions.cpp`, `c10/cuda/CUDAException.cpp`, `torch/cuda/__init__.py`,
`torch/_inductor/exc.py`), Triton (`triton/runtime/build.py`), flashinfer (`flashinfer/jit/cpp_ext.py`), CUDA's and
NCCL's error strings, and vLLM 0.26 and 0.32 (`vllm/platforms/interface.py`, `cuda.py`, `vllm/config/parallel.py`,
`device.py`, `vllm/distributed/device_communicators/pynccl_wrapper.py`).
"""

from __future__ import annotations

import re

from codeassist.engine.faults.types import Facts, always, fault

_OTHER_BUILD = "`make setup TARGET=gpu` installs builds that fit each other, `make setup TARGET=cpu` those for CPUs"
_COMPILER = "`apt-get install build-essential python3-dev` or your system's like, or name a compiler in the variable CC"
_ELSEWHERE = "point the variables VLLM_CACHE_ROOT, TRITON_CACHE_DIR and TMPDIR to another disk"
_REBOOT = "look at `dmesg` for its Xid, restart the driver or the machine, and update the driver if it comes again"


def _too_old(match: re.Match[str], _: Facts) -> str:
    version = int(match.group(1))
    return (
        f"the NVIDIA driver knows CUDA up to {version // 1000}.{version % 1000 // 10}, and the installed torch was "
        "built for a newer one: update the driver, or install a vLLM whose torch is built for that version"
    )


def _worlds(match: re.Match[str], facts: Facts) -> str:
    wanted, there = match.groups()
    options = facts.options
    return (
        f"engine.tensor_parallel = {options.tensor_parallel} and engine.pipeline_parallel = "
        f"{options.pipeline_parallel} ask for {wanted} GPUs, and {there} can be seen: lower them, or let more be seen "
        "(CUDA_VISIBLE_DEVICES)"
    )


def _bfloat16(match: re.Match[str], _: Facts) -> str:
    name, capability = match.groups()
    has = f" (compute capability {capability})" if capability else ""
    return f"the GPU {name}{has} cannot compute in bfloat16, which takes 8.0: set engine.dtype to float16"


def _between_gpus(match: re.Match[str], _: Facts) -> str:
    return (
        f"the GPUs cannot talk to each other ({match.group(1).strip()}): start a container with `--ipc=host` or a "
        "larger `--shm-size`; NCCL_DEBUG=INFO in the environment tells more, NCCL_P2P_DISABLE=1 goes around a broken "
        "link; with engine.tensor_parallel = 1 one GPU is enough"
    )


def _missing_library(match: re.Match[str], _: Facts) -> str:
    return f"the library {match.group(1)} is missing, so vLLM and torch are not of one build: {_OTHER_BUILD}"


def _torn_build(match: re.Match[str], _: Facts) -> str:
    return f"vLLM's compiled part does not fit the installed torch ({match.group(1).strip()}): {_OTHER_BUILD}"


def _no_space(match: re.Match[str], _: Facts) -> str:
    return f"the disk is full{_at(match.group(1))}, where compiled kernels are kept: free some, or {_ELSEWHERE}"


def _no_write(match: re.Match[str], _: Facts) -> str:
    reason, path = match.groups()
    return (
        f"{path} cannot be written ({reason}), where compiled kernels are kept: give it to your user, or {_ELSEWHERE}"
    )


def _at(path: str | None) -> str:
    return f" at {path}" if path else ""


def _gpu_error(match: re.Match[str], _: Facts) -> str:
    return f"the GPU failed ({match.group(1).strip()}): {_REBOOT}"


def _missing_module(match: re.Match[str], _: Facts) -> str:
    name = match.group(1).partition(".")[0]
    return f"the Python package {name} is not installed, which vLLM needs here: install it beside vLLM"


_NO_DRIVER = always(
    "there is no NVIDIA driver: install it until `nvidia-smi` lists the GPU (start a container with `--gpus all`), or "
    "install the build for CPUs with `make setup TARGET=cpu`"
)

FAULTS = (
    fault(r"Found no NVIDIA driver on your system|libcuda\.so\.1: cannot open shared object file", _NO_DRIVER),
    fault(r"The NVIDIA driver on your system is too old \(found version (\d+)\)", _too_old),
    fault(
        r"the provided PTX was compiled with an unsupported toolchain|CUDA driver version is insufficient",
        always(
            "the NVIDIA driver is older than the CUDA that the installed builds were made with: update the driver, or "
            "install an older vLLM"
        ),
    ),
    fault(
        r"Error 802: system not yet initialized",
        always("the GPUs' link is not up: start the service nvidia-fabricmanager, in the version of the driver"),
    ),
    fault(
        r"Error 803: system has unsupported display driver|Driver/library version mismatch",
        always("the NVIDIA driver was updated and the old one still runs: restart the machine"),
    ),
    fault(
        r"No CUDA GPUs are available|no CUDA-capable device is detected",
        always(
            "the engine can see no GPU: look what `nvidia-smi` lists and whether CUDA_VISIBLE_DEVICES hides it, or "
            "install the build for CPUs with `make setup TARGET=cpu`"
        ),
    ),
    fault(
        r"CUDA driver initialization failed|CUDA unknown error - this may be due|Unexpected error from cudaGetDevice"
        r"Count|Failed to infer device type",
        always(
            "vLLM cannot reach the GPU's driver: `nvidia-smi` must list the GPU (after a suspend a restart helps, or "
            "`modprobe -r nvidia_uvm && modprobe nvidia_uvm`), or install the build for CPUs (`make setup TARGET=cpu`)"
        ),
    ),
    fault(
        r"Torch not compiled with CUDA enabled|PyTorch was compiled without CUDA support|libcudart functions unav",
        always(f"the installed torch is a build for CPUs, and vLLM one for GPUs: {_OTHER_BUILD}"),
    ),
    fault(
        r"no kernel image is available for execution on the device|not compiled for (?:this|your) GPU architecture",
        always(
            "the installed builds have no code for this GPU's compute capability: install a vLLM and a torch that "
            "support it (vLLM's pages list which), or set engine.kind to `remote`"
        ),
    ),
    fault(
        r"Bfloat16 is only supported on GPUs with compute capability of at least 8\.0\.\s*Your (.+?) GPU (?:has "
        r"compute capability ([\d.]+\d)|does not)",
        _bfloat16,
    ),
    fault(r"World size \((\d+)\) is larger than the number of available GPUs \((\d+)\)", _worlds),
    fault(
        r"Could not find nvcc|Ninja is required to load C\+\+ extensions|flashinfer.*requires nvcc",
        always(
            "flashinfer wants to compile a kernel and finds no CUDA toolkit: install nvcc and ninja (CUDA_HOME says "
            "where), or take flashinfer out of the environment (`pip uninstall flashinfer-python`), which vLLM does "
            "without"
        ),
    ),
    fault(
        r"Failed to find C compiler|No working C\+\+ compiler found|Python\.h: No such file or directory",
        always(
            f"kernels are compiled at the first start and a C compiler with Python's headers is missing: {_COMPILER}"
        ),
    ),
    fault(r"Error while creating shared memory segment (\S+)[^\n]*", _between_gpus),
    fault(r"NCCL error(?: in)?: (?:\S+:\d+, )?([^\n]+?)(?: \(run with|, NCCL version|$)", _between_gpus),
    fault(r"\[Errno (?:28|122)\] [^\n:]+(?:: '([^'\n]+)')?|No space left on device", _no_space),
    fault(r"\[Errno (?:13|30)\] ([^\n:]+): '([^'\n]*cache[^'\n]*)'", _no_write),
    fault(
        r"CUDA-capable device\(s\) is/are busy or unavailable|all CUDA-capable devices are busy",
        always(
            "another program has the GPU for itself: end it (`nvidia-smi` lists it), or let several programs in with "
            "`nvidia-smi -c 0`"
        ),
    ),
    fault(
        r"uncorrectable ECC error encountered|CUDA_ERROR_ECC_UNCORRECTABLE",
        always(
            "the GPU's memory has an error that it cannot correct (ECC): restart the machine or use `nvidia-smi "
            "--gpu-reset`; if it comes again the GPU has to be replaced"
        ),
    ),
    fault(r"(?:CUDA error|Triton Error \[CUDA\]): ([^\n]+)", _gpu_error),
    fault(r"^ImportError: ([^\n]*\.so[\w.]*: undefined symbol[^\n]*)", _torn_build),
    fault(r"^(?:ImportError|OSError): (lib[\w.+-]+\.so[\d.]*): cannot open shared object file", _missing_library),
    fault(r"('_OpNamespace' '_\w*C\w*' object has no attribute '\w+')", _torn_build),
    fault(r"^ModuleNotFoundError: No module named '([\w.]+)'", _missing_module),
)

# Only a warning, and harmless where the engine starts all the same: asked last, and of all lines.
WARNINGS = (fault(r"Failed to import from vllm\._C(?:_stable_libtorch)?: ([^\n]+)", _torn_build),)
