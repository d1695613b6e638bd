"""What vLLM is told follows from the settings, the model and the machine."""

from dataclasses import replace
from typing import Any

import pytest

from codeassist.engine.hardware import Hardware
from codeassist.engine.speculation import Drafter
from codeassist.engine.vllm_arguments import (
    CPU_CHATS,
    CPU_REQUESTS,
    GPU_CHATS,
    GPU_REQUESTS,
    HostOptions,
    decided,
    engine_arguments,
    environment,
    further_arguments,
    kv_bytes_per_token,
    runner_variables,
)
from codeassist.errors import ConfigError
from codeassist.models.known import KNOWN

OPTIONS = HostOptions("/models/coder", n_mtp_layers=1, context_tokens=4096)
MACHINE = Hardware(n_cores=4, memory_bytes=2**34, has_bf16_matrices=False)
CONFIG = {
    "num_hidden_layers": 8, "num_attention_heads": 6, "qk_nope_head_dim": 64, "qk_rope_head_dim": 64, "v_head_dim": 128,
}  # fmt: skip


def arguments(options: HostOptions = OPTIONS, machine: Hardware = MACHINE, *, on_cpu: bool = True) -> dict[str, Any]:
    return engine_arguments(options, CONFIG, machine, on_cpu=on_cpu)


@pytest.mark.parametrize("on_cpu", [True, False])
def test_nothing_goes_to_stdout_or_to_the_network(on_cpu: bool) -> None:
    variables = environment(OPTIONS, MACHINE, on_cpu=on_cpu)
    assert variables["VLLM_LOGGING_STREAM"] == "ext://sys.stderr"
    assert {variables[name] for name in ("VLLM_NO_USAGE_STATS", "DO_NOT_TRACK", "HF_HUB_OFFLINE")} == {"1"}


def test_threads_are_the_physical_cores_unless_set() -> None:
    assert environment(OPTIONS, MACHINE, on_cpu=True)["OMP_NUM_THREADS"] == "4"
    assert environment(replace(OPTIONS, threads=3), MACHINE, on_cpu=True)["OMP_NUM_THREADS"] == "3"
    assert "OMP_NUM_THREADS" not in environment(OPTIONS, MACHINE, on_cpu=False)


def test_a_cpu_is_spared_compilers_and_kernels_that_are_wrong_or_lack_the_prefix_cache() -> None:
    assert environment(OPTIONS, MACHINE, on_cpu=True)["VLLM_MLA_DISABLE"] == "1"
    assert environment(OPTIONS, MACHINE, on_cpu=True)["TORCH_COMPILE_DISABLE"] == "1"
    assert arguments()["enforce_eager"] is True
    assert arguments()["compilation_config"] == {"custom_ops": ["-rotary_embedding"]}
    assert "VLLM_MLA_DISABLE" not in environment(OPTIONS, MACHINE, on_cpu=False)
    assert "compilation_config" not in arguments(on_cpu=False)


def test_steps_of_all_lengths_leave_little_behind_on_a_cpu() -> None:
    assert int(environment(OPTIONS, MACHINE, on_cpu=True)["ONEDNN_PRIMITIVE_CACHE_CAPACITY"]) <= 64


@pytest.mark.parametrize("on_cpu", [True, False])
def test_prefixes_are_cached_and_priorities_honoured(on_cpu: bool) -> None:
    told = arguments(on_cpu=on_cpu)
    assert (told["enable_prefix_caching"], told["scheduling_policy"], told["max_model_len"]) == (True, "priority", 4096)


def test_a_long_prompt_leaves_room_for_an_urgent_one_in_every_step() -> None:
    told = arguments()
    assert told["long_prefill_token_threshold"] * 2 <= told["max_num_batched_tokens"]


@pytest.mark.parametrize("on_cpu", [True, False])
@pytest.mark.parametrize(("layers", "asked", "expected"), [(1, 2, 2), (1, 0, 0), (0, 2, 0), (0, -1, 0)])
def test_only_a_model_with_a_head_drafts(layers: int, asked: int, expected: int, on_cpu: bool) -> None:
    told = arguments(replace(OPTIONS, n_mtp_layers=layers, speculative_tokens=asked), on_cpu=on_cpu)
    config = {"method": "mtp", "num_speculative_tokens": expected} if expected else None
    assert told.get("speculative_config") == config


