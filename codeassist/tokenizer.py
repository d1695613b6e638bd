"""A model's own tokenizer, read from its tokenizer.json, without loading the model."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from pathlib import Path

import tokenizers

from codeassist.errors import ModelError

# A prompt is made of a few hundred pieces (slots, groups of lines); several open files stay warm in this many.
_CACHED_PIECES = 8192


class FileTokenizer:
    """Implements `protocols.Tokenizer` over a `tokenizer.json` file.

    Encoding is cached by text: between two keystrokes all pieces of a prompt but one or two are the same.
    """

    def __init__(self, path: Path) -> None:
        """Raises ModelError when the file is missing or is no tokenizer."""
        self._tokenizer = _load(path)
        self._tokenizer.encode_special_tokens = True  # a file that spells a special token does not get one
        self._cached_encode = functools.lru_cache(maxsize=_CACHED_PIECES)(self._encode)

    def encode(self, text: str) -> tuple[int, ...]:
        """Ids of plain text, without BOS."""
        return self._cached_encode(text)

    def decode(self, ids: Sequence[int]) -> str:
        """Text of ids, special tokens spelled out; ids that the vocabulary lacks vanish."""
        return str(self._tokenizer.decode(list(ids), skip_special_tokens=False))

    def special(self, spelling: str) -> int:
        """Id of a special token. Raises ModelError when the vocabulary lacks it."""
        token_id = self._tokenizer.token_to_id(spelling)
        if token_id is None:
            raise ModelError(f"the tokenizer has no token {spelling!r}; choose another `engine.template`")
        return int(token_id)

    def heal_offset(self, text: str) -> int:
        """Start of the last pre-token, white space at the end included; 0 for one piece, len(text) never.

        Merges of a byte-level BPE stay inside of a pre-token, so only the last one can change with the next key.
        """
        pieces = self._tokenizer.pre_tokenizer.pre_tokenize_str(text)
        start = len(text)
        for _, (begin, _) in reversed(pieces):
            start = begin
            if text[begin:].strip():
                break
            if begin and not text[begin - 1].isspace():
                break
        return int(start)

    def _encode(self, text: str) -> tuple[int, ...]:
        return tuple(self._tokenizer.encode(text, add_special_tokens=False).ids)


def _load(path: Path) -> tokenizers.Tokenizer:
    try:
        json.loads(path.read_text(encoding="utf-8"))
        return tokenizers.Tokenizer.from_file(str(path))
    except OSError as error:
        raise ModelError(f"no tokenizer at {path}: {error.strerror}; is the model directory complete?") from error
    except Exception as error:  # the Rust library raises bare Exception for a file it cannot use
        raise ModelError(f"{path} is no tokenizer.json that can be used: {error}") from error
