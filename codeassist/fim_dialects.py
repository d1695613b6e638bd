"""How other models' clients render fill-in-the-middle prompts: data for `unwrapping`.

Sources: the models' tokenizer_config.json and model cards (DeepSeek-Coder, Qwen2.5-Coder, StarCoder, StarCoder2,
Granite, CodeGemma, Codestral, Seed-Coder, GLM); CodeLlama's reference tokenizer, which puts blanks between marks and
code; the FIM paper (arXiv 2207.14255) for the order suffix, prefix, middle; what Continue, Zed and llama.cpp send.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PartName = Literal["prefix", "suffix", "start"]


@dataclass(frozen=True, slots=True)
class Layout:
    """One order of marks and code. parts[i] is the text behind marks[i]; "start" is how the answer begins already.

    files: marks that begin a file in front of the first mark (or behind it): its path, a line end, its text.
    repos: marks that a repository's name follows, in front of all files.
    """

    dialect: str
    marks: tuple[str, ...]
    parts: tuple[PartName, ...]
    files: tuple[str, ...] = ()
    repos: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks of one family of models, in the order prefix, suffix, middle."""

    dialect: str
    begin: str
    hole: str
    end: str
    files: tuple[str, ...] = ()
    repos: tuple[str, ...] = ()

    @property
    def layouts(self) -> tuple[Layout, ...]:
        """Prefix first (also with an empty one, and the prefix behind the last mark), and suffix first."""
        forward = Layout(
            self.dialect, (self.begin, self.hole, self.end), ("prefix", "suffix", "start"), self.files, self.repos
        )
        backward = Layout(
            self.dialect, (self.hole, self.begin, self.end), ("suffix", "prefix", "start"), self.files, self.repos
        )
        return (forward, backward)


DEEPSEEK = Marks("deepseek", "<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>")
QWEN = Marks(
    "qwen",  # Granite 4 and CodeGemma too
    "<|fim_prefix|>",
    "<|fim_suffix|>",
    "<|fim_middle|>",
    files=("<|file_sep|>", "<|file_separator|>", "<|filename|>"),
    repos=("<|repo_name|>", "<|reponame|>"),
)
STARCODER = Marks(
    "starcoder",  # StarCoder2 and Granite 3 too, and what Continue sends to models that it does not know
    "<fim_prefix>",
    "<fim_suffix>",
    "<fim_middle>",
    files=("<file_sep>", "<filename>"),
    repos=("<repo_name>", "<reponame>"),
)
SEED_CODER = Marks("seed-coder", "<[fim-prefix]>", "<[fim-suffix]>", "<[fim-middle]>")

FAMILIES = (
    DEEPSEEK,
    QWEN,
    STARCODER,
    Marks("starcoder", "<fim-prefix>", "<fim-suffix>", "<fim-middle>"),  # SantaCoder
    Marks("glm", "<|code_prefix|>", "<|code_suffix|>", "<|code_middle|>"),
    SEED_CODER,
)

# As its vocabulary spells them.
CODELLAMA = Marks("codellama", "▁<PRE>", "▁<SUF>", "▁<MID>")

_CODELLAMA = (
    Layout("codellama", ("<PRE> <SUF>", " <MID> "), ("suffix", "prefix")),
    Layout("codellama", ("▁<PRE>▁<SUF>", "▁<MID>"), ("suffix", "prefix")),
    Layout("codellama", ("<PRE> ", " <SUF>", " <MID>"), ("prefix", "suffix", "start")),
    CODELLAMA.layouts[0],
    Layout("codellama", ("<PRE>", "<SUF>", "<MID>"), ("prefix", "suffix", "start")),
)
CODESTRAL = Layout("codestral", ("[SUFFIX]", "[PREFIX]"), ("suffix", "prefix"))

LAYOUTS = (*(layout for family in FAMILIES for layout in family.layouts), *_CODELLAMA, CODESTRAL)

# What may stand in front of everything.
OPENINGS = (
    "<｜begin▁of▁sentence｜>",
    "<|begin_of_text|>",
    "<|endoftext|>",
    "<[begin▁of▁sentence]>",
    "<bos>",
    "<s>",
)

# A prefix that comes with a suffix of its own: other files in front of it, and the mark that Continue puts in between.
PREFIX_LAYOUTS = tuple(
    Layout("qwen", (mark,), ("prefix",), QWEN.files, QWEN.repos)
    for mark in ("<|system_separator_istruction_repository_level|>", "<|fim_prefix|>")
)

_ENDINGS = (
    "<｜end▁of▁sentence｜>",
    "<|endoftext|>",
    "<|end_of_text|>",
    "<|fim_pad|>",
    "<fim_pad>",
    "<|im_start|>",
    "<|im_end|>",
    "<[end▁of▁sentence]>",
    "<[PAD▁TOKEN]>",
    "<[SEP▁TOKEN]>",
    "<end_of_turn>",
    "<eos>",
    "</s>",
    "<EOT>",
    "▁<EOT>",
    "<|eot_id|>",
    "</fim_middle>",
    "<|cursor|>",
)

# Special tokens of models that the client may take this one for.
SENTINELS = frozenset(
    spelling.strip()
    for spelling in (
        *(mark for layout in LAYOUTS for mark in (*layout.marks, *layout.files, *layout.repos)),
        *OPENINGS,
        *_ENDINGS,
    )
) - {"<PRE> <SUF>", "▁<PRE>▁<SUF>"}