def test_drafts_are_made_where_they_pay() -> None:
    assert "speculative_config" in arguments(on_cpu=False)
    assert "speculative_config" not in arguments(on_cpu=True)


@pytest.mark.parametrize(
    ("asked", "has_matrices", "expected"),
    [
        ("auto", False, "float32"),
        ("auto", True, "bfloat16"),
        ("float32", True, "float32"),
        ("float16", False, "float16"),
    ],
)
def test_bfloat16_is_chosen_where_the_cpu_multiplies_it(asked: str, has_matrices: bool, expected: str) -> None:
    machine = replace(MACHINE, has_bf16_matrices=has_matrices)
    assert arguments(replace(OPTIONS, dtype=asked), machine)["dtype"] == expected
    assert arguments(replace(OPTIONS, dtype=asked), machine, on_cpu=False)["dtype"] == asked


def test_a_token_takes_keys_and_values_of_every_layer() -> None:
    assert kv_bytes_per_token(CONFIG, 4) == 8 * 6 * 2 * 128 * 4
    assert kv_bytes_per_token(CONFIG | {"num_nextn_predict_layers": 1}, 2) == 9 * 6 * 2 * 128 * 2
    assert (
        kv_bytes_per_token({"num_hidden_layers": 2, "num_attention_heads": 4, "hidden_size": 64}, 2)
        == 2 * 4 * 2 * 16 * 2
    )


def test_heads_that_share_keys_and_values_keep_them_once() -> None:
    shared = {"num_hidden_layers": 2, "num_attention_heads": 8, "num_key_value_heads": 2, "hidden_size": 128}
    assert kv_bytes_per_token(shared, 2) == 2 * 2 * 2 * 16 * 2
    assert kv_bytes_per_token(shared | {"head_dim": 64}, 2) == 2 * 2 * 2 * 64 * 2


def test_the_cache_grows_with_a_context_that_needs_it() -> None:
    asked = arguments(replace(OPTIONS, kv_cache_gib=0.5))["kv_cache_memory_bytes"]
    long = arguments(replace(OPTIONS, context_tokens=65536))["kv_cache_memory_bytes"]
    assert (asked, arguments()["kv_cache_memory_bytes"]) == (2**29, 2**30)
    assert long > 65536 * kv_bytes_per_token(CONFIG, 4)


def test_only_a_model_that_chats_has_a_tokenizer_in_vllm() -> None:
    assert arguments()["skip_tokenizer_init"] is True
    assert "structured_outputs_config" not in arguments()
    told = arguments(replace(OPTIONS, chats=True))
    assert told["skip_tokenizer_init"] is False
    assert told["structured_outputs_config"]["disable_any_whitespace"] is True


def test_chats_leave_room_for_completions() -> None:
    assert CPU_CHATS < CPU_REQUESTS
    assert GPU_CHATS < GPU_REQUESTS


def test_more_than_one_gpu_is_passed_on() -> None:
    asked = replace(OPTIONS, tensor_parallel=2, pipeline_parallel=3, data_parallel=4, expert_parallel=True)
    told = arguments(asked, on_cpu=False)
    assert told["tensor_parallel_size"] == 2
    assert (told["pipeline_parallel_size"], told["data_parallel_size"]) == (3, 4)
    assert told["enable_expert_parallel"] is True


def test_nothing_drafts_with_a_head_in_groups_of_layers() -> None:
    """vLLM refuses to load such a head: seen on two GPUs."""
    assert "speculative_config" in arguments(replace(OPTIONS, tensor_parallel=2), on_cpu=False)
    assert "speculative_config" not in arguments(replace(OPTIONS, pipeline_parallel=2), on_cpu=False)
    assert decided(replace(OPTIONS, pipeline_parallel=2), None, on_cpu=False).speculation == "none"
    ngram = Drafter("ngram", 3)
    assert decided(replace(OPTIONS, pipeline_parallel=2), ngram, on_cpu=False).speculation == "ngram"


