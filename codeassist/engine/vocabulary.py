"""What every token of a model spells, in bytes, and which tokens may come next while a text is forced.

Bytes, because tokens of a byte-level vocabulary end in the middle of code points.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from codeassist.errors import ModelError
from codeassist.fim_templates import MARKS, PIECES

_SPACE = "▁"  # SentencePiece writes a space so


class Vocabulary:
    """The spellings of all tokens. Special tokens spell nothing and are never allowed inside of a forced text."""

    def __init__(self, spellings: Sequence[bytes], specials: Mapping[str, int]) -> None:
        """spellings: by token id. specials: ids of special tokens by their name."""
        self.specials = dict(specials)
        self._spellings = tuple(spellings)
        self._sorted = sorted((spelling, token) for token, spelling in enumerate(spellings) if spelling)
        self._longest = max(map(len, spellings), default=0)

    def spelling(self, token: int) -> bytes:
        """Bytes of one token; nothing for special tokens and for ids that only pad the model's matrices."""
        return self._spellings[token] if 0 <= token < len(self._spellings) else b""

    def allowed(self, rest: bytes) -> list[int]:
        """Tokens that may come next while `rest` is to be spelled: its beginnings, and whatever begins with it."""
        beginnings = [rest[:length] for length in range(1, min(len(rest), self._longest + 1))]
        tokens = [token for beginning in beginnings for token in self._spelled(beginning, beginning + b"\x00")]
        return tokens + self._spelled(rest, _after_all_with(rest))

    def after(self, rest: bytes, token: int) -> bytes:
        """What is still to be spelled of `rest` once `token` was chosen."""
        return rest[len(self.spelling(token)) :]

    def can_spell(self, text: bytes) -> bool:
        """Whether `allowed` can never run dry: each byte is a token of its own."""
        return all(self._spelled(bytes((byte,)), bytes((byte, 0))) for byte in set(text))

    def _spelled(self, first: bytes, end: bytes | None) -> list[int]:
        """Tokens whose spelling is at least `first` and less than `end`."""
        start = bisect_left(self._sorted, (first, -1))
        stop = len(self._sorted) if end is None else bisect_left(self._sorted, (end, -1))
        return [token for _, token in self._sorted[start:stop]]


def read_vocabulary(path: Path) -> Vocabulary:
    """The vocabulary of a tokenizer.json: byte-level, or SentencePiece-like with byte fallback. Raises ModelError.

    Marks of prompts are special tokens even where the file does not call them so.
    """
    try:
        tokenizer = json.loads(path.read_text(encoding="utf-8"))
        pieces: dict[str, int] = tokenizer["model"]["vocab"]
        added: list[dict[str, Any]] = tokenizer.get("added_tokens", [])
        spell = _byte_level if "ByteLevel" in json.dumps(tokenizer.get("decoder")) else _sentence_piece
        specials = {piece: token for piece, token in pieces.items() if piece in PIECES}
        specials |= {
            entry["content"]: entry["id"] for entry in added if entry.get("special") or entry["content"] in MARKS
        }
        spelled = {entry["id"]: entry["content"].encode() for entry in added} | dict.fromkeys(specials.values(), b"")
        spelled |= {token: spell(piece) for piece, token in pieces.items() if token not in spelled}
        return Vocabulary([spelled.get(token, b"") for token in range(max(spelled) + 1)], specials)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{path} holds no vocabulary that we can read ({error!r}); fetch it again") from None


def _after_all_with(start: bytes) -> bytes | None:
    """The least spelling that is greater than all that begin with `start`; None when there is none."""
    kept = start.rstrip(b"\xff")
    return kept[:-1] + bytes((kept[-1] + 1,)) if kept else None


def _byte_level(piece: str) -> bytes:
    table = _byte_level_table()
    return bytes(table[character] for character in piece)


@cache
def _byte_level_table() -> dict[str, int]:
    """Source: GPT-2's encoder.py, bytes_to_unicode: printable Latin-1 stands for itself, the others follow U+0100."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + n): byte for n, byte in enumerate(others)}


def _sentence_piece(piece: str) -> bytes:
    if len(piece) == 6 and piece.startswith("<0x") and piece.endswith(">"):
        return bytes.fromhex(piece[3:5])
    return piece.replace(_SPACE, " ").encode()
