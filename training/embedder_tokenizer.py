"""The embedding model's tokenizer: lower-case words and the words inside of identifiers; punctuation tells nothing.

    python -m training.embedder_tokenizer OUT.json EVERY PART.jsonl...      (every n-th file)

PART: lines of {"repo", "path", "text"}, as `training.data` and `training.embedder_data` write them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from training.tokenizer import read_texts

VOCABULARY = 16_384
UNKNOWN = "[UNK]"
# Where a capital begins a word: fooBar, HTTPServer.
_HUMP = r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])"
_WORD = r"\p{L}+|\p{N}+"


def untrained() -> Tokenizer:
    """All rules, no vocabulary."""
    tokenizer = Tokenizer(models.WordPiece(unk_token=UNKNOWN))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Replace(Regex(_HUMP), " "), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(_WORD), "removed", invert=True)
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer


def train(texts: Iterator[str], vocabulary: int = VOCABULARY) -> Tokenizer:
    """A tokenizer trained on texts; id 0 stands for what it does not know."""
    tokenizer = untrained()
    trainer = trainers.WordPieceTrainer(
        vocab_size=vocabulary, special_tokens=[UNKNOWN], limit_alphabet=200, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def main(out: Path, every: int, files: list[Path]) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    train(read_texts(files, every)).save(str(out))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), [Path(argument) for argument in sys.argv[3:]])
