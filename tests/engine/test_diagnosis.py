"""Why an engine died, by its log.

The logs in `vllm_logs/` were written by vLLM 0.32 on a CPU, started with what their names say; paths are changed, and
the lines of code of the traces left out. What a GPU says is in `gpu_errors.py`.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from gpu_errors import ERRORS, OUT_OF_MEMORY, TAKEN

from codeassist.engine.diagnosis import diagnose
from codeassist.engine.faults import machine, memory, model
from codeassist.engine.vllm_arguments import HostOptions

LOGS = Path(__file__).parent / "vllm_logs"
OPTIONS = HostOptions(model="/models/lite", n_mtp_layers=1, context_tokens=16384)
FP8 = replace(OPTIONS, quantization="fp8")
LOADED = "INFO 11-28 10:20:51 [gpu_model_runner.py:5150] Model loading took 14.2 GiB memory and 9.1 seconds"


def on_a_gpu(*lines: str, options: HostOptions = OPTIONS, was_ready: bool = False) -> str:
    """What is said of a log that begins and ends as those of vLLM's processes do."""
    prefixed = [f"(EngineCore pid=7) ERROR 11-28 10:20:51 [core.py:1510] {line}" for line in lines]
    last = "RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {}"
    log = ["(MainProcess pid=1) INFO 11-28 10:20:49 [model.py:733] Resolved", *prefixed, last]
    return diagnose(log, options, on_cpu=False, was_ready=was_ready)


@pytest.mark.parametrize(
    ("log", "options", "expected"),
    [
        (
            "small_cache",
            OPTIONS,
            "the KV cache has room for 480 tokens, less than engine.context_tokens = 4,096: set it to 480 or less, or "
            "ask for more with engine.kv_cache_gib (0 decides by the memory there is)",
        ),
        (
            "no_cache",
            replace(OPTIONS, kv_cache_gib=1e-7),
            "no memory is left for the KV cache (engine.kv_cache_gib = 1e-07)",
        ),
        (
            "no_memory",
            replace(OPTIONS, kv_cache_gib=900),
            "5.31 GiB of memory are free and the KV cache asks for 900.0",
        ),
        (
            "killed",
            OPTIONS,
            "the process that computes ended without a word: the system kills it where memory runs out",
        ),
        ("unknown_quantization", replace(OPTIONS, quantization="int7"), "engine.quantization is 'int7', which the"),
        (
            "unknown_quantization",
            OPTIONS,
            "config.json's quant_method is 'int7', which the installed vLLM does not know",
        ),
        ("two_quantizations", OPTIONS, "the weights are quantised as gptq and engine.quantization asks for awq: leave"),
        (
            "number_type",
            FP8,
            "the quantization fp8 does not go with float32: set engine.dtype to one of bfloat16, float16",
        ),
        ("long_context", OPTIONS, "a context of 999,999 tokens is more than the 4,096 that config.json says"),
        (
            "cut_shard",
            OPTIONS,
            "a file of weights in /models/lite is damaged (Error while deserializing header: incomplete",
        ),
        (
            "garbled_shard",
            OPTIONS,
            "a file of weights in /models/lite is damaged (Error while deserializing header: header",
        ),
        (
            "unknown_argument",
            OPTIONS,
            "vLLM has no engine argument 'no_such_argument': mend it in engine.vllm_arguments",
        ),
        (
            "bad_value",
            replace(OPTIONS, arguments=("max_num_seqs=many",)),
            "engine.vllm_arguments holds 'max_num_seqs=many': Input should be a valid integer",
        ),
    ],
)
def test_what_vllm_wrote_on_a_cpu_is_told_with_a_remedy(log: str, options: HostOptions, expected: str) -> None:
    lines = (LOGS / f"{log}.log").read_text(encoding="utf-8").splitlines()
    told = diagnose(lines, options, on_cpu=True, was_ready=log == "killed")
    assert told.startswith(expected)
    assert "\n" not in told


