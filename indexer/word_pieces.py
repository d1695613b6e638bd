"""Text -> numbers of word pieces, sooner than the `tokenizers` library tells them.

Code repeats its words. Where a tokenizer cuts texts as the one of the shipped model does, what it gives for a text is
what it gives for each of its words, one after the other: the library is asked for a word once, then a look-up tells.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from indexer.remembered import Remembered
from indexer.terms import runs_of

# How the shipped tokenizer cuts, as its `tokenizer.json` says (`training/embedder_tokenizer.py` makes it): words inside
# of identifiers, in lower case; nothing but letters and digits. `_PART` cuts ASCII texts in the same way.
_CUTS = {
    "normalizer": {
        "type": "Sequence",
        "normalizers": [
            {
                "type": "Replace",
                "pattern": {"Regex": "(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])"},
                "content": " ",
            },
            {"type": "Lowercase"},
        ],
    },
    "pre_tokenizer": {
        "type": "Split",
        "pattern": {"Regex": "\\p{L}+|\\p{N}+"},
        "behavior": "Removed",
        "invert": True,
    },
    "post_processor": None,
    "truncation": None,
}
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
MAX_WORDS = 1 << 15

Pieces = npt.NDArray[np.int32]


class WordPieces:
    """What `Tokenizer.encode_batch` gives without special tokens. May be used from several threads."""

    def __init__(self, tokenizer: Any, text: str) -> None:
        """text: the tokenizer's JSON."""
        described = json.loads(text)
        self._tokenizer = tokenizer
        self._cuts_as_known = all(described.get(key) == value for key, value in _CUTS.items())
        self._added = tuple(str(token["content"]) for token in described.get("added_tokens") or ())
        # Numbers as bytes, int32 each: joined they are an array.
        self._of_runs = Remembered(self._of_run, MAX_WORDS)
        self._of_parts = Remembered(self._asked, MAX_WORDS)

    def of(self, texts: Sequence[str]) -> list[Pieces]:
        """The numbers of each text's pieces."""
        return [np.frombuffer(self._of_text(text), dtype=np.int32) for text in texts]

    def _of_text(self, text: str) -> bytes:
        if not self._cuts_as_known or not text.isascii() or any(token in text for token in self._added):
            return self._asked(text)
        return b"".join(map(self._of_runs.__getitem__, runs_of(text)))

    def _of_run(self, run: str) -> bytes:
        return b"".join(map(self._of_parts.__getitem__, map(str.lower, _PART.findall(run))))

    def _asked(self, text: str) -> bytes:
        return np.array(self._tokenizer.encode(text, add_special_tokens=False).ids, dtype=np.int32).tobytes()
