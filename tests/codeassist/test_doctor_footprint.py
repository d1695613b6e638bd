from __future__ import annotations

import math
from typing import Any

import pytest

from codeassist.doctor.footprint import Footprint, captured_sizes, predict
from codeassist.doctor.formats import format_named, format_of
from codeassist.doctor.geometry import draft_parameters, model_parameters, read_geometry
from codeassist.doctor.measured import Measured, compare, read_log
from codeassist.errors import ModelError
from codeassist.models.checks import shard_problems
from codeassist.models.directory import read_model, shipped_model
from codeassist.models.known import KNOWN, KnownModel
from codeassist.models.layouts import REQUIRED_KEYS, expected_tensors

LITE = next(known.config for known in KNOWN if known.name == "deepseek-coder-v2-lite")
V3 = next(known.config for known in KNOWN if known.name == "deepseek-v3")
LLAMA: dict[str, Any] = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "vocab_size": 128256,
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "max_position_embeddings": 8192,
    "tie_word_embeddings": False,
}


def of_tensors(config: Any, n_mtp_layers: int = 0) -> int:
    plain = {key: value for key, value in config.items() if key != "quantization_config"}
    return sum(math.prod(shape) for shape in expected_tensors(plain, n_mtp_layers).values())


BY_HEART = [known for known in KNOWN if known.config["architectures"][0] in REQUIRED_KEYS]


@pytest.mark.parametrize("known", BY_HEART, ids=[known.name for known in BY_HEART])
def test_a_known_models_numbers_are_those_of_its_tensors(known: KnownModel) -> None:
    sizes = read_geometry(known.config)
    spelled = {**known.config, "tie_word_embeddings": sizes.is_tied}
    assert model_parameters(sizes).total == pytest.approx(of_tensors(spelled), rel=1e-3)


@pytest.mark.parametrize("known", KNOWN, ids=[known.name for known in KNOWN])
def test_every_known_model_can_be_reckoned_with(known: KnownModel) -> None:
    assert 0 < predict(known.config).read_per_token <= predict(known.config).weights


@pytest.mark.parametrize("config", [LITE, V3, LLAMA], ids=["lite", "v3", "llama"])
def test_deepseek_and_llama_are_counted_to_the_last_number(config: Any) -> None:
    assert model_parameters(read_geometry(config)).total == of_tensors(config)


def test_the_shipped_model_and_its_draft_layer_are_counted_to_the_last_number() -> None:
    model = read_model(shipped_model())
    _, tensors = shard_problems(model.path)
    sizes = read_geometry(model.config)
    of_draft = sum(math.prod(found.shape) for name, found in tensors.items() if f"layers.{sizes.n_layers}." in name)
    whole = sum(math.prod(found.shape) for found in tensors.values())
    assert draft_parameters(sizes).total == of_draft
    assert model_parameters(sizes).total == whole - of_draft


def test_lite_has_15_7_billion_numbers_of_which_a_token_reads_2_45() -> None:
    parameters = model_parameters(read_geometry(LITE))
    assert (round(parameters.total / 1e9, 1), round(parameters.read / 1e9, 2)) == (15.7, 2.45)


def test_lites_cache_takes_a_latent_vector_a_layer() -> None:
    assert predict(LITE).kv_per_token == (512 + 64) * 27 * 2


def test_what_others_measured_with_vllm_is_predicted() -> None:
    """DeepSeek-V2-Lite has Lite's sizes: loading took 29.3010 GiB (vLLM pull request 4650, an old version that calls
    them GB), and the cache of 32,768 tokens 0.95 GiB (vLLM issue 15871)."""
    footprint = predict(LITE)
    assert footprint.loaded / 2**30 == pytest.approx(29.3010, rel=0.002)
    assert round(32768 * footprint.kv_per_token / 2**30, 2) == 0.95


def test_a_draft_layer_has_weights_and_a_cache_of_its_own() -> None:
    without, drafting = predict(LITE), predict(LITE, 1)
    assert drafting.kv_per_token - without.kv_per_token == (512 + 64) * 2
    assert drafting.draft == 2 * draft_parameters(read_geometry(LITE)).total
    assert (without.draft, drafting.weights) == (0, without.weights)


def test_plain_attention_keeps_keys_and_values_of_each_head() -> None:
    assert predict(LLAMA).kv_per_token == 2 * 8 * 128 * 32 * 2
    assert predict(LLAMA, tensor_parallel=4).kv_per_token == 2 * 2 * 128 * 32 * 2
    assert predict(LLAMA, tensor_parallel=32).kv_per_token == 2 * 1 * 128 * 32 * 2


