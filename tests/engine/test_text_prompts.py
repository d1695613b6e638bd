"""A prompt that comes as text gets the ids that the model knows it by, once."""

import json
from pathlib import Path

import pytest
from tiny_model import SPECIAL, write_tokenizer
from tokenizers import Tokenizer, processors

from codeassist.engine.text_prompts import TextPrompts

BOS, EOS = SPECIAL[0], SPECIAL[1]


def tokenizer_file(directory: Path, template: str) -> Path:
    """A tokenizer.json that puts special tokens around a text ($A) as `template` says."""
    write_tokenizer(directory, ["def add(x):\n    return x + 1\n"] * 9, 300)
    file = directory / "tokenizer.json"
    tokenizer = Tokenizer.from_file(str(file))
    specials = [(name, tokenizer.token_to_id(name)) for name in (BOS, EOS)]
    tokenizer.post_processor = processors.TemplateProcessing(single=template, special_tokens=specials)
    tokenizer.save(str(file))
    return file


@pytest.mark.parametrize(
    ("template", "text", "expected"),
    [
        (f"{BOS} $A", "x", [BOS, "x"]),
        (f"{BOS} $A", f"{BOS}x", [BOS, "x"]),
        (f"{BOS} $A", f"{BOS}{BOS}x", [BOS, BOS, "x"]),
        (f"{BOS} $A", f"{EOS}x", [BOS, EOS, "x"]),
        (f"{BOS} $A", "", [BOS]),
        ("$A", f"{BOS}{BOS}x", [BOS, BOS, "x"]),
        ("$A", "xx", ["x", "x"]),
        ("$A", "", []),
        (f"{BOS} $A {EOS}", "x", [BOS, "x"]),
        (f"{BOS} $A {EOS}", f"{BOS}x{EOS}", [BOS, "x", EOS]),
        (f"$A {EOS}", "x", ["x"]),
    ],
)
def test_a_text_begins_with_the_token_that_begins_texts_once(
    tmp_path: Path, template: str, text: str, expected: list[str]
) -> None:
    file = tokenizer_file(tmp_path, template)
    ids = TextPrompts(file).encode(text)
    assert [Tokenizer.from_file(str(file)).id_to_token(token) for token in ids] == expected


def test_the_file_is_read_once_and_not_before_it_is_needed(tmp_path: Path) -> None:
    prompts = TextPrompts(tmp_path / "tokenizer.json")
    file = tokenizer_file(tmp_path, f"{BOS} $A")
    first = prompts.encode("x")
    file.unlink()
    assert prompts.encode("x") == first


@pytest.mark.parametrize("text", ["x", f"{BOS}x"])
@pytest.mark.parametrize("bos", [BOS, {"content": BOS, "__type": "AddedToken"}])
@pytest.mark.parametrize("template", ["$A", f"{BOS} $A"])
def test_the_tokenizers_configuration_may_ask_for_that_token(
    tmp_path: Path, template: str, bos: object, text: str
) -> None:
    file = tokenizer_file(tmp_path, template)
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"add_bos_token": True, "bos_token": bos}))
    ids = TextPrompts(file).encode(text)
    assert [Tokenizer.from_file(str(file)).id_to_token(token) for token in ids] == [BOS, "x"]


def test_a_configuration_that_asks_for_none_adds_none(tmp_path: Path) -> None:
    file = tokenizer_file(tmp_path, "$A")
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"add_bos_token": False, "bos_token": BOS}))
    assert len(TextPrompts(file).encode("x")) == 1
