"""Fill-in-the-middle prompts. Pure: values in, parts out; golden-tested.

    BOS BEGIN  slot slot ...  path line, lines above   HOLE  right of the cursor, lines below   END  left of the cursor

or in the order that the template has; `fim_templates` is the data. The cursor's line stands last, so a keystroke on it
changes only the tail and everything before stays in the engine's KV cache. Each part is tokenised by itself, so a part
that stays keeps its tokens.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from codeassist.documents import comment_leader
from codeassist.fim_templates import TEMPLATES, Place, Template, as_text, find_template
from codeassist.protocols import Tokenizer
from codeassist.window import Window
from indexer.types import shown_path

__all__ = [
    "TEMPLATES",
    "Part",
    "Prompt",
    "Slot",
    "Template",
    "break_specials",
    "estimated_ids",
    "find_template",
    "path_line",
    "prompt_ids",
    "prompt_text",
    "render_fim",
]

PartKind = Literal["special", "slot", "above", "suffix", "left"]

# A repository whose name nobody knows: what llama.cpp's server calls it.
_REPOSITORY = "myproject\n"


@dataclass(frozen=True, slots=True)
class Slot:
    """A piece of code from elsewhere, as the prompt shows it. Lines are 1-based and inclusive."""

    path: str
    start_line: int
    end_line: int
    code: str
    why: str

    @property
    def text(self) -> str:
        """Path comment, where there is a path to show, code, blank line."""
        path = shown_path(self.path)
        return f"{path_line(path) if path else ''}{self.code.rstrip()}\n\n"


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a prompt that is tokenised by itself."""

    kind: PartKind
    text: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """A rendered prompt. forced_prefix: the end of the left side that the answer must begin with (token healing)."""

    parts: tuple[Part, ...]
    forced_prefix: str


def path_line(path: str) -> str:
    """A comment line that names a file, in the file's own language."""
    return f"{comment_leader(path)} {_printable(path)}\n"


def render_fim(template: Template, window: Window, slots: Sequence[Slot], heal_at: int) -> Prompt:
    """The prompt of a window. heal_at: offset in `window.left` from which the text is taken back and forced."""
    parts = [Part("special", template.bos)]
    pieces = _pieces(template, window, slots, heal_at)
    for place in template.order:
        parts += pieces[place]
    return Prompt(_led(template.lead, [part for part in parts if part.text]), forced_prefix=window.left[heal_at:])


def _pieces(template: Template, window: Window, slots: Sequence[Slot], heal_at: int) -> Mapping[Place, Sequence[Part]]:
    named = bool(slots or window.path)
    repository = [Part("special", template.repository), Part("slot", _REPOSITORY)] if template.repository else []
    return {
        "repository": repository if named else [],
        "slots": [part for slot in slots for part in _slot_parts(template, slot)],
        "file": [Part("special", template.file)] if named else [],
        "path": [Part("above", _title(template, window.path))],
        "begin": [Part("special", template.begin)],
        "above": [Part("above", group) for group in window.above],
        "hole": [Part("special", template.hole)],
        "suffix": [Part("suffix", window.suffix)],
        "end": [Part("special", template.end)],
        "left": [Part("left", window.left[:heal_at])],
    }


def _slot_parts(template: Template, slot: Slot) -> Iterator[Part]:
    if template.title is None:
        yield Part("slot", slot.text)
        return
    yield Part("special", template.file)
    end = "\n" if template.file else "\n\n"  # the next file's mark divides, else a blank line
    yield Part("slot", f"{_title(template, shown_path(slot.path))}{slot.code.rstrip()}{end}")


def _title(template: Template, path: str) -> str:
    if not path or template.title is None:
        return path_line(path) if path else ""
    return f"{template.title}{_printable(path)}\n"


def _printable(path: str) -> str:
    return "".join(character for character in path if character.isprintable())


def _led(lead: str, parts: list[Part]) -> tuple[Part, ...]:
    """The parts with the lead in front of the prefix."""
    first = next((at for at, part in enumerate(parts) if part.kind in ("slot", "above")), None)
    if lead and first is not None:
        parts[first] = replace(parts[first], text=lead + parts[first].text)
    return tuple(parts)


def prompt_ids(prompt: Prompt, tokenizer: Tokenizer) -> tuple[int, ...]:
    """Token ids of a prompt. Raises ModelError when the tokenizer lacks one of the template's tokens."""
    ids: list[int] = []
    for part in prompt.parts:
        if part.kind == "special":
            ids.append(tokenizer.special(part.text))
        else:
            ids.extend(tokenizer.encode(part.text))
    return tuple(ids)


def estimated_ids(prompt: Prompt, tokenizer: Tokenizer) -> tuple[int, ...]:
    """About as many ids as the prompt has for a model whose tokenizer we do not have; a special token counts as one."""
    counts = (1 if part.kind == "special" else len(tokenizer.encode(part.text)) for part in prompt.parts)
    return (0,) * sum(counts)


def prompt_text(prompt: Prompt, template: Template) -> str:
    """A prompt as text for servers that tokenise themselves (and add BOS themselves, so there is none here).

    Special tokens that a file's text spells are broken up, so that they stay text. What a server's tokenizer puts in
    front of every text is the blank of a first token that has one.
    """
    texts = [
        as_text(part.text) if part.kind == "special" else break_specials(part.text, template)
        for part in prompt.parts
        if part != Part("special", template.bos)
    ]
    if template.begin != as_text(template.begin):
        texts[0] = texts[0].removeprefix(" ")
    return "".join(texts)


def break_specials(text: str, template: Template) -> str:
    """Text in which no special token is spelled: a blank goes in behind its first character."""
    spellings = {spelling: as_text(spelling).lstrip() for spelling in template.specials}
    pattern = "|".join(map(re.escape, dict.fromkeys(spellings.values())))
    return re.sub(pattern, lambda match: f"{match[0][0]} {match[0][1:]}", text)
