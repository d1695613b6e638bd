"""Small tokenizers of the kinds that models bring along, learnt from some of our own sources."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

import codeassist

_SOURCES = ("fim.py", "window.py", "trim.py", "tokenizer.py")
TEXTS = tuple((Path(codeassist.__file__).parent / name).read_text(encoding="utf-8") for name in _SOURCES)
LINES = tuple(dict.fromkeys(line for text in TEXTS for line in text.split("\n") if line.strip() and "▁" not in line))

_QWEN_PIECES = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_PREPEND = {"type": "Prepend", "prepend": "▁"}
_REPLACE = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
_SPELL = [
    {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
    {"type": "ByteFallback"},
    {"type": "Fuse"},
]
_STRIP = {"type": "Strip", "content": " ", "start": 1, "stop": 0}
_METASPACE = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": False}
_OLD_METASPACE = {"type": "Metaspace", "replacement": "▁", "add_prefix_space": True}
_SPLIT = {"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious", "invert": False}

# normalizer, pre_tokenizer and decoder of a tokenizer.json.
_STEPS: Mapping[str, tuple[Any, Any, Any]] = {
    "llama": (
        {"type": "Sequence", "normalizers": [_PREPEND, _REPLACE]},
        None,
        {"type": "Sequence", "decoders": [*_SPELL, _STRIP]},
    ),
    "mistral": (None, _METASPACE, {"type": "Sequence", "decoders": [*_SPELL, _STRIP]}),
    "gemma": (_REPLACE, _SPLIT, {"type": "Sequence", "decoders": _SPELL}),
    "old-metaspace": (
        None,
        _OLD_METASPACE,
        {"type": "Sequence", "decoders": [{"type": "ByteFallback"}, _OLD_METASPACE]},
    ),
}
KINDS = ("byte-level", *_STEPS)


def write_tokenizer(file: Path, kind: str, marks: Sequence[str] = (), bos: str = "") -> Path:
    """A tokenizer.json of this kind, with these marks as added tokens that are not called special.

    Marks that begin with SentencePiece's blank are pieces of the vocabulary, which merges lead to. bos: what it puts in
    front of a text.
    """
    described = _byte_level() if kind == "byte-level" else _sentence_pieces(*_STEPS[kind])
    vocabulary: dict[str, int] = described["model"]["vocab"]
    for mark in marks:
        if mark.startswith("▁"):
            _merge_to(mark, vocabulary, described["model"]["merges"])
        elif mark not in vocabulary:
            vocabulary[mark] = len(vocabulary)
    described["added_tokens"] += [
        _added(mark, vocabulary[mark], special=mark == bos) for mark in dict.fromkeys(marks) if not mark.startswith("▁")
    ]
    if bos:
        described["post_processor"] = _beginning_with(bos, vocabulary[bos])
    file.write_text(json.dumps(described), encoding="utf-8")
    return file


def _byte_level() -> dict[str, Any]:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_QWEN_PIECES), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    _train(tokenizer, pre_tokenizers.ByteLevel.alphabet(), lambda text: [text])
    return dict(json.loads(tokenizer.to_str()))


def _sentence_pieces(normalizer: Any, pre_tokenizer: Any, decoder: Any) -> dict[str, Any]:
    """Merges over whole lines, so that there are tokens with blanks and signs in their midst."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    _train(tokenizer, [], lambda text: text.replace(" ", "▁").split("\n"))
    described = dict(json.loads(tokenizer.to_str()))
    described |= {"normalizer": normalizer, "pre_tokenizer": pre_tokenizer, "decoder": decoder}
    vocabulary = described["model"]["vocab"]
    for piece in ("<unk>", *(f"<0x{byte:02X}>" for byte in range(256))):
        vocabulary.setdefault(piece, len(vocabulary))
    described["added_tokens"] = [_added("<unk>", vocabulary["<unk>"], special=True)]
    return described


def _train(tokenizer: Tokenizer, alphabet: list[str], split: Callable[[str], list[str]]) -> None:
    trainer = trainers.BpeTrainer(vocab_size=900, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(itertools.chain.from_iterable(map(split, TEXTS)), trainer)


def _merge_to(mark: str, vocabulary: dict[str, int], merges: list[Any]) -> None:
    for end, character in enumerate(mark):
        for piece in (character, mark[: end + 1]):
            vocabulary.setdefault(piece, len(vocabulary))
        if end:
            merges.insert(end - 1, [mark[:end], character])


def _added(content: str, number: int, *, special: bool) -> dict[str, Any]:
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    return {"id": number, "content": content, "special": special, **flags}


def _beginning_with(bos: str, number: int) -> dict[str, Any]:
    single = [{"SpecialToken": {"id": bos, "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]
    pair = [*single, {"Sequence": {"id": "B", "type_id": 1}}]
    specials = {bos: {"id": bos, "ids": [number], "tokens": [bos]}}
    return {"type": "TemplateProcessing", "single": single, "pair": pair, "special_tokens": specials}
