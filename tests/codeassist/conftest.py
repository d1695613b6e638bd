"""A small tokenizer of the shape that our models use: line-local byte-level BPE with DeepSeek's special tokens."""

from __future__ import annotations

from pathlib import Path

import pytest
import tokenizers
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from codeassist.fim import TEMPLATES
from codeassist.tokenizer import FileTokenizer

_PIECES = r"\A[ \t]+|[^\r\n\w]?\w+| ?[^\s\w]+\n?|\n|\s+"


def build_tokenizer(file: Path) -> None:
    """Write a tokenizer.json with a few merges, learnt from a few words."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(r"[^\n]*\n|[^\n]+"), behavior="isolated"),
            pre_tokenizers.Split(Regex(_PIECES), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=list(TEMPLATES["deepseek"].specials),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    words = ["def return self import value values print println    path", "    ", "        "]
    tokenizer.train_from_iterator(words * 50, trainer)
    tokenizer.save(str(file))


@pytest.fixture(scope="session")
def tokenizer_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    assert tokenizers.__version__
    file = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    build_tokenizer(file)
    return file


@pytest.fixture(scope="session")
def tokenizer(tokenizer_file: Path) -> FileTokenizer:
    return FileTokenizer(tokenizer_file)
