"""Verdicts on made-up machines: numbers by the memory model, sentences by what a person is to do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from codeassist.doctor.advice import advise
from codeassist.doctor.bandwidth import memory_bandwidth
from codeassist.doctor.candidates import Candidate, directory_candidate, published_candidate
from codeassist.doctor.diagnosis import problems
from codeassist.doctor.fit import CONTEXT_BYTES, Fit, Wish, highest_fraction
from codeassist.doctor.machine import Builds, Cpu, Disk, Machine, cuda_of
from codeassist.doctor.survey import Surveyed, survey
from codeassist.engine.gpus import Gpu, Gpus, MemoryUser
from codeassist.engine.hardware import Hardware
from codeassist.models.directory import shipped_model
from codeassist.models.known import KNOWN
from codeassist.settings import EngineSettings

GB = 10**9
RTX = Gpu(0, "RTX 4090", 25_757 * 10**6, 25_250 * 10**6, (8, 9), 1.008e12)
H100 = Gpu(0, "H100", 85 * GB, 84 * GB, (9, 0), 3.352e12)
T4 = Gpu(0, "Tesla T4", 16 * GB, 15_800 * 10**6, (7, 5), 3.2e11)
P100 = Gpu(0, "Tesla P100", 16 * GB, 15_800 * 10**6, (6, 0), 7e11)
LITE = published_candidate(next(known for known in KNOWN if known.name == "deepseek-coder-v2-lite"))
LARGE = published_candidate(next(known for known in KNOWN if known.name == "deepseek-coder-v2"))
V3 = published_candidate(next(known for known in KNOWN if known.name == "deepseek-v3"))
SHIPPED = directory_candidate(shipped_model(), "shipped")
LLAMA = {
    "model_type": "llama",
    "vocab_size": 32000,
    "hidden_size": 2048,
    "intermediate_size": 8192,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "max_position_embeddings": 8192,
}
DEFAULTS = EngineSettings()
GPU_BUILD = Builds("0.26.0", False, "2.11.0+cu130", "13.0")


def machine(*gpus: Gpu, disk: int = 2000 * GB, builds: Builds = GPU_BUILD, memory: int = 64 * GB) -> Machine:
    found = tuple(replace(gpu, index=number) for number, gpu in enumerate(gpus))
    return Machine(
        gpus=Gpus(found, "580.65", (13, 0)),
        cpu=Cpu("a CPU", ("AVX2",), Hardware(8, memory, has_bf16_matrices=False)),
        total_memory_bytes=memory,
        disk=Disk(Path("/models"), disk),
        builds=builds,
    )


def surveyed(candidate: Candidate, here: Machine, wish: Wish, engine: EngineSettings = DEFAULTS) -> Surveyed:
    return survey([candidate], here, engine, wish, 40e9)[0]


def fits(candidate: Candidate, *gpus: Gpu, engine: EngineSettings = DEFAULTS, **wish: Any) -> dict[str, Fit]:
    found = surveyed(candidate, machine(*gpus), Wish(**wish), engine)
    assert not found.problem
    return {fit.stored: fit for fit in found.fits}


def recommended(here: Machine, *candidates: Candidate, engine: EngineSettings = DEFAULTS, **wish: Any) -> Any:
    asked = Wish(**wish)
    return advise(survey(candidates, here, engine, asked, 40e9), here, engine, asked)


def test_lite_needs_fp8_on_24_gigabytes_and_the_refusal_says_so() -> None:
    found = fits(LITE, RTX)
    assert [(name, fit.fits) for name, fit in found.items()] == [
        ("bf16", False),
        ("fp8", True),
        ("int8", True),
        ("int4", True),
    ]
    assert found["bf16"].problem.startswith("needs 33.1 GB (weights 31.4 GB), this GPU has 25.8 GB, 21.9 GB for the")
    assert found["bf16"].remedy == 'use fp8 (17.9 GB: engine.quantization = "fp8")'
    assert found["fp8"].is_at_hand
    assert not found["int4"].is_at_hand


def test_the_speed_is_what_memory_allows() -> None:
    """4.90 GB of weights at each token and a cache of 4,224 tokens."""
    assert fits(LITE, H100)["bf16"].tokens_per_s == pytest.approx(3.352e12 / (4.903e9 + 31104 * 4224), rel=1e-3)
    unknown = replace(H100, bandwidth=0.0)
    assert fits(LITE, unknown)["bf16"].tokens_per_s == 0


def test_context_and_users_are_what_the_rest_of_the_memory_holds() -> None:
    fit = fits(LITE, RTX)["fp8"]
    assert fit.footprint is not None
    room = (fit.budget_bytes - fit.footprint.fixed) // 31104
    assert (fit.context_tokens, fit.users) == (room, room // 4224)
    assert fits(LITE, H100)["fp8"].context_tokens == 163840
    assert fits(LITE, H100)["fp8"].users == 64


def test_several_gpus_share_what_one_cannot_hold() -> None:
    assert (fits(LITE, RTX, RTX)["bf16"].n_gpus, fits(LITE, H100, H100)["bf16"].n_gpus) == (2, 1)
    eight = fits(V3, *[replace(H100, total_bytes=151 * GB, free_bytes=150 * GB)] * 8)
    assert (eight["fp8"].n_gpus, eight["fp8"].fits, eight["fp8"].is_at_hand) == (8, True, True)


def test_three_gpus_cannot_share_sixteen_heads() -> None:
    assert fits(LITE, RTX, RTX, RTX)["bf16"].n_gpus == 2


@pytest.mark.parametrize(
    ("wish", "problem", "remedy"),
    [
        (Wish(context_tokens=160_000, quantization="fp8"), "needs 22.7 GB", "use int4 (15.4 GB"),
        (
            Wish(context_tokens=200_000, quantization="int4"),
            "trained for a context of 163,840",
            "163,840 tokens at most",
        ),
        (Wish(users=40, quantization="int4"), "", ""),
        (Wish(users=60, quantization="fp8"), "needs 25.6 GB", "use int4"),
        (Wish(users=65, quantization="int4"), "64 requests at once", "engine.data_parallel"),
    ],
)
def test_wishes_are_granted_or_refused_with_what_would_help(wish: Wish, problem: str, remedy: str) -> None:
    (fit,) = surveyed(LITE, machine(RTX), wish).fits
    assert (problem in fit.problem, remedy in fit.remedy, fit.fits) == (True, True, not problem)


def test_too_long_a_context_is_told_the_longest_that_fits() -> None:
    narrow = replace(RTX, total_bytes=14 * GB, free_bytes=14 * GB)
    (fit,) = surveyed(LITE, machine(narrow), Wish(context_tokens=150_000, quantization="int4")).fits
    assert f"ask for a context of {fit.context_tokens:,} tokens at most" in fit.remedy
    assert fits(LITE, narrow, context_tokens=fit.context_tokens, quantization="int4")["int4"].fits


def test_a_larger_share_is_offered_where_it_is_enough() -> None:
    (fit,) = surveyed(LITE, machine(RTX), Wish(context_tokens=160_000, quantization="fp8")).fits
    assert "set engine.gpu_memory_fraction to 0.89" in fit.remedy
    raised = EngineSettings(gpu_memory_fraction=0.89)
    assert fits(LITE, RTX, engine=raised, context_tokens=160_000, quantization="fp8")["fp8"].fits


def test_what_is_too_large_is_told_how_many_gpus_it_takes() -> None:
    fit = fits(LARGE, H100)["int4"]
    assert fit.remedy.startswith("2 GPUs like this one would hold it (engine.tensor_parallel = 2), or one of 15")
    assert fits(LARGE, H100, H100)["int4"].fits
    assert "too large for GPUs of this size" in fits(V3, RTX)["fp8"].remedy


def test_a_gpu_that_is_taken_is_to_be_freed() -> None:
    taken = replace(H100, free_bytes=10 * GB, users=(MemoryUser(4711, "python", 70 * GB),))
    fit = fits(LITE, taken)["bf16"]
    assert "10.0 GB free" in fit.problem
    assert fit.remedy == "end pid 4711, which has memory of GPU 0"


def test_old_gpus_compute_in_float16_and_without_latent_attention() -> None:
    small_llama = replace(SHIPPED, config=LLAMA, n_mtp_layers=0, stored_bytes=5 * GB)
    assert [(fit.stored, fit.fits) for fit in fits(small_llama, T4).values()] == [("fp16", True), ("fp8", True)]
    assert fits(small_llama, T4)["fp16"].is_native
    refused = fits(SHIPPED, T4)["fp16"]
    assert refused.problem == "its latent attention needs compute capability 8.0, and GPU 0 (Tesla T4) has 7.5"
    assert "on the CPU (`make setup TARGET=cpu`)" in refused.remedy
    older = fits(small_llama, P100, quantization="fp8")["fp8"]
    assert older.problem == "fp8 needs compute capability 7.5, and GPU 0 (Tesla P100) has 6.0"


def test_a_quantised_checkpoint_is_reckoned_with_its_own_size() -> None:
    said = {"quantization_config": {"quant_method": "awq", "bits": 4, "group_size": 128}}
    mine = replace(LITE, config={**LITE.sizes, **said}, path=Path("/m/awq"), stored_bytes=11 * GB, origin="folder")
    (fit,) = fits(mine, RTX).values()
    assert (fit.stored, fit.is_native, fit.fits) == ("int4", True, True)
    assert fit.footprint is not None
    assert fit.footprint.weights == 11 * GB
    assert fits(LITE, RTX)["int4"].needed_bytes < fit.needed_bytes


def test_an_unknown_quantization_is_the_models_problem_alone() -> None:
    broken = replace(LITE, config={**LITE.sizes, "quantization_config": {"quant_method": "runes"}})
    found = survey([broken, LITE], machine(RTX), DEFAULTS, Wish(), 0)
    assert "unknown quantization 'runes'" in found[0].problem
    assert (found[0].fits, len(found[1].fits)) == ((), 4)


def test_a_directory_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    found = surveyed(directory_candidate(tmp_path, "folder"), machine(RTX), Wish())
    assert "config.json is missing" in found.problem


def test_without_a_gpu_memory_decides() -> None:
    (small,) = surveyed(SHIPPED, machine(), Wish()).fits
    assert (small.n_gpus, small.stored, small.fits, small.context_tokens) == (0, "fp32", True, 8192)
    (lite,) = surveyed(LITE, machine(), Wish()).fits
    assert lite.problem == "needs 66.2 GB of memory, 64.0 GB can be had"
    assert lite.remedy == 'use bfloat16 (33.4 GB: engine.dtype = "bfloat16"), which is slower here'
    (large,) = surveyed(LARGE, machine(), Wish()).fits
    assert large.remedy == "use a smaller model here, or a GPU of 289 GB or more (in fp8)"
    whole = published_candidate(next(known for known in KNOWN if known.name == "deepseek-v3"))
    assert surveyed(whole, machine(), Wish()).fits[0].remedy.startswith("use a smaller model here, or GPUs of 8")


def test_wishes_on_a_cpu_are_refused_with_what_would_help() -> None:
    (long,) = surveyed(SHIPPED, machine(), Wish(context_tokens=10_000)).fits
    assert (long.fits, long.remedy) == (False, "ask for a context of 8,192 tokens at most, or take another model")
    (many,) = surveyed(SHIPPED, machine(), Wish(users=9)).fits
    assert (many.fits, many.remedy) == (False, "further ones wait for their turn; a GPU serves more")


def test_the_bandwidth_of_memory_is_measured() -> None:
    assert 1e8 < memory_bandwidth(1) < 1e13


def test_memory_that_others_have_may_be_freed() -> None:
    here = machine(memory=80 * GB)
    here = replace(here, cpu=replace(here.cpu, hardware=replace(here.cpu.hardware, memory_bytes=20 * GB)))
    (fit,) = surveyed(LITE, here, Wish()).fits
    assert fit.remedy == "free 46.2 GB of memory"


@pytest.mark.parametrize(
    ("gpus", "model", "settings"),
    [
        ((H100,), "deepseek-coder-v2-lite", {"engine.quantization": "", "engine.tensor_parallel": 1}),
        ((RTX,), "deepseek-coder-v2-lite", {"engine.quantization": "fp8", "engine.tensor_parallel": 1}),
        ((RTX, RTX), "deepseek-coder-v2-lite", {"engine.quantization": "", "engine.tensor_parallel": 2}),
        ((H100,) * 8, "deepseek-coder-v2", {"engine.quantization": "", "engine.tensor_parallel": 8}),
    ],
)
def test_the_largest_model_that_fits_is_recommended(
    gpus: tuple[Gpu, ...], model: str, settings: dict[str, Any]
) -> None:
    advice = recommended(machine(*gpus), SHIPPED, LITE, LARGE)
    assert advice.settings["engine.model"] == model
    assert settings.items() <= advice.settings.items()


def test_a_deepseek_goes_before_a_larger_model_of_others_and_the_small_one_behind() -> None:
    larger = replace(LITE, name="larger", config={**LLAMA, "hidden_size": 5120, "num_hidden_layers": 60})
    assert recommended(machine(H100), SHIPPED, larger, LITE).fit.candidate == LITE
    assert recommended(machine(H100), SHIPPED, larger).fit.candidate == larger


def test_float16_is_configured_where_bfloat16_is_not_computed() -> None:
    small_llama = replace(SHIPPED, config=LLAMA, n_mtp_layers=0)
    assert recommended(machine(T4), SHIPPED, small_llama).settings["engine.dtype"] == "float16"


def test_a_short_context_and_a_taken_gpu_are_configured() -> None:
    taken = replace(H100, free_bytes=40 * GB, users=(MemoryUser(1, "x", 44 * GB),))
    assert recommended(machine(taken), LITE).settings["engine.gpu_memory_fraction"] == highest_fraction([taken])
    assert highest_fraction([taken]) == int((40 * GB - CONTEXT_BYTES) / (85 * GB) * 100) / 100
    tight = replace(RTX, total_bytes=21_300 * 10**6, free_bytes=21_200 * 10**6)
    advice = recommended(machine(tight), LITE)
    assert 4224 <= advice.settings["engine.context_tokens"] == advice.fit.context_tokens < 16384


def test_what_is_too_slow_for_ghost_text_is_not_recommended() -> None:
    here = machine(memory=100 * GB)
    assert recommended(here, SHIPPED, LITE).fit.candidate == SHIPPED
    alone = recommended(here, LITE)
    assert any("slow for ghost text" in note for note in alone.notes)


def test_a_disk_without_room_keeps_a_model_from_being_recommended() -> None:
    here = machine(H100, disk=20 * GB)
    assert recommended(here, SHIPPED, LITE).fit.candidate == SHIPPED
    assert recommended(here, LITE) is None


def test_how_to_come_by_the_model_and_a_draft_layer_is_told() -> None:
    notes = recommended(machine(H100), LITE).notes
    assert "`codeassist models fetch deepseek-coder-v2-lite` fetches it (31.4 GB)" in notes
    assert any("codeassist mtp train" in note for note in notes)
    assert recommended(machine(H100), SHIPPED).notes == ("it drafts with its own MTP layer, one token a step",)


@pytest.mark.parametrize(
    ("here", "complaint"),
    [
        (machine(H100, builds=Builds("0.32.0", True, "2.13.0+cpu")), "make setup TARGET=gpu"),
        (machine(H100, builds=Builds("0.26.0", False, "2.11.0+cpu")), "torch 2.11.0+cpu is a build for CPUs"),
        (machine(H100, builds=Builds()), "vLLM is not installed"),
        (machine(builds=Builds()), "vLLM is not installed"),
        (machine(), "shows none: `make setup TARGET=cpu`"),
        (replace(machine(H100), gpus=Gpus((H100,), "470.1", (11, 4))), "driver 470.1 knows CUDA up to 11.4"),
        (machine(T4), "does not compute in bfloat16"),
        (machine(P100), "no bfloat16 and no fp8"),
        (machine(replace(H100, free_bytes=9 * GB, users=(MemoryUser(7, "train", 70 * GB),))), "train (pid 7) has 70.0"),
        (replace(machine(), gpus=Gpus(problem="the driver sulks")), "the driver sulks"),
    ],
)
def test_what_is_wrong_with_the_set_up_is_told(here: Machine, complaint: str) -> None:
    assert any(complaint in problem for problem in problems(here, DEFAULTS))


def test_a_machine_that_is_set_up_well_has_no_problems() -> None:
    assert problems(machine(H100), DEFAULTS) == []
    older = Builds("0.26.0", False, "2.11.0", "13.1")
    assert problems(machine(H100, builds=older), DEFAULTS) == []
    assert problems(machine(builds=Builds("0.32.0", True, "2.13.0+cpu")), DEFAULTS) == []


def test_settings_that_ask_for_more_gpus_than_there_are_are_told() -> None:
    (problem,) = problems(machine(H100), EngineSettings(tensor_parallel=2, data_parallel=2))
    assert "ask for 4 GPUs" in problem


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cuda: Optional[str] = '13.0'\n", "13.0"),
        ("cuda = '12.8'", "12.8"),
        ("cuda: Optional[str] = None", ""),
        ("", ""),
    ],
)
def test_torchs_cuda_is_read_from_its_version_file(text: str, expected: str) -> None:
    assert cuda_of(f"__version__ = '2'\n{text}") == expected
