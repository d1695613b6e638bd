"""What is refused before vLLM is imported: the shipped model on made-up GPUs, none of which has room for it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from codeassist.doctor.footprint import predict
from codeassist.engine.gpus import Gpu, MemoryUser
from codeassist.engine.vllm_arguments import HostOptions
from codeassist.errors import EngineUnavailable
from codeassist.models.directory import ModelDirectory, read_model, shipped_model
from codeassist.models.gpu_fitness import require_gpu_memory
from codeassist.models.known import KNOWN
from codeassist.setting_values import checked

GB = 10**9
CARD = Gpu(0, "NVIDIA GeForce RTX 4090", 25_757 * 10**6, 25_250 * 10**6, (8, 9), 1e12)
LITE = next(known.config for known in KNOWN if known.name == "deepseek-coder-v2-lite")


@pytest.fixture
def lite() -> ModelDirectory:
    """As if Lite's weights lay in the folder of the shipped model."""
    return replace(read_model(shipped_model()), config=LITE, n_mtp_layers=0, weight_bytes=31 * GB, path=Path("/m/lite"))


def options(**changes: object) -> HostOptions:
    return replace(HostOptions("/m/lite", 0, 16384), **changes)  # type: ignore[arg-type]


def test_weights_that_cannot_fit_are_refused_with_the_format_that_does(lite: ModelDirectory) -> None:
    with pytest.raises(EngineUnavailable) as refusal:
        require_gpu_memory(lite, options(), [CARD])
    told = str(refusal.value)
    assert told.startswith("/m/lite needs 33.0 GB (weights 31.4 GB), this GPU has 25.8 GB, ")
    assert 'use fp8 (17.8 GB: engine.quantization = "fp8")' in told


def test_another_gpu_that_is_there_is_offered(lite: ModelDirectory) -> None:
    with pytest.raises(EngineUnavailable, match=r"share it among 2 GPUs \(engine.tensor_parallel = 2\)"):
        require_gpu_memory(lite, options(), [CARD, replace(CARD, index=1)])


@pytest.mark.parametrize(
    "changes",
    [
        {"quantization": "fp8"},
        {"quantization": "awq"},
        {"tensor_parallel": 2},
        {"pipeline_parallel": 2},
        {"gpu_memory_fraction": 0.95, "quantization": "fp8"},
    ],
)
def test_what_fits_is_let_through(lite: ModelDirectory, changes: dict[str, object]) -> None:
    require_gpu_memory(lite, options(**changes), [CARD, replace(CARD, index=1)])


@pytest.mark.parametrize(
    "changes",
    [
        {"arguments": ("cpu_offload_gb=20",)},
        {"quantization": "nvfp4_per_token"},
        {"tensor_parallel": 4},
        {"data_parallel": 2, "expert_parallel": True},
    ],
)
def test_what_cannot_be_reckoned_is_left_to_the_engine(lite: ModelDirectory, changes: dict[str, object]) -> None:
    require_gpu_memory(lite, options(**changes), [CARD, replace(CARD, index=1)])
    require_gpu_memory(lite, options(**changes), [])


def test_a_model_of_sizes_that_nobody_states_is_left_to_the_engine(lite: ModelDirectory) -> None:
    require_gpu_memory(replace(lite, config={"architectures": ["MambaForCausalLM"]}), options(), [CARD])


def test_float32_takes_twice_as_much(lite: ModelDirectory) -> None:
    large = replace(CARD, total_bytes=60 * GB, free_bytes=60 * GB)
    require_gpu_memory(lite, options(), [large])
    with pytest.raises(EngineUnavailable, match=r"weights 62\.8 GB"):
        require_gpu_memory(lite, options(dtype="float32"), [large])


def test_a_gpu_that_somebody_else_has_is_refused_with_the_process(lite: ModelDirectory) -> None:
    taken = replace(CARD, free_bytes=5 * GB, users=(MemoryUser(4711, "python", 20 * GB),))
    with pytest.raises(EngineUnavailable, match="end pid 4711, which has memory of GPU 0"):
        require_gpu_memory(lite, options(quantization="fp8"), [taken])
    small = read_model(shipped_model())
    with pytest.raises(EngineUnavailable) as refusal:
        require_gpu_memory(small, options(), [taken])
    told = str(refusal.value)
    assert "python (pid 4711) has 20.0 GB" in told
    assert "set engine.gpu_memory_fraction to 0.16" in told
    require_gpu_memory(small, options(gpu_memory_fraction=0.16), [taken])


def test_no_share_is_offered_that_the_settings_refuse() -> None:
    """Seen on a GPU of 151 GB with 4 GB free: "set it to 0.02", and the setting had to be .05 at least."""
    small = read_model(shipped_model())
    with pytest.raises(EngineUnavailable) as refusal:
        require_gpu_memory(small, options(), [replace(CARD, total_bytes=151 * GB, free_bytes=4 * GB)])
    told = str(refusal.value)
    fraction = told.rpartition(" to ")[2]
    assert checked("engine.gpu_memory_fraction", float(fraction), "here") == float(fraction)
    with pytest.raises(EngineUnavailable) as refusal:
        require_gpu_memory(small, options(), [replace(CARD, total_bytes=151 * GB, free_bytes=2 * GB)])
    assert str(refusal.value).endswith("; end it")


def test_the_draft_layer_counts_only_where_it_drafts() -> None:
    model = read_model(shipped_model())
    of_model = predict(model.config, 0)
    exact = replace(CARD, total_bytes=of_model.loaded + 1000, free_bytes=of_model.loaded + 1000)
    full = options(gpu_memory_fraction=1.0, n_mtp_layers=1)
    require_gpu_memory(model, replace(full, speculative_tokens=0), [exact])
    with pytest.raises(EngineUnavailable):
        require_gpu_memory(model, full, [exact])


def test_the_refusal_of_several_groups_names_the_doctor(lite: ModelDirectory) -> None:
    cards = [replace(CARD, index=number, total_bytes=12 * GB, free_bytes=12 * GB) for number in range(2)]
    with pytest.raises(EngineUnavailable, match="`codeassist doctor` tells what fits"):
        require_gpu_memory(lite, options(pipeline_parallel=2), cards)