def test_fewer_bits_are_for_matrices_alone() -> None:
    parameters = model_parameters(read_geometry(LITE))
    in_16_bits = parameters.embedding + parameters.head + parameters.plain
    fp8 = in_16_bits * 2 + parameters.dense + parameters.whole + parameters.experts + parameters.latent_up * 2
    assert predict(LITE, quantization="fp8").weights == fp8
    assert predict(LITE).weights == 2 * parameters.total
    sizes = [predict(LITE, quantization=name).weights for name in ("bf16", "fp8", "int8", "int4")]
    assert sizes[0] > sizes[1] == sizes[2] > sizes[3]


def test_gpus_share_the_matrices_and_keep_the_rest_whole() -> None:
    parameters, half = model_parameters(read_geometry(LITE)), predict(LITE, tensor_parallel=2)
    assert half.weights == parameters.total + parameters.plain + parameters.whole
    assert half.kv_per_token == predict(LITE).kv_per_token
    assert half.read_per_token < 0.52 * predict(LITE).read_per_token


def test_activations_grow_with_the_step_and_the_sampled_requests() -> None:
    steps = [predict(LITE, max_num_batched_tokens=n_tokens).activations for n_tokens in (2048, 16384, 65536)]
    assert steps == sorted(set(steps))
    assert predict(LLAMA, max_num_seqs=1024).activations > predict(LLAMA, max_num_seqs=64).activations


def test_long_contexts_cost_mla_a_workspace_up_to_64_thousand_tokens() -> None:
    short, long = (predict(LITE, 0, "", 2048, 1, context_tokens=n_tokens) for n_tokens in (2048, 163840))
    assert short.workspace == 8 * 2048 * 576 * 2
    assert long.workspace == 65536 * 576 * 2
    assert long.activations - short.activations == (65536 - 8 * 2048) * 16 * 256 * 2
    assert predict(LLAMA).workspace == 0


@pytest.mark.parametrize(
    ("n_tokens", "n_requests", "n_drafted", "expected"),
    [
        (2048, 64, 0, (19, 11)),
        (2048, 64, 1, (35, 19)),
        (2048, 256, 0, (51, 35)),
        (4, 64, 0, (3, 3)),
        (2048, 1, 0, (2, 1)),
    ],
)
def test_as_many_sizes_are_captured_as_vllm_captures(
    n_tokens: int, n_requests: int, n_drafted: int, expected: tuple[int, int]
) -> None:
    assert captured_sizes(n_tokens, n_requests, n_drafted) == expected


def test_without_graphs_none_is_counted() -> None:
    assert predict(LITE, has_cuda_graphs=False).cuda_graphs == 0
    assert predict(LITE).cuda_graphs > 30 * 2**20


@pytest.mark.parametrize("key", ["hidden_size", "num_hidden_layers", "vocab_size", "num_attention_heads", "v_head_dim"])
@pytest.mark.parametrize("value", [None, 0, "many", True])
def test_a_size_that_is_not_stated_is_named(key: str, value: object) -> None:
    with pytest.raises(ModelError, match=f"does not say {key}"):
        predict({**LITE, key: value})


@pytest.mark.parametrize("key", sorted(LITE.keys() - {"architectures", "model_type", "tie_word_embeddings"}))
@pytest.mark.parametrize("value", ["many", [1], -1, 1.5, {}])
def test_sizes_that_are_no_numbers_are_refused_one_by_one(key: str, value: object) -> None:
    with pytest.raises(ModelError, match=f"does not say {key}"):
        predict({**LITE, key: value})


