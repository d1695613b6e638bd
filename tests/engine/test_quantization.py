"""Quantizations that the installed vLLM does not know are told before it starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from codeassist.engine.catalogue import package_folder
from codeassist.engine.hardware import vllm_is_installed
from codeassist.engine.vllm_arguments import HostOptions
from codeassist.errors import ModelError
from codeassist.models.directory import read_model
from codeassist.models.fitness import require_startable
from codeassist.models.quantization import known_methods, require_known_quantization, stored_method

LIST = """
logger = init_logger(__name__)

QuantizationMethods = Literal[
    "awq",
    "fp8",
    # Below are names of online quantization.
    "compressed-tensors",
]
QUANTIZATION_METHODS: list[str] = list(get_args(QuantizationMethods))
"""
MODEL = Path("/models/lite")


@pytest.fixture
def vllm(tmp_path: Path) -> Path:
    folder = tmp_path / "model_executor/layers/quantization"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(LIST)
    (folder / "inc.py").write_text('if method == "auto-round":\n    return "inc"\n')
    return tmp_path


def stored(method: str) -> dict[str, Any]:
    return {"quantization_config": {"quant_method": method}}


@pytest.mark.parametrize("asked", ["", "fp8", "compressed-tensors"])
@pytest.mark.parametrize(
    "config", [{}, stored("awq"), stored("AWQ"), stored("compressed_tensors"), stored("auto-round")]
)
def test_what_vllm_knows_is_let_through(vllm: Path, asked: str, config: dict[str, Any]) -> None:
    require_known_quantization(asked, MODEL, config, vllm)


def test_a_slip_in_the_settings_is_told_with_what_was_meant(vllm: Path) -> None:
    with pytest.raises(ModelError) as caught:
        require_known_quantization("fp9", MODEL, {}, vllm)
    assert str(caught.value) == (
        "engine.quantization is 'fp9', which the installed vLLM does not know (did you mean 'fp8'?); it knows awq, "
        "fp8, compressed-tensors, or leave it empty"
    )


def test_weights_of_an_unknown_kind_are_told_with_their_file(vllm: Path) -> None:
    told = (
        r"/models/lite/config\.json says that the weights are quantised as 'hqq', .* it knows awq, .*: choose a check"
    )
    with pytest.raises(ModelError, match=told):
        require_known_quantization("", MODEL, stored("hqq"), vllm)


def test_a_version_that_keeps_its_list_elsewhere_is_not_second_guessed(tmp_path: Path) -> None:
    require_known_quantization("fp9", MODEL, stored("hqq"), tmp_path)


@pytest.mark.parametrize(
    "config", [{}, {"quantization_config": None}, {"quantization_config": "awq"}, {"quantization_config": {"bits": 4}}]
)
def test_a_config_that_names_no_method_has_none(config: dict[str, Any]) -> None:
    assert stored_method(config) == ""


def test_older_files_call_it_compression() -> None:
    assert stored_method({"compression_config": {"quant_method": "compressed-tensors"}}) == "compressed-tensors"


@pytest.mark.skipif(not vllm_is_installed(), reason="vLLM is not installed")
def test_the_installed_list_is_read_as_vllm_has_it() -> None:
    folder = package_folder("vllm")
    assert folder is not None
    known = known_methods(folder)
    assert {"fp8", "gptq", "awq", "compressed-tensors"} <= set(known)
    assert "hqq" not in known


@pytest.mark.skipif(not vllm_is_installed(), reason="vLLM is not installed")
def test_it_is_asked_before_each_start(tiny_model: Path) -> None:
    options = HostOptions(str(tiny_model), n_mtp_layers=1, context_tokens=2048, quantization="fp9")
    with pytest.raises(ModelError, match=r"engine\.quantization is 'fp9'"):
        require_startable(read_model(tiny_model), "deepseek", options)
