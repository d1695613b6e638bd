"""Model directories are read whole or refused with a remedy."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from codeassist.errors import ModelError
from codeassist.models.directory import (
    NoFillInTheMiddle,
    read_chat_model,
    read_model,
    shipped_embedder,
    shipped_model,
)
from codeassist.types import ModelInfo

CONFIG = {"model_type": "deepseek_v3", "num_nextn_predict_layers": 1, "max_position_embeddings": 8192}
FIM_TOKENS = ["<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>"]
TOKENIZER = {"model": {}, "added_tokens": [{"content": token} for token in FIM_TOKENS]}
OURS = {
    "name": "small", "template": "deepseek", "context_tokens": 4096, "prompt_tokens": 1536, "completion_tokens": 48,
    "gate": -0.4,
}  # fmt: skip


@pytest.fixture
def model(tmp_path: Path) -> Path:
    directory = tmp_path / "coder"
    directory.mkdir()
    put(directory / "config.json", CONFIG)
    put(directory / "tokenizer.json", TOKENIZER)
    put(directory / "codeassist.json", OURS)
    (directory / "model.safetensors").write_bytes(b"12345678")
    return directory


def put(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value))


def test_a_described_model_is_taken_at_its_word(model: Path) -> None:
    directory = read_model(model)
    assert directory.info == ModelInfo(
        "small", "deepseek", 4096, 1536, 48, model / "tokenizer.json", True, True, gate=-0.4, supports_scoring=True
    )
    assert (directory.n_mtp_layers, directory.weight_bytes, directory.model_type) == (1, 8, "deepseek_v3")


def test_a_published_model_without_our_file_gets_budgets_and_template(model: Path) -> None:
    (model / "codeassist.json").unlink()
    put(model / "config.json", {"model_type": "deepseek_v2", "max_position_embeddings": 163840, "other": {}})
    directory = read_model(model)
    assert (directory.info.name, directory.info.template) == ("coder", "deepseek")
    assert (directory.info.context_tokens, directory.info.prompt_tokens) == (16384, 4096)
    assert directory.info.gate is None


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"model_type": "deepseek_v3"}, 0),
        ({"model_type": "deepseek_v3", "num_nextn_predict_layers": 0}, 0),
        ({"model_type": "deepseek_v3", "num_nextn_predict_layers": None}, 0),
        ({"model_type": "deepseek_v2", "num_nextn_predict_layers": 1}, 0),
    ],
)
def test_a_model_without_usable_mtp_layers_drafts_nothing(model: Path, config: Any, expected: int) -> None:
    put(model / "config.json", config)
    assert read_model(model).n_mtp_layers == expected


def test_the_context_is_never_longer_than_the_architecture_allows(model: Path) -> None:
    put(model / "config.json", CONFIG | {"max_position_embeddings": 2048})
    assert read_model(model).info.context_tokens == 2048


def without(name: str) -> Callable[[Path], None]:
    return lambda model: (model / name).unlink()


def with_text(name: str, text: str) -> Callable[[Path], object]:
    return lambda model: (model / name).write_text(text)


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (without("config.json"), "config.json is missing"),
        (without("tokenizer.json"), "tokenizer.json is missing"),
        (without("model.safetensors"), r"has no \*.safetensors"),
        (with_text("config.json", "{"), "not valid JSON"),
        (with_text("config.json", "[]"), "must be an object"),
        (with_text("config.json", "{}"), "'model_type' is missing"),
        (with_text("config.json", "[" * 100_000), "not valid JSON"),
        (with_text("config.json", '{"model_type": "x", "max_position_embeddings": "long"}'), "max_position_embeddings"),
        (with_text("tokenizer.json", "{}"), "is no tokenizer"),
        (with_text("tokenizer.json", '{"model": {}, "added_tokens": 3}'), "is no tokenizer"),
        (with_text("codeassist.json", '{"nmae": "x"}'), "unknown field 'nmae'"),
        (with_text("codeassist.json", '{"gate": "high"}'), "'gate' must be a number"),
        (with_text("codeassist.json", '{"context_tokens": 100, "prompt_tokens": 99}'), "exceed the context"),
        (with_text("model.safetensors", "version https://git-lfs.github.com/spec/v1\n"), "git lfs pull"),
    ],
)
def test_a_broken_directory_is_refused_with_a_remedy(
    model: Path, spoil: Callable[[Path], object], complaint: str
) -> None:
    spoil(model)
    with pytest.raises(ModelError, match=complaint):
        read_model(model)


def test_a_template_that_cannot_be_told_must_be_named(model: Path) -> None:
    put(model / "tokenizer.json", {"model": {}, "added_tokens": []})
    assert read_model(model).info.template == "deepseek"
    (model / "codeassist.json").unlink()
    with pytest.raises(ModelError, match="name the template"):
        read_model(model)


def test_a_model_that_only_chats_is_told_where_it_can(model: Path) -> None:
    (model / "codeassist.json").unlink()
    put(model / "tokenizer.json", {"model": {"vocab": {"<s>": 1}}, "added_tokens": [{"content": "<s>", "id": 1}]})
    with pytest.raises(
        NoFillInTheMiddle, match=r"set engine\.model to one that .* \(this one may still chat: chat\.dir"
    ):
        read_model(model)
    assert read_chat_model(model).info.template == ""


@pytest.mark.parametrize(
    ("model_type", "tokens", "expected"),
    [
        (
            "qwen2",
            ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<|file_sep|>", "<|repo_name|>"),
            "qwen2.5-coder",
        ),
        ("gemma", ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<|file_sep|>", "<bos>"), "codegemma"),
        ("mistral", ("<s>", "[SUFFIX]", "[PREFIX]"), "codestral"),
    ],
)
def test_the_type_of_a_model_decides_between_templates(
    model: Path, model_type: str, tokens: tuple[str, ...], expected: str
) -> None:
    (model / "codeassist.json").unlink()
    put(model / "config.json", CONFIG | {"model_type": model_type})
    put(model / "tokenizer.json", {"model": {}, "added_tokens": [{"content": token} for token in tokens]})
    assert read_model(model).info.template == expected


def test_marks_that_are_pieces_of_the_vocabulary_count(model: Path) -> None:
    (model / "codeassist.json").unlink()
    pieces = {"<s>": 1, "▁<PRE>": 32007, "▁<SUF>": 32008, "▁<MID>": 32009}
    put(model / "tokenizer.json", {"model": {"vocab": pieces}, "added_tokens": [{"content": "<s>", "id": 1}]})
    assert read_model(model).info.template == "codellama"


@pytest.mark.parametrize("name", ["nowhere", "coder/config.json"])
def test_what_is_no_directory_is_refused(model: Path, name: str) -> None:
    with pytest.raises(ModelError, match="is no model directory"):
        read_model(model.parent / name)


def test_shipped_models_lie_in_the_package() -> None:
    assert shipped_model().parent == shipped_embedder().parent
    assert shipped_model().parent.name == "models"
