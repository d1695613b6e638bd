"""The installed vLLM's own lists say which models it can load, without importing it."""

from importlib import metadata, util
from pathlib import Path

import pytest

from codeassist.engine.catalogue import UNKNOWN, Catalogue, has_plugins, parse_catalogue, read_catalogue

REGISTRY = """
_TEXT_GENERATION_MODELS = {
    # [Decoder-only]
    "LlamaForCausalLM": ("llama", "LlamaForCausalLM"),
    "DeepseekV32ForCausalLM": (
        "vllm.models.deepseek_v32",
        "DeepseekV32ForCausalLM",
    ),
}

_EMBEDDING_MODELS = {
    "BertModel": ("bert", "BertEmbeddingModel"),
}

_MULTIMODAL_MODELS: dict[str, tuple[str, str]] = {
    "Qwen2VLForConditionalGeneration": ("qwen2_vl", "Qwen2VLForConditionalGeneration"),
}
"""
CONFIGS = '_CONFIG_REGISTRY = LazyConfigDict(\n    chatglm="ChatGLMConfig",\n    **{"unlimited-ocr": "OCRConfig"},\n)\n'
MODELLING = 'X = OrderedDict([("phi", "PhiForCausalLM"), ("phi", "PhiForTokenClassification")])\n'
MAPPING = 'CONFIGS = OrderedDict([\n    ("llama", "LlamaConfig"),\n    ("nemotron-nas", "NasConfig"),\n])\n'


@pytest.fixture
def packages(tmp_path: Path) -> tuple[Path, Path]:
    files = {
        "vllm/model_executor/models/registry.py": REGISTRY,
        "vllm/transformers_utils/config.py": CONFIGS,
        "transformers/models/auto/modeling_auto.py": MODELLING,
        "transformers/models/auto/configuration_auto.py": MAPPING,
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path / "vllm", tmp_path / "transformers"


def test_what_writes_text_is_listed(packages: tuple[Path, Path]) -> None:
    assert parse_catalogue(*packages) == Catalogue(
        frozenset({"LlamaForCausalLM", "DeepseekV32ForCausalLM", "Qwen2VLForConditionalGeneration", "PhiForCausalLM"}),
        frozenset({"llama", "nemotron-nas", "chatglm", "unlimited-ocr"}),
    )


@pytest.mark.parametrize("file", ["model_executor/models/registry.py", "transformers_utils/config.py"])
def test_a_version_that_keeps_its_lists_elsewhere_is_not_second_guessed(packages: tuple[Path, Path], file: str) -> None:
    (packages[0] / file).write_text("from elsewhere import MODELS\n")
    catalogue = parse_catalogue(*packages)
    assert None in (catalogue.architectures, catalogue.model_types)


def test_without_vllm_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(util, "find_spec", lambda name: None)
    assert read_catalogue() == UNKNOWN


@pytest.mark.skipif(util.find_spec("vllm") is None, reason="vLLM is not installed")
def test_the_installed_vllm_lists_what_it_is_known_for() -> None:
    catalogue = read_catalogue()
    assert catalogue.architectures is not None
    assert catalogue.model_types is not None
    assert {
        "DeepseekV2ForCausalLM", "DeepseekV3ForCausalLM", "LlamaForCausalLM", "MistralForCausalLM", "Qwen2ForCausalLM",
        "Qwen3ForCausalLM", "Starcoder2ForCausalLM", "GPT2LMHeadModel",
    } <= catalogue.architectures  # fmt: skip
    assert {"deepseek_v2", "deepseek_v3", "llama", "mistral", "qwen2", "qwen3", "starcoder2"} <= catalogue.model_types
    assert "BertModel" not in catalogue.architectures


@pytest.mark.parametrize(("value", "expected"), [("vllm.plugins:lora", False), ("mine.models:register", True)])
def test_plugins_of_others_may_have_brought_models(monkeypatch: pytest.MonkeyPatch, value: str, expected: bool) -> None:
    points = [metadata.EntryPoint("x", value, "vllm.general_plugins")]
    monkeypatch.setattr(metadata, "entry_points", lambda group: points)
    assert has_plugins() is expected
