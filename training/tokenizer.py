"""The model's tokenizer: byte-level BPE that never crosses a line and keeps a line's indentation by itself.

    python -m training.tokenizer OUT EVERY PART.jsonl...      (every n-th file)

The tokens of a text are the tokens of its lines, one after the other, so files are tokenised once and prompts are
put together from whole lines. Written as tokenizer.json and tokenizer_config.json.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

VOCABULARY = 16_384
CONTEXT_TOKENS = 8192
BOS = "<｜begin▁of▁sentence｜>"
EOS = "<｜end▁of▁sentence｜>"
FIM_BEGIN = "<｜fim▁begin｜>"
FIM_HOLE = "<｜fim▁hole｜>"
FIM_END = "<｜fim▁end｜>"
PAD = "<｜▁pad▁｜>"
# Their ids are their places.
SPECIALS = (BOS, EOS, FIM_BEGIN, FIM_HOLE, FIM_END, PAD)

_LINE = r"[^\n]*\n|[^\n]+"
_PIECES = r"\A[ \t]+|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+\n?|\n|[^\S\n]+(?!\S)|[^\S\n]+"
# A text of the training sample is cut here: no single file may shape the merges.
_MAX_CHARS = 20_000


def untrained() -> Tokenizer:
    """A tokenizer with all rules and no merges."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_LINE), "isolated"),
            pre_tokenizers.Split(Regex(_PIECES), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def train(texts: Iterator[str], vocabulary: int = VOCABULARY) -> Tokenizer:
    """A tokenizer trained on texts; `vocabulary` counts the specials, which come first."""
    tokenizer = untrained()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[AddedToken(special, normalized=False, special=True) for special in SPECIALS],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        max_token_length=32,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A", pair=f"{BOS} $A $B", special_tokens=[(BOS, SPECIALS.index(BOS))]
    )
    return tokenizer


def save(tokenizer: Tokenizer, folder: Path, context_tokens: int) -> None:
    """The two files that transformers and vLLM read."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": BOS,
        "eos_token": EOS,
        "pad_token": PAD,
        "additional_special_tokens": [FIM_BEGIN, FIM_HOLE, FIM_END],
        "model_max_length": context_tokens,
        "clean_up_tokenization_spaces": False,
    }
    text = json.dumps(settings, indent=2, ensure_ascii=False) + "\n"
    (folder / "tokenizer_config.json").write_text(text, encoding="utf-8")


def read_texts(files: list[Path], every: int) -> Iterator[str]:
    """Every n-th text of JSON lines, behind what names its file, cut to a fair share."""
    for file in files:
        with file.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines):
                if number % every == 0:
                    yield json.loads(line)["text"][:_MAX_CHARS]


def main(out: Path, files: list[Path], every: int) -> None:
    save(train(read_texts(files, every)), out, CONTEXT_TOKENS)


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(argument) for argument in sys.argv[3:]], int(sys.argv[2]))