@pytest.mark.parametrize(
    ("said", "name", "bits"),
    [
        ({"quant_method": "fp8", "weight_block_size": [128, 128]}, "fp8", 8.0),
        ({"quant_method": "awq", "bits": 4, "group_size": 128}, "int4", 4 + 20 / 128),
        ({"quant_method": "awq", "w_bit": 4, "q_group_size": 64}, "int4", 4 + 20 / 64),
        ({"quant_method": "gptq", "bits": 8, "group_size": -1}, "int8", 8.0),
        ({"quant_method": "bitsandbytes", "load_in_4bit": True}, "int4", 4 + 20 / 64),
        (
            {"quant_method": "compressed-tensors", "config_groups": {"a": {"weights": {"num_bits": 8, "type": "int"}}}},
            "int8",
            8.0,
        ),
        (
            {
                "quant_method": "compressed-tensors",
                "config_groups": {"a": {"weights": {"num_bits": 8, "type": "float"}}},
            },
            "fp8",
            8.0,
        ),
    ],
)
def test_what_a_checkpoint_says_of_its_weights_is_read(said: dict[str, Any], name: str, bits: float) -> None:
    found = format_of({"quantization_config": said})
    assert (found.name, found.bits, found.is_quantised) == (name, bits, True)


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ({"quant_method": "hieroglyphs"}, "unknown quantization 'hieroglyphs'"),
        ({"bits": 4}, "without quant_method"),
        ({"quant_method": "gptq", "bits": 3}, "unknown quantization '3 bits in groups of 128'"),
        ({"quant_method": "awq", "bits": "four"}, "'four bits"),
        ({"quant_method": "awq", "bits": [4]}, "bits in groups"),
        ({"quant_method": "awq", "bits": 4, "group_size": "many"}, "groups of many"),
        ({"quant_method": "compressed-tensors"}, "not how many bits"),
        ({"quant_method": "compressed-tensors", "config_groups": {"a": None}}, "not how many bits"),
        ("fp8", "no table"),
    ],
)
def test_an_unknown_quantization_is_named_with_what_is_known(said: object, complaint: str) -> None:
    with pytest.raises(ModelError, match=complaint):
        format_of({"quantization_config": said})


def test_formats_have_the_names_that_vllm_and_people_give_them() -> None:
    names = {name: format_named(name).name for name in ("", "bfloat16", "fp8_per_block", "experts_int8", "awq", "int4")}
    assert list(names.values()) == ["bf16", "bf16", "fp8", "int8", "int4", "int4"]


GPU_LOG = """
(EngineCore pid=1) INFO 11-28 [gpu_model_runner.py:5340] Model loading took 29.26 GiB memory and 12.3 seconds
(EngineCore pid=1) INFO 11-28 [gpu_worker.py:640] Available KV cache memory: 37.5 GiB
(EngineCore pid=1) INFO 11-28 [kv_cache_utils.py:2177] GPU KV cache size: 1,294,528 tokens
(EngineCore pid=1) INFO 11-28 [gpu_model_runner.py:6900] Graph capturing finished in 9 secs, took 0.31 GiB
INFO [gpu_worker.py:850] Actual usage is 29.3 GiB for weight, 0.6 GiB for peak activation, 0.12 GiB for non-torch memory
"""
CPU_LOG = """
(EngineCore pid=2) INFO 11-28 [cpu_worker.py:260] Explicitly set (1.0/23.54) GiB for KV cache on node 0.
(EngineCore pid=2) INFO 11-28 [kv_cache_utils.py:2327] CPU KV cache size: 19,392 tokens, Maximum concurrency for 8,192
"""


def test_vllms_own_measurement_is_read_from_its_log() -> None:
    gib = 2**30
    assert read_log(GPU_LOG.splitlines()) == Measured(
        loaded=round(29.26 * gib),
        kv_cache=round(37.5 * gib),
        kv_tokens=1_294_528,
        cuda_graphs=round(0.31 * gib),
        activations=round(0.6 * gib),
        non_torch=round(0.12 * gib),
    )
    assert read_log(CPU_LOG.splitlines()) == Measured(kv_cache=gib, kv_tokens=19392)
    assert read_log(["nothing of it"]) == Measured()


def test_prediction_and_measurement_stand_side_by_side() -> None:
    compared = {one.part: one for one in compare(predict(LITE), read_log(GPU_LOG.splitlines()))}
    assert compared.keys() == {"loaded", "cuda_graphs", "activations", "kv_per_token"}
    assert compared["loaded"].share == pytest.approx(1, abs=0.002)
    assert compared["kv_per_token"].share == pytest.approx(1, abs=0.002)


def test_nothing_measured_is_no_agreement() -> None:
    nothing = Footprint(0, 0, 0, 0, 0, 1, 1)
    shares = {one.part: one.share for one in compare(nothing, Measured(loaded=0, cuda_graphs=5))}
    assert shares == {"loaded": 1.0, "cuda_graphs": 0.0}
    assert compare(predict(LITE), Measured(cuda_graphs=0))[0].share == math.inf
