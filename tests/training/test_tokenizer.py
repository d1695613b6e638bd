"""The tokenizer: line-local, reversible, DeepSeek's special tokens, a line's indentation by itself."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

import pytest
from tokenizers import Tokenizer
from transformers import AutoTokenizer

from codeassist.models.directory import shipped_model
from codeassist.tokenizer import FileTokenizer
from training.tokenizer import SPECIALS, VOCABULARY, train

TEXT = "def f(x):\n\treturn  x.append( y)[0]\n\n\n    naïve = '日本' # 12345\nlast \u2028 one\x0c\r"
SHIPPED = shipped_model() / "tokenizer.json"


@pytest.fixture(scope="module", params=["fresh", "shipped"])
def tokenizer(request: pytest.FixtureRequest) -> Tokenizer:
    if request.param == "shipped":
        return Tokenizer.from_file(str(SHIPPED))
    return train(iter([TEXT] * 3), vocabulary=400)


def ids(tokenizer: Tokenizer, text: str) -> list[int]:
    found: list[int] = tokenizer.encode(text, add_special_tokens=False).ids
    return found


@pytest.mark.parametrize("text", [TEXT, Path(__file__).read_text(encoding="utf-8"), "\n", " \n \n", "a\n\n  b"])
def test_tokens_of_a_text_are_those_of_its_lines(tokenizer: Tokenizer, text: str) -> None:
    lines = [line + "\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    assert ids(tokenizer, text) == list(chain.from_iterable(ids(tokenizer, line) for line in lines))


def test_every_text_comes_back(tokenizer: Tokenizer) -> None:
    assert tokenizer.decode(ids(tokenizer, TEXT)) == TEXT


def test_indentation_is_a_piece_of_its_own(tokenizer: Tokenizer) -> None:
    assert ids(tokenizer, "        return x\n") == ids(tokenizer, "        ") + ids(tokenizer, "return x\n")


def test_special_tokens_come_first_and_bos_is_added_once(tokenizer: Tokenizer) -> None:
    assert [tokenizer.token_to_id(special) for special in SPECIALS] == list(range(len(SPECIALS)))
    assert tokenizer.encode("x").ids == [0, *ids(tokenizer, "x")]


def test_the_shipped_tokenizer_loads_in_transformers() -> None:
    loaded = AutoTokenizer.from_pretrained(shipped_model())
    assert len(loaded) == VOCABULARY
    assert (loaded.bos_token_id, loaded.eos_token_id, loaded.pad_token_id) == (0, 1, 5)
    assert loaded(TEXT).input_ids == Tokenizer.from_file(str(SHIPPED)).encode(TEXT).ids


@pytest.mark.parametrize(
    ("left", "offset"), [("    return cart.su", 15), ("        ", 0), ("x = f(", 5), ("    a = ", 7)]
)
def test_healing_starts_at_a_piece(left: str, offset: int) -> None:
    assert FileTokenizer(SHIPPED).heal_offset(left) == offset