def test_a_head_on_a_gpu_drafts_in_vllms_newer_runner() -> None:
    newer = {"VLLM_USE_V2_MODEL_RUNNER": "1"}
    assert runner_variables(arguments(on_cpu=False), on_cpu=False) == newer
    assert runner_variables(arguments(replace(OPTIONS, lora_rank=16), on_cpu=False), on_cpu=False) == newer
    assert not runner_variables(arguments(replace(OPTIONS, speculative_tokens=1)), on_cpu=True)
    for other in ({"speculation": "ngram"}, {"speculation": "none"}, {"n_mtp_layers": 0}):
        options = replace(OPTIONS, **other)  # type: ignore[arg-type]
        assert not runner_variables(arguments(options, on_cpu=False), on_cpu=False)


def test_a_users_own_extension_of_the_workers_has_the_older_runner() -> None:
    told = arguments(replace(OPTIONS, arguments=("worker_extension_cls=their.Worker",)), on_cpu=False)
    assert runner_variables(told, on_cpu=False) == {"VLLM_USE_V2_MODEL_RUNNER": "0"}


def test_weights_are_converted_only_where_that_is_asked_for() -> None:
    assert "quantization" not in arguments(on_cpu=False)
    assert arguments(replace(OPTIONS, quantization="fp8"), on_cpu=False)["quantization"] == "fp8"


@pytest.mark.parametrize("on_cpu", [True, False])
def test_further_arguments_replace_ours(on_cpu: bool) -> None:
    more = ("max_num_seqs=3", "attention_backend=TRITON_MLA", 'compilation_config={"level": 0}')
    told = arguments(replace(OPTIONS, arguments=more), on_cpu=on_cpu)
    assert told["max_num_seqs"] == 3
    assert (told["attention_backend"], told["compilation_config"]) == ("TRITON_MLA", {"level": 0})


@pytest.mark.parametrize("text", ["max_num_seqs", "=3", "max num=3", ""])
def test_a_further_argument_without_name_or_value_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"engine\.vllm_arguments"):
        further_arguments([text])


@pytest.mark.parametrize("on_cpu", [True, False])
def test_adapters_cost_nothing_where_there_are_none(on_cpu: bool) -> None:
    assert "enable_lora" not in arguments(on_cpu=on_cpu)
    told = arguments(replace(OPTIONS, lora_rank=32), on_cpu=on_cpu)
    assert (told["enable_lora"], told["max_lora_rank"]) == (True, 32)
    assert told["max_cpu_loras"] >= told["max_loras"] > 1
    assert "experts" not in told["lora_target_modules"]


LITE = next(model.config for model in KNOWN if model.name == "deepseek-coder-v2-lite")


def test_experts_without_groups_are_chosen_by_one_kernel_on_a_gpu() -> None:
    told = engine_arguments(OPTIONS, LITE, MACHINE, on_cpu=False)
    assert told["hf_overrides"] == {"n_group": 64, "topk_group": 64}
    assert "hf_overrides" not in engine_arguments(OPTIONS, LITE, MACHINE, on_cpu=True)


@pytest.mark.parametrize(
    "other",
    [
        {"topk_method": "group_limited_greedy", "n_group": 8},
        {"topk_method": "noaux_tc", "scoring_func": "sigmoid"},
        {"routed_scaling_factor": 16.0},
        {"model_type": "qwen2_moe"},
        {"n_routed_experts": None},
    ],
)
def test_other_ways_to_choose_experts_stay_as_the_model_has_them(other: dict[str, Any]) -> None:
    assert "hf_overrides" not in engine_arguments(OPTIONS, {**LITE, **other}, MACHINE, on_cpu=False)


def test_a_whole_prompt_is_one_step_of_a_gpu() -> None:
    told = engine_arguments(OPTIONS, LITE, MACHINE, on_cpu=False)
    assert told["max_num_batched_tokens"] > told["long_prefill_token_threshold"] > 4096
