"""A prompt that was made for one model, for another one: special tokens are spelled as that one spells them (pure, but
for reading the first model's tokenizer)."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from codeassist.errors import ModelError
from codeassist.fim import TEMPLATES, Slot, break_specials, prompt_text, render_fim
from codeassist.fim_templates import Place, Template, as_text
from codeassist.tokenizer import FileTokenizer
from codeassist.types import GenerationRequest, ModelInfo
from codeassist.window import Window


def retold(request: GenerationRequest, first: ModelInfo, second: ModelInfo) -> GenerationRequest:
    """The request, as a text that the second engine tokenises itself; adapters are the first one's. Raises
    ModelError."""
    if request.score_last:
        raise ModelError(f"it scores other tokens than {first.name}; ask again once that answers")
    request = replace(request, adapter="")
    text = request.prompt if isinstance(request.prompt, str) else _spelled(request.prompt, first)
    one, other = TEMPLATES.get(first.template), TEMPLATES.get(second.template)
    if one is None or other is None:
        return replace(request, prompt=text)
    own = {*one.stop, *one.stop_texts}
    ends = other.stop if second.tokenizer else other.stop_texts
    stop = tuple(dict.fromkeys([*(stop for stop in request.stop if stop not in own), *ends]))
    return replace(request, prompt=respelled(text, one, other), stop=stop)


def respelled(text: str, one: Template, other: Template) -> str:
    """A prompt's text in another template. BOS goes: whoever tokenises text adds its own.

    What is code in it spells no special token of the other template afterwards.
    """
    marks = (one.begin, one.hole, one.end, one.file, one.repository)
    spelled = "|".join(re.escape(mark) for mark in marks if mark)
    first, *pieces = re.split(f"({spelled})", _as_the_vocabulary_has_it(text, one).removeprefix(one.bos))
    told = list(zip(pieces[::2], pieces[1::2], strict=True))
    if first or any(pieces[::2].count(mark) != 1 for mark in marks[:3] if mark):  # no gap in a text
        return break_specials("".join((first, *pieces[1::2])), other)
    window, slots = _gap(told, one)
    return prompt_text(render_fim(other, window, slots, len(window.left)), other)


def _as_the_vocabulary_has_it(text: str, template: Template) -> str:
    for mark in template.needed:
        if mark != as_text(mark):
            text = re.sub(f"[{mark[0]} ]?{re.escape(mark[1:])}", mark, text)
    return text


def _gap(told: list[tuple[str, str]], template: Template) -> tuple[Window, list[Slot]]:
    """What a prompt shows. told: its marks, each with the text behind it."""
    behind = dict(told)
    files = [text.partition("\n") for mark, text in told if mark == template.file]
    slots = [Slot(path, 1, 1, code, "") for path, _, code in files if code.strip()]
    path = next((path for path, _, code in files if not code.strip()), "")
    prefix = behind[_mark_of("above", template)].removeprefix(template.lead)
    if files and template.order.index("path") > template.order.index("begin"):
        path, _, prefix = prefix.partition("\n")
    head, end, left = prefix.rpartition("\n")
    above = head + end
    if _mark_of("left", template) != _mark_of("above", template):
        above, left = prefix, behind[_mark_of("left", template)]
    suffix = behind[_mark_of("suffix", template)]
    return Window(path, "", 0, 0, 0, (above,) if above else (), left, suffix, ()), slots


def _mark_of(place: Place, template: Template) -> str:
    """The mark behind which a template has a text."""
    marks = {"begin": template.begin, "hole": template.hole, "end": template.end}
    before = template.order[: template.order.index(place)]
    return next(mark for known in reversed(before) if (mark := marks.get(known, "")))


def _spelled(ids: tuple[int, ...], info: ModelInfo) -> str:
    if info.tokenizer is None:
        raise ModelError(f"the prompt is token ids of {info.name}, whose tokenizer is not here; set engine.tokenizer")
    return _tokenizer(info.tokenizer).decode(ids)


@lru_cache(maxsize=1)
def _tokenizer(file: Path) -> FileTokenizer:
    return FileTokenizer(file)
