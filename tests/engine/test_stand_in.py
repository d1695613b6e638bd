"""The shipped model stands in with little, whatever was said for the first one."""

from codeassist.engine.stand_in import stand_in_settings
from codeassist.engine.vllm_arguments import further_arguments
from codeassist.settings import EngineSettings

LARGE = EngineSettings(
    model="/models/lite",
    context_tokens=32768,
    quantization="fp8",
    tensor_parallel=2,
    kv_cache_gib=40,
    gpu_memory_fraction=0.95,
    dtype="bfloat16",
    threads=3,
    vllm_arguments=("moe_backend=triton",),
    fallback="shipped",
)


def test_on_a_gpu_it_takes_a_little_of_what_is_left() -> None:
    settings = stand_in_settings(LARGE, on_cpu=False)
    arguments = further_arguments(settings.vllm_arguments)
    assert arguments["kv_cache_memory_bytes"] == 512 * 2**20
    assert arguments["gpu_memory_utilization"] <= 0.01
    assert (settings.model, settings.quantization, settings.tensor_parallel) == ("", "", 1)
    assert (settings.context_tokens, settings.dtype, settings.fallback) == (0, "bfloat16", "none")


def test_on_a_cpu_it_keeps_to_the_users_threads_and_precision() -> None:
    settings = stand_in_settings(LARGE, on_cpu=True)
    assert settings == EngineSettings(threads=3, dtype="bfloat16")
