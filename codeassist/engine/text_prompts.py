"""Prompts that come as text, as the model's own tokenizer reads them: special tokens that they spell are meant so."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import tokenizers


class TextPrompts:
    """One model's text prompts as token ids. The first one takes the time that reading its tokenizer takes."""

    def __init__(self, file: Path) -> None:
        """file: the model's tokenizer.json."""
        self._file = file

    def encode(self, text: str) -> tuple[int, ...]:
        """Ids with what the tokenizer adds, except that a text which begins with that token already gets no second
        one: the model has never seen two. Blocks; any thread may call it."""
        encoding = self._tokenizer.encode(text)
        ids = tuple(encoding.ids)
        is_first_added = encoding.special_tokens_mask[:1] == [1]  # those that the text spells are not marked
        return ids[1:] if is_first_added and ids[:1] == ids[1:2] else ids

    @cached_property
    def _tokenizer(self) -> tokenizers.Tokenizer:
        return tokenizers.Tokenizer.from_file(str(self._file))
