"""Fill-in-the-middle prompts. Pure: values in, parts out; golden-tested.

    BOS BEGIN  slot slot ...  path line, lines above   HOLE  right of the cursor, lines below   END  left of the cursor

The cursor's line stands last, so a keystroke on it changes only the tail and everything before stays in the engine's
KV cache. Each part is tokenised by itself, so a part that stays keeps its tokens.

Token spellings: DeepSeek-Coder-V2 and DeepSeek-V3 tokenizer_config.json; Qwen2.5-Coder technical report, section 3.1;
StarCoder2 tokenizer_config.json.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from codeassist.documents import comment_leader
from codeassist.errors import ConfigError
from codeassist.protocols import Tokenizer
from codeassist.window import Window
from indexer.types import shown_path

PartKind = Literal["special", "slot", "above", "suffix", "left"]


@dataclass(frozen=True, slots=True)
class Template:
    """How one family of models spells a fill-in-the-middle prompt (prefix, suffix, middle). bos "" means none."""

    name: str
    bos: str
    begin: str
    hole: str
    end: str
    stop: tuple[str, ...]

    @property
    def specials(self) -> tuple[str, ...]:
        """All spellings that must never come from a file's text."""
        return tuple(spelling for spelling in (self.bos, self.begin, self.hole, self.end, *self.stop) if spelling)


TEMPLATES = {
    template.name: template
    for template in (
        Template(
            "deepseek",
            bos="<｜begin▁of▁sentence｜>",
            begin="<｜fim▁begin｜>",
            hole="<｜fim▁hole｜>",
            end="<｜fim▁end｜>",
            stop=("<｜end▁of▁sentence｜>",),
        ),
        Template(
            "qwen2.5-coder",
            bos="",
            begin="<|fim_prefix|>",
            hole="<|fim_suffix|>",
            end="<|fim_middle|>",
            stop=("<|endoftext|>", "<|file_sep|>", "<|repo_name|>", "<|fim_pad|>"),
        ),
        Template(
            "starcoder2",
            bos="",
            begin="<fim_prefix>",
            hole="<fim_suffix>",
            end="<fim_middle>",
            stop=("<|endoftext|>", "<file_sep>", "<repo_name>"),
        ),
    )
}


def find_template(name: str) -> Template:
    """The template of this name. Raises ConfigError naming those there are."""
    try:
        return TEMPLATES[name]
    except KeyError:
        raise ConfigError(f"no FIM template {name!r}; there are {', '.join(sorted(TEMPLATES))}") from None


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
    safe = "".join(character for character in path if character.isprintable())
    return f"{comment_leader(path)} {safe}\n"


def render_fim(template: Template, window: Window, slots: Sequence[Slot], heal_at: int) -> Prompt:
    """The prompt of a window. heal_at: offset in `window.left` from which the text is taken back and forced."""
    opening = [Part("special", spelling) for spelling in (template.bos, template.begin) if spelling]
    code = [Part("slot", slot.text) for slot in slots]
    named = [Part("above", path_line(window.path))] if window.path else []
    above = [*named, *(Part("above", group) for group in window.above)]
    suffix = [Part("special", template.hole), Part("suffix", window.suffix), Part("special", template.end)]
    tail = [Part("left", window.left[:heal_at])]
    parts = [part for part in (*opening, *code, *above, *suffix, *tail) if part.text]
    return Prompt(tuple(parts), forced_prefix=window.left[heal_at:])


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

    Special tokens that a file's text spells are broken up, so that they stay text.
    """
    texts = (
        part.text if part.kind == "special" else break_specials(part.text, template)
        for part in prompt.parts
        if part.text != template.bos
    )
    return "".join(texts)


def break_specials(text: str, template: Template) -> str:
    """Text in which no special token is spelled: a blank goes in behind its first character."""
    pattern = "|".join(re.escape(spelling) for spelling in template.specials)
    return re.sub(pattern, lambda match: f"{match[0][0]} {match[0][1:]}", text)
