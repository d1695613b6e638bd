from __future__ import annotations

from pathlib import Path

import pytest

from codeassist.engine.vocabulary import read_vocabulary
from codeassist.errors import ModelError
from codeassist.models.directory import shipped_model
from codeassist.tokenizer import Encodings, FileTokenizer


def test_text_that_spells_a_special_token_stays_text(tokenizer: FileTokenizer) -> None:
    spelling = "<｜fim▁hole｜>"
    special = tokenizer.special(spelling)
    ids = tokenizer.encode(f"x = '{spelling}'")
    assert special not in ids
    assert tokenizer.decode(ids) == f"x = '{spelling}'"


@pytest.mark.parametrize(
    ("text", "forced"),
    [
        ("return val", " val"),
        ("    return ", " "),
        ("    ", "    "),
        ("self.path", ".path"),
        ("print(", "("),
        ("x  =   ", "   "),
        ("", ""),
        ("é + nam", " nam"),
    ],
)
def test_healing_takes_the_last_piece_back(tokenizer: FileTokenizer, text: str, forced: str) -> None:
    assert text[tokenizer.heal_offset(text) :] == forced


def test_tokens_of_a_text_are_the_tokens_of_its_lines(tokenizer: FileTokenizer) -> None:
    text = "def f():\n\n    return 1\n\t x\n"
    lines = [token for line in text.splitlines(keepends=True) for token in tokenizer.encode(line)]
    assert tokenizer.encode(text) == tuple(lines)


def test_no_more_tokens_are_held_than_twice_the_limit_however_many_texts_were_asked_for() -> None:
    encodings = Encodings(lambda text: [ord(character) for character in text], limit=1000)
    for number in range(500):
        assert encodings.of(f"line {number}") == tuple(map(ord, f"line {number}"))
        assert len(encodings) < 2 * 1000 + 100


def test_what_is_asked_for_again_and_again_is_encoded_once() -> None:
    asked: list[str] = []

    def encode(text: str) -> list[int]:
        asked.append(text)
        return [len(text)]

    encodings = Encodings(encode, limit=200)
    for number in range(100):
        encodings.of("def area():")
        encodings.of(f"line {number}")
    assert asked.count("def area():") == 1


def test_the_same_id_is_one_object_in_all_texts() -> None:
    encodings = Encodings(lambda text: [int(word) for word in text.split()])
    one, other = encodings.of("70000 1"), encodings.of("2 70000")
    assert one[0] is other[1]


@pytest.mark.parametrize("content", [None, b"", b"{}", b"\xff\xfe", b'{"model": 3}'])
def test_a_broken_tokenizer_is_a_model_error_that_names_the_file(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "tokenizer.json"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ModelError, match=r"tokenizer\.json"):
        FileTokenizer(file)


def test_a_missing_special_token_names_the_remedy(tokenizer: FileTokenizer) -> None:
    with pytest.raises(ModelError, match=r"engine\.template"):
        tokenizer.special("<|fim_prefix|>")


@pytest.fixture(scope="module")
def shipped() -> FileTokenizer:
    return FileTokenizer(shipped_model() / "tokenizer.json")


@pytest.mark.parametrize(
    ("left", "whole"),
    [
        ("x = self.conf", "x = self.config"),
        ("x = self.co", "x = self.config"),
        ("return val", "return value"),
        ("import nump", "import numpy"),
        ("def test_par", "def test_parse"),
        ("for na", "for name in names:"),
        ("raise Val", "raise ValueError("),
        ("x = HTTPRes", "x = HTTPResponse()"),
        ("if not is_", "if not is_ready"),
        ("x = naïv", "x = naïve"),
        ("    ret", "    return"),
        ("x = 12", "x = 128"),
    ],
)
def test_a_half_word_may_go_on_in_the_models_own_tokens(shipped: FileTokenizer, left: str, whole: str) -> None:
    """The tokens of the whole line are the prompt's, and then such as the forced text allows, one after the other."""
    vocabulary = read_vocabulary(shipped_model() / "tokenizer.json")
    at = shipped.heal_offset(left)
    kept, rest = shipped.encode(left[:at]), left[at:].encode()
    tokens = shipped.encode(whole)
    assert tokens[: len(kept)] == kept
    for token in tokens[len(kept) :]:
        if not rest:
            break
        assert token in vocabulary.allowed(rest)
        rest = vocabulary.after(rest, token)
    assert not rest
