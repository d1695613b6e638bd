"""Prompts that come as text, as the model's own tokenizer reads them: special tokens that they spell are meant so."""

from __future__ import annotations

import json
from functools import cached_property
from itertools import takewhile
from pathlib import Path

import tokenizers


class TextPrompts:
    """One model's text prompts as token ids. The first one takes the time that reading its tokenizer takes."""

    def __init__(self, file: Path) -> None:
        """file: the model's tokenizer.json; tokenizer_config.json beside it may have the last word on BOS."""
        self._file = file

    def encode(self, text: str) -> tuple[int, ...]:
        """Ids with what the tokenizer puts in front, except that a text which begins with that token already gets no
        second one: the model has never seen two. What it puts behind would end the text, and is left out. Blocks; any
        thread may call it."""
        encoding = self._tokenizer.encode(text)
        is_added = encoding.special_tokens_mask  # those that the text spells are not marked
        n_first = sum(takewhile(bool, is_added))
        n_last = sum(takewhile(bool, reversed(is_added[n_first:])))
        ids = tuple(encoding.ids[: len(encoding.ids) - n_last])
        if not n_first and self._begin is not None and ids[:1] != (self._begin,):
            return (self._begin, *ids)
        return ids[1:] if n_first and ids[:1] == ids[1:2] else ids

    @cached_property
    def _tokenizer(self) -> tokenizers.Tokenizer:
        return tokenizers.Tokenizer.from_file(str(self._file))

    @cached_property
    def _begin(self) -> int | None:
        """What tokenizer_config.json says that texts begin with; DeepSeek-Coder-V2's tokenizer.json does not say it."""
        file = self._file.parent / "tokenizer_config.json"
        described = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        bos = described.get("bos_token")
        spelling = bos.get("content") if isinstance(bos, dict) else bos
        return self._tokenizer.token_to_id(spelling) if spelling and described.get("add_bos_token") is True else None
