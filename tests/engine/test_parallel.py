"""What cannot be spread over GPUs as asked is refused before anything is loaded."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from codeassist.engine.hardware import count_gpus
from codeassist.engine.parallel import require_spreadable
from codeassist.engine.vllm_arguments import HostOptions
from codeassist.errors import EngineUnavailable

ONE = HostOptions("/models/coder", n_mtp_layers=0, context_tokens=4096)
# DeepSeek-Coder-V2-Lite, as its config.json says.
LITE = {
    "num_hidden_layers": 27,
    "num_attention_heads": 16,
    "intermediate_size": 10944,
    "moe_intermediate_size": 1408,
    "n_routed_experts": 64,
}
LLAMA = {"num_hidden_layers": 32, "num_attention_heads": 32, "intermediate_size": 11008}


def require(options: HostOptions, config: dict[str, Any] = LITE, n_gpus: int = 8, *, on_cpu: bool = False) -> None:
    require_spreadable(options, config, n_gpus, on_cpu=on_cpu)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"tensor_parallel": 8},
        {"tensor_parallel": 4, "pipeline_parallel": 2},
        {"data_parallel": 8, "expert_parallel": True},
        {"pipeline_parallel": 2, "speculation": "mtp", "speculative_tokens": 0},
    ],
)
def test_what_fits_is_let_through(changes: dict[str, Any]) -> None:
    require(replace(ONE, **changes))


@pytest.mark.parametrize(
    ("changes", "config", "complaint"),
    [
        ({"tensor_parallel": 3}, LITE, "engine.tensor_parallel = 3 does not divide the model's 16 attention heads; it "
                                       "can be 1, 2, 4, 8"),
        ({"tensor_parallel": 5}, LLAMA, "can be 1, 2, 4, 8"),
        ({"tensor_parallel": 8, "pipeline_parallel": 2}, LITE, "engine.tensor_parallel = 8 and "
         "engine.pipeline_parallel = 2 asks for 16 GPUs, and this machine shows 8"),
        ({"data_parallel": 9}, LITE, "asks for 9 GPUs"),
        ({"pipeline_parallel": 28, "arguments": ("nnodes=4",)}, LITE, "more than the model's 27"),
        ({"tensor_parallel": 2, "expert_parallel": True}, LLAMA, "models with experts"),
        ({"pipeline_parallel": 2, "speculation": "mtp"}, LITE, "cannot divide a head that drafts"),
    ],
)  # fmt: skip
def test_what_does_not_is_told_with_what_would(changes: dict[str, Any], config: dict[str, Any], complaint: str) -> None:
    with pytest.raises(EngineUnavailable) as error:
        require(replace(ONE, **changes), config)
    assert complaint in str(error.value)


def test_gpus_of_other_machines_are_not_counted() -> None:
    options = replace(ONE, tensor_parallel=8, pipeline_parallel=2)
    require(replace(options, arguments=("distributed_executor_backend=ray",)))
    require(options, n_gpus=0)


@pytest.mark.parametrize("changes", [{"tensor_parallel": 2}, {"data_parallel": 2}, {"expert_parallel": True}])
def test_a_build_for_cpus_is_not_spread(changes: dict[str, Any]) -> None:
    with pytest.raises(EngineUnavailable, match="is for GPUs, and the installed vLLM is a build for CPUs"):
        require(replace(ONE, **changes), n_gpus=0, on_cpu=True)


def test_gpus_are_counted_by_their_device_files(tmp_path: Path) -> None:
    assert count_gpus(tmp_path) == 0
    for name in ("gpus/0000:01:00.0/information", "gpus/0000:02:00.0/information", "gpus/0000:03:00.0/information"):
        (tmp_path / "proc/driver/nvidia" / name).mkdir(parents=True)
    assert count_gpus(tmp_path) == 3
    (tmp_path / "dev").mkdir()
    for name in ("nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm", "nvidia-caps"):
        (tmp_path / "dev" / name).touch()
    assert count_gpus(tmp_path) == 2


@pytest.mark.parametrize(
    ("shown", "n_gpus"),
    [
        (None, 4),
        ("0,1,2,3", 4),
        ("2", 1),
        (" 1, 3 ", 2),
        ("GPU-8932f937,GPU-d4c0", 2),
        ("0,-1,2", 1),
        ("0,7,1", 1),
        ("0,1,2,3,4,5", 4),
        ("MIG-5a1b", 1),
        ("", 0),
    ],
)
def test_gpus_that_the_environment_hides_are_not_counted(tmp_path: Path, shown: str | None, n_gpus: int) -> None:
    for number in range(4):
        (tmp_path / "dev").mkdir(exist_ok=True)
        (tmp_path / f"dev/nvidia{number}").touch()
    assert count_gpus(tmp_path, shown) == n_gpus


def test_where_no_device_is_shown_the_environment_counts_none(tmp_path: Path) -> None:
    assert count_gpus(tmp_path, "0,1") == 0
