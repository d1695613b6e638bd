"""Word pieces by look-up are those of the `tokenizers` library."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from typing import Any

import pytest
from tokenizers import Tokenizer

from codeassist.models.directory import shipped_embedder
from indexer import word_pieces
from indexer.word_pieces import WordPieces

TEXT = (shipped_embedder() / "tokenizer.json").read_text(encoding="utf-8")
PARTS = (
    "load", "HTTPServer", "aB", "ABc", "x1Y2", "__init__", "3d", " ", "\n", "\t", ".", "_", "-", "ß", "é", "Äpfel",
    "日本", "²", "\u0301", "[UNK]", "İ", "(", "Z" * 120, "q" * 120, "7" * 120, "\x00", "\u200b",
)  # fmt: skip


def library(text: str = TEXT) -> Any:
    return Tokenizer.from_str(text)


def asked(tokenizer: Any, texts: Sequence[str]) -> list[list[int]]:
    return [encoding.ids for encoding in tokenizer.encode_batch(list(texts), add_special_tokens=False)]


def random_texts(seed: int) -> list[str]:
    rng = random.Random(seed)
    ascii_parts = [part for part in PARTS if part.isascii()]
    return ["".join(rng.choices(rng.choice([PARTS, ascii_parts]), k=rng.randrange(30))) for _ in range(300)]


@pytest.mark.parametrize("seed", range(5))
def test_the_pieces_are_those_of_the_library(seed: int) -> None:
    texts = random_texts(seed)
    assert list(map(list, WordPieces(library(), TEXT).of(texts))) == asked(library(), texts)


class Counting:
    """A tokenizer that counts what it is asked."""

    def __init__(self) -> None:
        self.n_asked = 0
        self._library = library()

    def encode(self, text: str, *, add_special_tokens: bool) -> Any:
        self.n_asked += 1
        return self._library.encode(text, add_special_tokens=add_special_tokens)


def test_the_library_is_asked_once_for_a_word() -> None:
    counting = Counting()
    WordPieces(counting, TEXT).of(["load_user = loadUser(user)", "user.load(User)"])
    assert counting.n_asked == 2


def test_a_tokenizer_that_cuts_otherwise_is_asked_for_whole_texts() -> None:
    described = json.loads(TEXT)
    described["pre_tokenizer"] = {"type": "BertPreTokenizer"}
    text, texts = json.dumps(described), ["f(x) = [y]", "a-b"]
    counting = Counting()
    assert list(map(list, WordPieces(library(text), text).of(texts))) == asked(library(text), texts)
    WordPieces(counting, text).of(texts)
    assert counting.n_asked == len(texts)


def test_what_is_remembered_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word_pieces, "MAX_WORDS", 3)
    texts = random_texts(9)
    assert list(map(list, WordPieces(library(), TEXT).of(texts))) == asked(library(), texts)
