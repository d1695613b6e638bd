"""A model's own tokenizer, read from its tokenizer.json, without loading the model."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import tokenizers

from codeassist.errors import ModelError
from codeassist.fim_templates import MARKS, PIECES, as_text
from codeassist.token_seams import Seams

# A prompt is made of a few hundred pieces (slots, groups of lines); dozens of open files stay warm in this many tokens.
_CACHED_TOKENS = 1 << 17
# As most files have it; of its settings a decoder heeds none.
_BYTE_LEVEL_DECODER = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}
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
        described, self._tokenizer = _loaded(path, _without_lead)
        self._splits = "ByteLevel" in json.dumps(described.get("decoder"))
        self._marks = _make_special(self._tokenizer, described)
        self._tokenizer.encode_special_tokens = True  # a file that spells a special token does not get one
        self._encodings = Encodings(self._encode)

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
        """Start of what may tokenise differently with the next key; 0 for one piece, len(text) never.

        Merges of a byte-level BPE stay inside of a pre-token, so only the last one can, with white space at the end.
        Where nothing splits the text before it is merged, the vocabulary tells.
        """
        return self._last_piece(text) if self._splits else self._seams.last(text)

    def _last_piece(self, text: str) -> int:
        start = len(text)
        for _, (begin, _) in reversed(self._tokenizer.pre_tokenizer.pre_tokenize_str(text)):
            start = begin
            if text[begin:].strip():
                break
            if begin and not text[begin - 1].isspace():
                break
        return int(start)

    @cached_property
    def _seams(self) -> Seams:
        return Seams(piece.replace("▁", " ") for piece in self._tokenizer.get_vocab(with_added_tokens=True))

    def _encode(self, text: str) -> Sequence[int]:
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids if self._marks.isdisjoint(ids) else list(self._spelt_out(ids))

    def _spelt_out(self, ids: Sequence[int]) -> Iterator[int]:
        """Ids without marks: SentencePiece merges a text that spells one to its id, but never a single character."""
        for token in ids:
            if token not in self._marks:
                yield token
                continue
            for character in as_text(str(self._tokenizer.id_to_token(token))):
                yield from self._tokenizer.encode(character, add_special_tokens=False).ids


def load_tokenizer(path: Path) -> tokenizers.Tokenizer:
    """A tokenizer.json as it is. Raises ModelError."""
    return _loaded(path, lambda described: described)[1]


def _loaded(
    path: Path, change: Callable[[dict[str, Any]], dict[str, Any]]
) -> tuple[Mapping[str, Any], tokenizers.Tokenizer]:
    """What the file says, and the tokenizer that it is once that is changed."""
    try:
        described = json.loads(path.read_text(encoding="utf-8"))
        changed = change(described)
        if changed == described:
            return described, tokenizers.Tokenizer.from_file(str(path))
        return described, tokenizers.Tokenizer.from_str(json.dumps(changed))
    except OSError as error:
        raise ModelError(f"no tokenizer at {path}: {error.strerror}; is the model directory complete?") from error
    except Exception as error:  # the Rust library raises bare Exception for a file it cannot use
        raise ModelError(f"{path} is no tokenizer.json that can be used: {error}") from error


def _without_lead(described: dict[str, Any]) -> dict[str, Any]:
    """A tokenizer.json without what puts a blank in front of a text, or takes one away: a prompt has many parts."""
    steps = ("normalizer", "pre_tokenizer", "decoder")
    return described | {name: _bare(described[name]) for name in steps if name in described}


def _bare(step: Any) -> Any:
    if not isinstance(step, dict) or step == _BYTE_LEVEL_DECODER:
        return step
    if step.get("type") in ("Prepend", "Strip") and step.get("content", " ") == " ":
        return None
    if step.get("type") == "Metaspace":
        return {**step, "prepend_scheme": "never", "add_prefix_space": False}
    if step.get("type") == "ByteLevel":
        return {**step, "add_prefix_space": False}
    bare = {key: [_bare(one) for one in value] for key, value in step.items() if isinstance(value, list)}
    return step | {key: [one for one in value if one is not None] for key, value in bare.items()}


def _make_special(tokenizer: tokenizers.Tokenizer, described: Mapping[str, Any]) -> frozenset[int]:
    """The ids that no text may get. Qwen2.5-Coder's, DeepSeek-Coder's and CodeGemma's marks are not called special by
    their own tokenizers, which then find them in any text."""
    added = tokenizer.get_added_tokens_decoder()
    plain = [token.content for token in added.values() if token.content in MARKS and not token.special]
    tokenizer.add_special_tokens(
        [tokenizers.AddedToken(spelling, normalized=False, special=True) for spelling in plain]
    )
    ids = {number for number, token in added.items() if token.special or token.content in MARKS}
    ids.update(number for piece in PIECES if (number := tokenizer.token_to_id(piece)) is not None)
    return frozenset(ids - {tokenizer.token_to_id(str(described["model"].get("unk_token")))})