@pytest.mark.parametrize(("line", "expected"), ERRORS)
def test_what_a_gpu_says_is_told_with_a_remedy(line: str, expected: str) -> None:
    told = on_a_gpu(line)
    assert expected in told
    assert "Engine core initialization" not in told


def test_the_remedy_goes_by_how_far_the_engine_had_come() -> None:
    assert "the weights do not fit" in on_a_gpu(OUT_OF_MEMORY)
    after_loading = diagnose([LOADED, OUT_OF_MEMORY], OPTIONS, on_cpu=False, was_ready=False)
    assert "the weights fit, what the engine computes with does not" in after_loading
    assert "it ran out while it was answering; lower engine.gpu_memory_fraction (now 0.85)" in on_a_gpu(
        OUT_OF_MEMORY, was_ready=True
    )


def test_what_was_done_already_is_no_remedy() -> None:
    assert "set engine.quantization to fp8" in on_a_gpu(OUT_OF_MEMORY)
    assert "set engine.quantization to fp8" not in on_a_gpu(OUT_OF_MEMORY, options=FP8)


def test_another_process_on_the_gpu_is_named() -> None:
    line = OUT_OF_MEMORY.replace("Including", "Process 4242 has 12.34 GiB memory in use. Including")
    assert "; process 4242 uses 12.34 GiB of it" in on_a_gpu(line)


def test_the_weights_that_left_no_room_are_told_in_figures() -> None:
    words = "ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization`"
    told = diagnose([LOADED, words], OPTIONS, on_cpu=False, was_ready=False)
    assert told.startswith("the weights take 14.2 GiB, and nothing is left for the KV cache of what engine.gpu_mem")


def test_a_process_that_the_system_killed_says_so() -> None:
    told = diagnose(["it ended by itself with status -9"], OPTIONS, on_cpu=True, was_ready=True)
    assert told.startswith("the system killed it, most likely because memory ran out")


def test_a_warning_counts_only_where_there_is_no_error_of_a_known_kind() -> None:
    warning = "WARNING 11-28 10:20:49 [interface.py:371] Failed to import from vllm._C: ImportError('libcudart.so.13')"
    assert "compiled part does not fit" in diagnose([warning, "KeyError: 'x'"], OPTIONS, on_cpu=False, was_ready=False)
    assert diagnose([warning, TAKEN], OPTIONS, on_cpu=False, was_ready=False).startswith("GPU 1 has")
    harmless = "WARNING 11-28 10:20:49 [x.py:1] CUDA out of memory in another place"
    assert diagnose([harmless, "KeyError: 'x'"], OPTIONS, on_cpu=False, was_ready=False) == "KeyError: 'x'"


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        ([], "it left no word"),
        (["a", "ValueError: odd", "RuntimeError: Engine core initialization failed."], "ValueError: odd"),
        (["only this", "", " "], "only this"),
        (
            [
                "(MainProcess pid=1) WARNING 11-28 10:20:49 [x.py:1] no plugin: ImportError: nothing by that name",
                "(EngineCore pid=7) ERROR 11-28 10:20:51 [core.py:1510] KeyError: 'layers'",
            ],
            "KeyError: 'layers'",
        ),
        (
            ["WARNING 11-28 10:20:49 [x.py:1] no plugin: ImportError: nothing by that name", "it ended by itself"],
            "it ended by itself",
        ),
    ],
)
def test_what_is_not_known_is_told_in_its_own_words(log: list[str], expected: str) -> None:
    assert diagnose(log, OPTIONS, on_cpu=False, was_ready=False) == expected


@pytest.mark.parametrize("known", [*memory.FAULTS, *model.FAULTS, *machine.FAULTS])
def test_no_pattern_fits_a_healthy_start(known: object) -> None:
    lines = (LOGS / "killed.log").read_text(encoding="utf-8").splitlines()
    healthy = "\n".join(line for line in lines if " ERROR " not in line)
    assert known.pattern.search(healthy) is None  # type: ignore[attr-defined]
