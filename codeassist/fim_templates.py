"""How each family of models spells a fill-in-the-middle prompt: data for `fim`, which renders them all alike.

Sources: tokenizer_config.json and model card of DeepSeek-Coder, DeepSeek-Coder-V2, Codestral, CodeGemma, Granite Code
and Granite 4; the technical reports of Qwen2.5-Coder (arXiv 2409.12186), StarCoder2 (2402.19173) and Seed-Coder
(2506.03524); CodeLlama's reference code, `infilling_prompt_tokens`; mistral-common, `encode_fim`; Continue for the
paths of other files in Codestral's prompts.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from codeassist import fim_dialects as dialects
from codeassist.errors import ConfigError

# What a prompt is made of: a template's own tokens ("repository" and "file" with what stands behind them), and texts.
# "path" is the name of the cursor's file; "left" the cursor's line up to the cursor.
Place = Literal["repository", "slots", "file", "path", "begin", "above", "hole", "suffix", "end", "left"]

_PREFIX_FIRST: tuple[Place, ...] = ("begin", "slots", "path", "above", "hole", "suffix", "end", "left")
_SUFFIX_FIRST: tuple[Place, ...] = ("hole", "suffix", "begin", "slots", "path", "above", "end", "left")

# SentencePiece writes a blank so; where it begins a token, a text has a blank in its place.
_BLANK = "▁"


@dataclass(frozen=True, slots=True)
class Template:
    """One family's tokens and the order in which a prompt has them, behind BOS. A token that is "" is left out.

    begin, hole, end: in front of the prefix, the suffix and the middle.
    stop: tokens that end an answer, first the one that ends any text.
    order: "left" stands last, whatever the family, for a keystroke changes nothing but the tail then.
    file, repository: tokens in front of a file's path and of a repository's name.
    title: what stands in front of a path; None for the sign of a comment in the file's own language.
    lead: what a prefix begins with.
    model_types: of config.json, of those models; they decide where a tokenizer has the tokens of several templates.
    """

    name: str
    bos: str
    begin: str
    hole: str
    end: str
    stop: tuple[str, ...]
    order: tuple[Place, ...] = _PREFIX_FIRST
    file: str = ""
    repository: str = ""
    title: str | None = None
    lead: str = ""
    model_types: tuple[str, ...] = ()

    @property
    def needed(self) -> tuple[str, ...]:
        """The tokens that a prompt may have, each of which the vocabulary must have as one."""
        spellings = (self.bos, self.begin, self.hole, self.end, self.file, self.repository)
        return tuple(spelling for spelling in spellings if spelling)

    @property
    def specials(self) -> tuple[str, ...]:
        """All spellings that must never come from a file's text."""
        return tuple(dict.fromkeys((*self.needed, *self.stop)))

    @property
    def stop_texts(self) -> tuple[str, ...]:
        """What ends an answer, for a server that looks for it in its text."""
        return tuple(as_text(spelling).strip() for spelling in self.stop)


def as_text(spelling: str) -> str:
    """A token as a text has it: a vocabulary may write the blank in front of it with a sign of its own."""
    return f" {spelling[1:]}" if spelling.startswith(_BLANK) else spelling


