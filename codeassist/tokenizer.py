"""A model's own tokenizer, read from its tokenizer.json, without loading the model."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import tokenizers

from codeassist.errors import ModelError

# A prompt is made of a few hundred pieces (slots, groups of lines); dozens of open files stay warm in this many tokens.
_CACHED_TOKENS = 1 << 17
# What a piece takes up beside its tokens, in tokens: some 200 bytes.
_PIECE_TOKENS = 20


class Encodings:
    """The tokens of the texts that were asked for lately. May be used from any thread.

    When `limit` tokens are in it it starts over, and takes with it what is asked for again: it holds twice as many at
    most, of 12 bytes each (a reference, and its characters).
    """

    def __init__(self, encode: Callable[[str], Sequence[int]], limit: int = _CACHED_TOKENS) -> None:
        self._encode = encode
        self._limit = limit
        self._n_tokens = 0
        self._now: dict[str, tuple[int, ...]] = {}
        self._before: dict[str, tuple[int, ...]] = {}
        # Each id stands in memory once: as numbers of their own they would take up four times the room.
        self._ids: dict[int, int] = {}

    def __len__(self) -> int:
        """How many tokens are held."""
        return sum(len(ids) + _PIECE_TOKENS for held in (self._now, self._before) for ids in held.values())

    def of(self, text: str) -> tuple[int, ...]:
        """The tokens of a text."""
        found = self._now.get(text)
        return found if found is not None else self._taken_in(text)

    def _taken_in(self, text: str) -> tuple[int, ...]:
        found = self._before.get(text)
        if found is None:
            ids = self._encode(text)
            found = tuple(map(self._ids.setdefault, ids, ids))
        if self._n_tokens >= self._limit:
            self._before, self._now, self._n_tokens = self._now, {}, 0
        self._now[text] = found
        self._n_tokens += len(found) + _PIECE_TOKENS
        return found


class FileTokenizer:
    """Implements `protocols.Tokenizer` over a `tokenizer.json` file.

    Encoding is cached by text: between two keystrokes all pieces of a prompt but one or two are the same.
    """

    def __init__(self, path: Path) -> None:
        """Raises ModelError when the file is missing or is no tokenizer."""
        self._tokenizer = _load(path)
        self._tokenizer.encode_special_tokens = True  # a file that spells a special token does not get one
        self._encodings = Encodings(lambda text: self._tokenizer.encode(text, add_special_tokens=False).ids)

    def encode(self, text: str) -> tuple[int, ...]:
        """Ids of plain text, without BOS."""
        return self._encodings.of(text)

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


def _load(path: Path) -> tokenizers.Tokenizer:
    try:
        json.loads(path.read_text(encoding="utf-8"))
        return tokenizers.Tokenizer.from_file(str(path))
    except OSError as error:
        raise ModelError(f"no tokenizer at {path}: {error.strerror}; is the model directory complete?") from error
    except Exception as error:  # the Rust library raises bare Exception for a file it cannot use
        raise ModelError(f"{path} is no tokenizer.json that can be used: {error}") from error
