"""Errors of engines on GPUs, and what is in the sentence that is told instead.

Made after the format strings of the sources that `engine/faults/` names: no GPU was there to write them.
"""

OUT_OF_MEMORY = (
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 23.64 GiB "
    "of which 1.05 GiB is free. Including non-PyTorch memory, this process has 22.10 GiB memory in use. Of the "
    "allocated memory 21.50 GiB is allocated by PyTorch, and 98.20 MiB is reserved by PyTorch but unallocated."
)
TAKEN = (
    "ValueError: Free memory on device cuda:1 (10.52/23.64 GiB) on startup is less than desired GPU memory utilization "
    "(0.85, 20.09 GiB). Decrease GPU memory utilization or reduce GPU memory used by other processes."
)

ERRORS = [
    (
        TAKEN,
        "GPU 1 has 10.52 of 23.64 GiB free, and engine.gpu_memory_fraction = 0.85 asks for 20.09: end the other "
        "programs that use it (`nvidia-smi` lists them), or set engine.gpu_memory_fraction to 0.44 or less",
    ),
    (
        TAKEN.replace("10.52/", "0.62/"),
        "asks for 20.09: end the other programs that use it (`nvidia-smi` lists them)",
    ),
    (
        "ValueError: To serve at least one request with the model's max seq len (16384), (4.5 GiB KV cache is "
        "needed, which is larger than the available KV cache memory (2.5 GiB). Based on the available memory, the "
        "estimated maximum model length is 9120. Try increasing `gpu_memory_utilization`",
        "the KV cache has room for 9,120 tokens, less than engine.context_tokens = 16,384: set it to 9120 or less, "
        "or raise engine.gpu_memory_fraction (now 0.85), set engine.quantization to fp8 (half the memory)",
    ),
    (
        OUT_OF_MEMORY,
        "GPU 0 has 1.05 GiB of 23.64 GiB free and 2.00 GiB more were asked for: the weights do not fit",
    ),
    ("RuntimeError: CUDA error: out of memory", "the GPU's memory is full: the weights do not fit; end the other"),
    (
        "AssertionError: Error in memory profiling. Initial free memory 3",
        "another program gave memory of the GPU back",
    ),
    (
        "RuntimeError: [enforce fail at alloc_cpu.cpp:114] data. DefaultCPUAllocator: not enough memory: you tried to "
        "allocate 6442450944 bytes.",
        "the machine's memory is full (6.0 GiB more were asked for)",
    ),
    ("RuntimeError: Found no NVIDIA driver on your system. Please check", "there is no NVIDIA driver: install it"),
    (
        "ImportError: libcuda.so.1: cannot open shared object file: No such file",
        "there is no NVIDIA driver: install",
    ),
    (
        "RuntimeError: The NVIDIA driver on your system is too old (found version 12080). Please",
        "the NVIDIA driver knows CUDA up to 12.8, and the installed torch was built for a newer one",
    ),
    ("RuntimeError: No CUDA GPUs are available", "the engine can see no GPU: look what `nvidia-smi` lists"),
    (
        "RuntimeError: Unexpected error from cudaGetDeviceCount(). Error 802: system not yet initialized",
        "the GPUs' link is not up: start the service nvidia-fabricmanager",
    ),
    (
        "RuntimeError: Unexpected error from cudaGetDeviceCount(). Error 803: system has unsupported display driver",
        "the NVIDIA driver was updated and the old one still runs: restart the machine",
    ),
    ("RuntimeError: Failed to infer device type, please set", "vLLM cannot reach the GPU's driver: `nvidia-smi`"),
    (
        "AssertionError: Torch not compiled with CUDA enabled",
        "the installed torch is a build for CPUs, and vLLM one",
    ),
    (
        "ImportError: /site-packages/vllm/_C.abi3.so: undefined symbol: _ZN3c104cuda9SetDeviceEab",
        "vLLM's compiled part does not fit the installed torch (/site-packages/vllm/_C.abi3.so: undefined symbol",
    ),
    (
        "ImportError: libcudart.so.13: cannot open shared object file: No such file or directory",
        "the library libcudart.so.13 is missing, so vLLM and torch are not of one build",
    ),
    ("AttributeError: '_OpNamespace' '_C' object has no attribute 'rms_norm'", "vLLM's compiled part does not fit"),
    (
        "torch.AcceleratorError: CUDA error: no kernel image is available for execution on the device",
        "the installed builds have no code for this GPU's compute capability",
    ),
    (
        "ValueError: Bfloat16 is only supported on GPUs with compute capability of at least 8.0. Your Tesla T4 GPU has "
        "compute capability 7.5. You can use float16 instead",
        "the GPU Tesla T4 (compute capability 7.5) cannot compute in bfloat16, which takes 8.0: set engine.dtype",
    ),
    (
        "  Value error, The quantization method fp8 is not supported for the current GPU. Minimum capability: 75. "
        "Current capability: 70. [type=value_error]",
        "the quantization fp8 needs a GPU of compute capability 7.5, and this one has 7.0: choose a checkpoint",
    ),
    (
        "RuntimeError: Quantization scheme is not supported for the current GPU. Min capability: 89. Current "
        "capability: 86.",
        "the weights' quantization needs a GPU of compute capability 8.9, and this one has 8.6",
    ),
    ("ValueError: awq quantization is currently not supported in tpu.", "vLLM has no awq quantization on tpu"),
    (
        "ValueError: The quantization method fbgemm_fp8 is deprecated and will be removed in future versions",
        "vLLM is giving up the quantization fbgemm_fp8",
    ),
    (
        "ValueError: World size (4) is larger than the number of available GPUs (1) in this node.",
        "engine.tensor_parallel = 1 and engine.pipeline_parallel = 1 ask for 4 GPUs, and 1 can be seen",
    ),
    (
        "RuntimeError: NCCL error: unhandled system error",
        "the GPUs cannot talk to each other (unhandled system error)",
    ),
    (
        "torch.distributed.DistBackendError: NCCL error in: /p/torch/csrc/distributed/c10d/ProcessGroupNCCL.cpp:3690, "
        "remote process exited or there was a network error, NCCL version 2.28.9",
        "the GPUs cannot talk to each other (remote process exited or there was a network error)",
    ),
    (
        "RuntimeError: Could not find nvcc and default cuda_home='/usr/local/cuda' doesn't exist",
        "flashinfer wants to compile a kernel and finds no CUDA toolkit",
    ),
    (
        "RuntimeError: Failed to find C compiler. Please specify via CC environment variable or set "
        "triton.knobs.build.impl.",
        "kernels are compiled at the first start and a C compiler with Python's headers",
    ),
    (
        "OSError: [Errno 28] No space left on device: '/home/a/.cache/vllm/torch_compile_cache/1f/x'",
        "the disk is full at /home/a/.cache/vllm/torch_compile_cache/1f/x, where compiled kernels are kept: free some",
    ),
    (
        "PermissionError: [Errno 13] Permission denied: '/home/a/.cache/vllm'",
        "/home/a/.cache/vllm cannot be written (Perm",
    ),
    (
        "torch.AcceleratorError: CUDA error: unspecified launch failure",
        "the GPU failed (unspecified launch failure): look at `dmesg` for its Xid",
    ),
    (
        "torch.AcceleratorError: CUDA error: uncorrectable ECC error encountered",
        "the GPU's memory has an error that",
    ),
    (
        "torch.AcceleratorError: CUDA error: CUDA-capable device(s) is/are busy or unavailable",
        "another program has the GPU for itself",
    ),
    ("ModuleNotFoundError: No module named 'tvm_ffi.core'", "the Python package tvm_ffi is not installed"),
]