TEMPLATES = {
    template.name: template
    for template in (
        Template(  # DeepSeek-Coder, too, which has other ids for the same spellings
            "deepseek",
            bos="<｜begin▁of▁sentence｜>",
            begin=dialects.DEEPSEEK.begin,
            hole=dialects.DEEPSEEK.hole,
            end=dialects.DEEPSEEK.end,
            stop=("<｜end▁of▁sentence｜>",),
            model_types=("deepseek_v2", "deepseek_v3", "deepseek_v32", "llama"),
        ),
        Template(
            "qwen2.5-coder",
            bos="",
            begin=dialects.QWEN.begin,
            hole=dialects.QWEN.hole,
            end=dialects.QWEN.end,
            stop=("<|endoftext|>", "<|file_sep|>", "<|repo_name|>", "<|fim_pad|>"),
            order=("repository", "slots", "file", "path", "begin", "above", "hole", "suffix", "end", "left"),
            file="<|file_sep|>",
            repository="<|repo_name|>",
            title="",
            model_types=("qwen2", "qwen2_moe", "qwen3", "qwen3_moe", "qwen3_next"),
        ),
        Template(
            "starcoder2",
            bos="",
            begin=dialects.STARCODER.begin,
            hole=dialects.STARCODER.hole,
            end=dialects.STARCODER.end,
            stop=("<|endoftext|>", "<file_sep>", "<repo_name>"),
            order=("repository", "slots", "file", "begin", "path", "above", "hole", "suffix", "end", "left"),
            file="<file_sep>",
            repository="<repo_name>",
            title="",
            model_types=("starcoder2",),
        ),
        Template(
            "codellama",
            bos="<s>",
            begin=dialects.CODELLAMA.begin,
            hole=dialects.CODELLAMA.hole,
            end=dialects.CODELLAMA.end,
            stop=("</s>", "▁<EOT>"),
            lead=" ",
            model_types=("llama",),
        ),
        Template(
            "codellama-suffix-first",
            bos="<s>",
            begin=dialects.CODELLAMA.begin,
            hole=dialects.CODELLAMA.hole,
            end=dialects.CODELLAMA.end,
            stop=("</s>", "▁<EOT>"),
            order=("begin", "hole", "suffix", "end", "slots", "path", "above", "left"),
            lead=" ",
        ),
        Template(
            "codestral",
            bos="<s>",
            begin=dialects.CODESTRAL.marks[1],
            hole=dialects.CODESTRAL.marks[0],
            end="",
            stop=("</s>",),
            order=_SUFFIX_FIRST,
            title="+++++ ",
            model_types=("mistral", "mamba", "mamba2"),
        ),
        Template(
            "codegemma",
            bos="<bos>",
            begin=dialects.QWEN.begin,
            hole=dialects.QWEN.hole,
            end=dialects.QWEN.end,
            stop=("<eos>", "<|file_separator|>"),
            model_types=("gemma",),
        ),
        Template(  # Granite 4
            "granite",
            bos="",
            begin=dialects.QWEN.begin,
            hole=dialects.QWEN.hole,
            end=dialects.QWEN.end,
            stop=("<|end_of_text|>", "<|fim_pad|>", "<|filename|>", "<|reponame|>"),
            model_types=("granite", "granitemoe", "granitemoehybrid", "granitemoeshared"),
        ),
        Template(  # Granite Code and Granite 3, StarCoder
            "granite-code",
            bos="",
            begin=dialects.STARCODER.begin,
            hole=dialects.STARCODER.hole,
            end=dialects.STARCODER.end,
            stop=("<|endoftext|>", "<|end_of_text|>", "<fim_pad>", "<filename>"),
            model_types=("llama", "gpt_bigcode", "granite", "granitemoe"),
        ),
        Template(
            "seed-coder",
            bos="<[begin▁of▁sentence]>",
            begin=dialects.SEED_CODER.begin,
            hole=dialects.SEED_CODER.hole,
            end=dialects.SEED_CODER.end,
            stop=("<[end▁of▁sentence]>", "<[PAD▁TOKEN]>", "<[SEP▁TOKEN]>"),
            order=_SUFFIX_FIRST,
            model_types=("llama",),
        ),
    )
}

# Every token that some model marks a prompt with. Many tokenizers do not call theirs special, and would find them in a
# file's text.
MARKS = dialects.SENTINELS.union(*(template.specials for template in TEMPLATES.values()))


# Those that a text spells by ordinary merges: pieces of SentencePiece's vocabulary, which need not be added tokens.
PIECES = frozenset(mark for mark in MARKS if as_text(mark) != mark)


def find_template(name: str) -> Template:
    """The template of this name. Raises ConfigError naming those there are."""
    try:
        return TEMPLATES[name]
    except KeyError:
        raise ConfigError(f"no FIM template {name!r}; there are {', '.join(sorted(TEMPLATES))}") from None


def template_of(tokens: Collection[str], model_type: str) -> Template | None:
    """The template of a model whose vocabulary has these tokens; None where it has none to fill gaps with.

    One whose tokens are all there is preferred to one that has only its marks; then the model's type decides.
    """
    marked = [one for one in TEMPLATES.values() if all(m in tokens for m in (one.begin, one.hole, one.end) if m)]
    whole = [one for one in marked if all(token in tokens for token in one.needed)]
    found = whole or marked
    return next((one for one in found if model_type in one.model_types), found[0] if found else None)
