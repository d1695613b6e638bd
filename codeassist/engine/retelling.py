"""A prompt that was made for one model, for another one: special tokens are spelled as that one spells them (pure, but
for reading the first model's tokenizer)."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from codeassist.errors import ModelError
from codeassist.fim import TEMPLATES, Template, break_specials
from codeassist.tokenizer import FileTokenizer
from codeassist.types import GenerationRequest, ModelInfo


def retold(request: GenerationRequest, first: ModelInfo, second: ModelInfo) -> GenerationRequest:
    """The request, as a text that the second engine tokenises itself; adapters are the first one's. Raises
    ModelError."""
    request = replace(request, adapter="")
    text = request.prompt if isinstance(request.prompt, str) else _spelled(request.prompt, first)
    one, other = TEMPLATES.get(first.template), TEMPLATES.get(second.template)
    if one is None or other is None:
        return replace(request, prompt=text)
    stop = tuple(dict.fromkeys([*(stop for stop in request.stop if stop not in one.stop), *other.stop]))
    return replace(request, prompt=respelled(text, one, other), stop=stop)


def respelled(text: str, one: Template, other: Template) -> str:
    """A prompt's text in another template. BOS goes: whoever tokenises text adds its own.

    What is code in it spells no special token of the other template afterwards.
    """
    spellings = {one.bos: "", one.begin: other.begin, one.hole: other.hole, one.end: other.end}
    specials = [re.escape(spelling) for spelling in spellings if spelling]
    pieces = re.split(f"({'|'.join(specials)})", text)
    return "".join(spellings[piece] if piece in spellings else break_specials(piece, other) for piece in pieces)


def _spelled(ids: tuple[int, ...], info: ModelInfo) -> str:
    if info.tokenizer is None:
        raise ModelError(f"the prompt is token ids of {info.name}, whose tokenizer is not here; set engine.tokenizer")
    return _tokenizer(info.tokenizer).decode(ids)


@lru_cache(maxsize=1)
def _tokenizer(file: Path) -> FileTokenizer:
    return FileTokenizer(file)
