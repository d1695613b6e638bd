"""What vLLM is told, decided without importing it: its environment and its engine arguments (pure).

The figures behind the choices are made by `bench/engine_modes.py`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from codeassist.adapters.targets import TARGET_MODULES
from codeassist.engine.hardware import Hardware, kv_cache_bytes
from codeassist.engine.speculation import Drafter, choose_drafter, speculative_config
from codeassist.errors import ConfigError

# The CPU attention kernel takes blocks of 32 tokens and their multiples. A keystroke computes at most one block anew,
# so the smallest is the quickest: 130 ms to the first token after a typed one, 196 ms with vLLM's 128
# (bench/results/engine_modes.json).
CPU_BLOCK_TOKENS = 32
# A CPU computes at most this many tokens of prompts in one step, and of one prompt at most half of them: the other half
# is left for a completion that comes while a review's long prompt is being computed. (vLLM's priorities only order
# those who wait; such a completion took 2.4 s.) A cancelled request ends after the step.
CPU_STEP_TOKENS = 512
CPU_STEP_TOKENS_OF_ONE = 256
# A GPU computes a whole prompt of ours in one step, and no more of one prompt at once: what comes meanwhile waits for
# that step. In parts of 2,048 tokens, as vLLM has it by default, a new prompt takes a half longer.
GPU_STEP_TOKENS = 8192
GPU_STEP_TOKENS_OF_ONE = 4352
CPU_REQUESTS = 8
GPU_REQUESTS = 64
# So many of those may be chats, which hold their place for long; a completion finds one free. On a CPU each further
# answer makes a step longer for all: with six long ones beside it, a completion took 1.7 times as long as alone, with
# three 1.2 times (p95; bench/results/endpoint_priority_six.json, endpoint_priority.json).
CPU_CHATS = 3
GPU_CHATS = 48
# Adapters that the requests of one step may have between them, and those that are kept in memory for later steps.
ADAPTERS_IN_A_STEP = 4
ADAPTERS_KEPT = 16
# What vLLM adds to its workers on GPUs, and the extra argument of a request that these follow: the bytes that are still
# to be spelled, as Latin-1.
WORKER_EXTENSION = "codeassist.engine.vllm_gpu_worker.SpellingWorker"
REST = "codeassist_rest"
# Text is read and written by us, but for chats. A small model that is asked for JSON may write blanks until it is cut
# off, where blanks are allowed.
_SILENT: Mapping[str, Any] = {"skip_tokenizer_init": True}
_CHATTING: Mapping[str, Any] = {
    "skip_tokenizer_init": False,
    "structured_outputs_config": {"backend": "xgrammar", "disable_any_whitespace": True},
}


@dataclass(frozen=True, slots=True)
class HostOptions:
    """What the process that runs vLLM is started with; the zeroes, -1 and "auto" of the settings are still in it."""

    model: str
    n_mtp_layers: int
    context_tokens: int
    dtype: str = "auto"
    speculative_tokens: int = -1
    kv_cache_gib: float = 0.0
    gpu_memory_fraction: float = 0.85
    threads: int = 0
    quantization: str = ""
    speculation: str = "auto"
    # What it is mostly asked for, and the file of what was measured for that; "" for none (`measured.py`).
    purpose: str = "completion"
    measured: str = ""
    tensor_parallel: int = 1
    pipeline_parallel: int = 1
    data_parallel: int = 1
    expert_parallel: bool = False
    # Highest rank of the adapters that may come; 0 for none at all.
    lora_rank: int = 0
    # More engine arguments, "name=value".
    arguments: Sequence[str] = ()
    # What clients call the model, whether it chats, with which template ("" for its own) and parser of tool calls.
    name: str = ""
    chats: bool = False
    chat_template: str = ""
    tool_parser: str = ""


def environment(options: HostOptions, hardware: Hardware, *, on_cpu: bool) -> dict[str, str]:
    """Variables to set before vLLM is imported."""
    variables = {
        "VLLM_LOGGING_STREAM": "ext://sys.stderr",
        "VLLM_NO_USAGE_STATS": "1",
        "DO_NOT_TRACK": "1",
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "VLLM_WORKER_MULTIPROC_METHOD": "fork",
    }
    if not on_cpu:
        return variables | {"VLLM_USE_FLASHINFER_SAMPLER": "0"}
    return variables | {
        # The CPU's MLA kernel knows one head size and turns prefix caching off; plain attention has neither limit.
        "VLLM_MLA_DISABLE": "1",
        # A few of vLLM's functions are compiled even so, with the C++ compiler that the user may not have.
        "TORCH_COMPILE_DISABLE": "1",
        "VLLM_CPU_OMP_THREADS_BIND": "nobind",
        "OMP_NUM_THREADS": str(options.threads or hardware.n_cores),
        # Threads that share one token's attention wait for each other where another program needs a core: 190 ms for a
        # suggestion, 342 ms with vLLM's split (many-threads in bench/results/engine_modes_beside.json). It matters to
        # models that are too large to step on one thread.
        "VLLM_CPU_ATTN_SPLIT_KV": "0",
        # Threads that spin while they wait, bound to a core that the editor needs too, made a step of 40 ms take 400.
        "OMP_WAIT_POLICY": "PASSIVE",
        # oneDNN keeps what it made for each number of tokens in a step, 1,024 products of matrices where nothing else
        # is said: with each new length of a prompt the engine grew.
        "ONEDNN_PRIMITIVE_CACHE_CAPACITY": "64",
    }


def engine_arguments(
    options: HostOptions, config: Mapping[str, Any], hardware: Hardware, *, on_cpu: bool
) -> dict[str, Any]:
    """Keyword arguments of vLLM's AsyncEngineArgs. config: the model's config.json."""
    arguments: dict[str, Any] = {
        "model": options.model,
        "max_model_len": options.context_tokens,
        **(_CHATTING if options.chats else _SILENT),
        "enable_prefix_caching": True,
        "scheduling_policy": "priority",
        "disable_log_stats": True,
        "enable_log_requests": False,
        # Probabilities among the tokens that may be chosen: what a forced prefix rules out does not make the rest
        # look doubtful.
        "logprobs_mode": "processed_logprobs",
        **_weights_arguments(options),
    }
    drafter = _drafter(options, None, on_cpu=on_cpu)
    if (drafting := speculative_config(drafter)) is not None:
        arguments["speculative_config"] = drafting
    more = further_arguments(options.arguments)
    if not on_cpu:
        return arguments | _gpu_arguments(options, config) | more
    dtype = cpu_dtype(options.dtype, hardware)
    per_token = kv_bytes_per_token(config, 4 if dtype == "float32" else 2)
    on_this_cpu = {
        "dtype": dtype,
        "max_num_seqs": n_requests(on_cpu=True),
        "max_num_batched_tokens": CPU_STEP_TOKENS,
        "long_prefill_token_threshold": CPU_STEP_TOKENS_OF_ONE,
        "block_size": CPU_BLOCK_TOKENS,
        "enforce_eager": True,
        # The CPU's rotary kernel turns the 3-D queries of plain attention wrongly: fluent nonsense.
        "compilation_config": {"custom_ops": ["-rotary_embedding"]},
        "kv_cache_memory_bytes": kv_cache_bytes(
            options.kv_cache_gib, per_token, options.context_tokens, hardware.memory_bytes
        ),
    }
    return arguments | on_this_cpu | more


def decided(options: HostOptions, measured: Drafter | None, *, on_cpu: bool) -> HostOptions:
    """The options with what drafts in place of "auto" and -1. measured: what was chosen by measuring."""
    drafter = _drafter(options, measured, on_cpu=on_cpu)
    return replace(options, speculation=drafter.method, speculative_tokens=drafter.n_tokens)


def runner_variables(arguments: Mapping[str, Any], *, on_cpu: bool) -> dict[str, str]:
    """Variables that choose among vLLM's runners for GPUs, for where the user's own environment says nothing.

    For `deepseek_v2` vLLM takes the newer one by itself, for `deepseek_v3`, as which models with a head are served, the
    older one. With two drafts in a step that made 266 to 405 tokens a second, the newer one 442 to 479
    (bench/results/gpu.json, gpu_drafts.json); and beside a head's drafts the older one scores prompts wrongly. Beside a
    user's own extension of the workers, ours has no place, without which the newer one dies of many forced prefixes.
    """
    if not on_cpu and arguments.get("worker_extension_cls", WORKER_EXTENSION) != WORKER_EXTENSION:
        return {"VLLM_USE_V2_MODEL_RUNNER": "0"}
    drafting = arguments.get("speculative_config") or {}
    return {"VLLM_USE_V2_MODEL_RUNNER": "1"} if not on_cpu and drafting.get("method") == "mtp" else {}


def further_arguments(named: Sequence[str]) -> dict[str, Any]:
    """`name=value` texts as keyword arguments. Raises ConfigError."""
    arguments: dict[str, Any] = {}
    for text in named:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise ConfigError(f"engine.vllm_arguments holds {text!r}; write name=value, for example max_num_seqs=16")
        arguments[name] = _from_json(value)
    return arguments


def n_requests(*, on_cpu: bool) -> int:
    """Requests that vLLM works on in one step; further ones would wait inside of it."""
    return CPU_REQUESTS if on_cpu else GPU_REQUESTS


def n_completions_only(*, on_cpu: bool) -> int:
    """Of these, how many chats and whatever is less urgent may not have."""
    return CPU_REQUESTS - CPU_CHATS if on_cpu else GPU_REQUESTS - GPU_CHATS


def cpu_dtype(asked: str, hardware: Hardware) -> str:
    """Choose bfloat16 where the CPU has matrix instructions for it (a new prompt of 1,500 tokens: 0.49 s, 0.88 s in
    float32), and nowhere else."""
    if asked != "auto":
        return asked
    return "bfloat16" if hardware.has_bf16_matrices else "float32"


def _drafter(options: HostOptions, measured: Drafter | None, *, on_cpu: bool) -> Drafter:
    """What drafts: no head where layers are in groups, among which vLLM cannot divide it."""
    n_mtp_layers = 0 if options.pipeline_parallel > 1 else options.n_mtp_layers
    asked, n_tokens = options.speculation, options.speculative_tokens
    return choose_drafter(asked, n_tokens, n_mtp_layers, on_cpu=on_cpu, measured=measured)


def _weights_arguments(options: HostOptions) -> dict[str, Any]:
    """How weights are converted, and whether adapters may be added to them."""
    converted = {"quantization": options.quantization} if options.quantization else {}
    if not options.lora_rank:
        return converted
    return {
        **converted,
        "enable_lora": True,
        "max_lora_rank": options.lora_rank,
        "max_loras": ADAPTERS_IN_A_STEP,
        "max_cpu_loras": ADAPTERS_KEPT,
        "lora_target_modules": list(TARGET_MODULES),
    }


def _gpu_arguments(options: HostOptions, config: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **_ungrouped(config),
        "dtype": options.dtype,
        "max_num_seqs": n_requests(on_cpu=False),
        "max_num_batched_tokens": GPU_STEP_TOKENS,
        "long_prefill_token_threshold": GPU_STEP_TOKENS_OF_ONE,
        "gpu_memory_utilization": options.gpu_memory_fraction,
        "tensor_parallel_size": options.tensor_parallel,
        "pipeline_parallel_size": options.pipeline_parallel,
        "data_parallel_size": options.data_parallel,
        "enable_expert_parallel": options.expert_parallel,
    }


def _ungrouped(config: Mapping[str, Any]) -> dict[str, Any]:
    """A way round vLLM's code for experts in groups, where there is one group and the best are taken by softmax: eight
    small kernels in each layer (bench/results/gpu_profile.json). With a group for each expert, all of which may be
    chosen, the same are chosen by one kernel (`GroupedTopKRouter`, vLLM 0.26 to 0.32)."""
    n_experts = config.get("n_routed_experts")
    is_plain = config.get("topk_method", "greedy") == "greedy" and config.get("scoring_func", "softmax") == "softmax"
    is_scaled = config.get("routed_scaling_factor", 1.0) != 1.0
    if not n_experts or not is_plain or is_scaled or not str(config.get("model_type")).startswith("deepseek"):
        return {}
    return {"hf_overrides": {"n_group": n_experts, "topk_group": n_experts}}


def _from_json(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


def kv_bytes_per_token(config: Mapping[str, Any], n_bytes: int) -> int:
    """Keys and values of all layers for one token, as plain attention stores them (values padded to the keys' size)."""
    n_layers = int(config.get("num_hidden_layers", 32)) + int(config.get("num_nextn_predict_layers") or 0)
    n_heads = int(config.get("num_attention_heads", 32))
    n_kv_heads = n_heads if config.get("kv_lora_rank") else int(config.get("num_key_value_heads") or n_heads)
    head = int(config.get("qk_nope_head_dim") or 0) + int(config.get("qk_rope_head_dim") or 0)
    head = max(head, int(config.get("v_head_dim") or 0), int(config.get("head_dim") or 0))
    head = head or int(config.get("hidden_size", 4096)) // n_heads
    return n_layers * n_kv_heads * 2 * head * n_bytes
