"""Forcing a text allows what can spell it and nothing else."""

import json
from pathlib import Path
from typing import Any

import pytest
from tiny_model import SPECIAL, write_tokenizer
from tokenizers import Tokenizer

from codeassist.engine.vocabulary import Vocabulary, read_vocabulary
from codeassist.errors import ModelError

WORDS = [
    b"",
    b"r",
    b"re",
    b"ret",
    b"return",
    b"returned",
    b"e",
    b"t",
    b" return",
    b"return 1",
    b"",
    b"\xff",
    b"\xff\xff",
]


def words(vocabulary: Vocabulary, rest: bytes) -> set[bytes]:
    return {vocabulary.spelling(token) for token in vocabulary.allowed(rest)}


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        (b"r", {b"r", b"re", b"ret", b"return", b"returned", b"return 1"}),
        (b"retu", {b"r", b"re", b"ret", b"return", b"returned", b"return 1"}),
        (b"return", {b"r", b"re", b"ret", b"return", b"returned", b"return 1"}),
        (b"return 1", {b"r", b"re", b"ret", b"return", b"return 1"}),
        (b"t", {b"t"}),
        (b"\xff", {b"\xff", b"\xff\xff"}),
        (b"q", set()),
    ],
)
def test_a_forced_text_allows_its_beginnings_and_its_extensions(rest: bytes, expected: set[bytes]) -> None:
    assert words(Vocabulary(WORDS, {}), rest) == expected


def test_a_chosen_token_leaves_the_rest_to_spell() -> None:
    vocabulary = Vocabulary(WORDS, {})
    assert vocabulary.after(b"return", 3) == b"urn"
    assert vocabulary.after(b"return", 5) == b""


def test_a_text_without_its_bytes_in_the_vocabulary_cannot_be_spelled() -> None:
    vocabulary = Vocabulary(WORDS, {})
    assert vocabulary.can_spell(b"ret")
    assert not vocabulary.can_spell(b"return")
    assert vocabulary.can_spell(b"")


@pytest.fixture(scope="module")
def byte_level(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("tokenizer")
    write_tokenizer(directory, ["def größe(x):\n    return x + 1  # 😀\n"] * 9, 400)
    return directory / "tokenizer.json"


@pytest.mark.parametrize("text", ["def größe(x):", "\n\t return", "😀", "\x00\x7f", "漢字", "nаïve"])
def test_spellings_are_the_bytes_that_the_tokenizer_encodes(byte_level: Path, text: str) -> None:
    vocabulary = read_vocabulary(byte_level)
    ids = Tokenizer.from_file(str(byte_level)).encode(text, add_special_tokens=False).ids
    assert b"".join(map(vocabulary.spelling, ids)) == text.encode()
    assert vocabulary.can_spell(text.encode())


def test_special_tokens_spell_nothing_and_are_never_allowed(byte_level: Path) -> None:
    vocabulary = read_vocabulary(byte_level)
    assert vocabulary.specials == {name: token for token, name in enumerate(SPECIAL)}
    assert {vocabulary.spelling(token) for token in vocabulary.specials.values()} == {b""}
    assert not set(vocabulary.allowed(b"<")) & set(vocabulary.specials.values())
    assert vocabulary.spelling(10**6) == vocabulary.spelling(-1) == b""


def test_every_byte_string_can_be_forced_to_its_end(byte_level: Path) -> None:
    vocabulary = read_vocabulary(byte_level)
    rest = "größe 😀 ｜".encode()
    while rest:
        allowed = vocabulary.allowed(rest)
        assert allowed
        rest = vocabulary.after(rest, min(allowed, key=lambda token: len(vocabulary.spelling(token))))


def test_a_sentence_piece_vocabulary_is_read(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    model = {"vocab": {"<s>": 0, "<0x0A>": 1, "▁def": 2, "x": 3}}
    added = [{"id": 0, "content": "<s>", "special": True}, {"id": 4, "content": "<tab>", "special": False}]
    path.write_text(json.dumps({"model": model, "added_tokens": added, "decoder": {"type": "Sequence"}}))
    vocabulary = read_vocabulary(path)
    assert [vocabulary.spelling(token) for token in range(5)] == [b"", b"\n", b" def", b"x", b"<tab>"]


def test_marks_that_are_not_called_special_spell_nothing_either(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    model = {"vocab": {"<|file_sep|>": 0, "</s>": 1, "▁<EOT>": 2, "x": 3}}
    added = [{"id": 0, "content": "<|file_sep|>", "special": False}, {"id": 4, "content": "<think>", "special": False}]
    path.write_text(json.dumps({"model": model, "added_tokens": added, "decoder": {"type": "Sequence"}}))
    vocabulary = read_vocabulary(path)
    assert vocabulary.specials == {"<|file_sep|>": 0, "▁<EOT>": 2}
    assert [vocabulary.spelling(token) for token in range(5)] == [b"", b"</s>", b"", b"x", b"<think>"]


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"model": {"vocab": 3}}', '{"model": {"vocab": {"a": "b"}}}', None]
)
def test_what_is_no_vocabulary_is_refused(tmp_path: Path, content: Any) -> None:
    path = tmp_path / "tokenizer.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ModelError, match="vocabulary"):
        read_vocabulary(path)
