"""Gaps of repositories in the layout of the prompts, as rows of tokens to train and to measure on.

    BOS BEGIN path line, lines above HOLE right side, lines below END left MIDDLE EOS

A draft layer is of use where the model is: in the answers to such prompts. Files are those that the index would read:
what git or `.codeassistignore` ignores, secrets and generated files teach nothing here either.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from random import Random

from codeassist.errors import ModelError
from codeassist.fim import Template, find_template, prompt_ids, render_fim
from codeassist.models.directory import read_model
from codeassist.protocols import Tokenizer
from codeassist.tokenizer import FileTokenizer
from codeassist.types import Cursor, Document
from codeassist.window import WindowBudget, cut_window
from indexer.files import SourceFile, read_source
from indexer.gittree import read_tree
from indexer.rules import NameRules, read_rules

# One file in so many is kept for measuring, by the hash of its path: a file never changes sides.
HELD_OUT_ONE_IN = 20
# Larger files are data; smaller ones have no gap worth a prompt.
_MAX_FILE_KB, _MIN_LINES = 256, 5
# Tokens of a prompt above and below its gap, and further lines of the answer: one of each is drawn. Short prompts are
# the more, so that a row holds several gaps.
_ABOVE, _BELOW, MORE_LINES = (60, 120, 240, 600), (20, 60, 160), (0, 0, 0, 1, 2, 4, 8)
_LONGEST = 40_000  # characters
_PLACES = re.compile(r"[.(\[{,=:]\s?|\s+")


@dataclass(frozen=True, slots=True)
class Text:
    """A source file. path: relative to its repository."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Gap:
    """A text without one piece of it. cursor: where that was."""

    document: Document
    cursor: Cursor
    middle: str


@dataclass(frozen=True, slots=True)
class Row:
    """Tokens of one training row, and which of them a completion has to say."""

    ids: tuple[int, ...]
    is_middle: tuple[bool, ...]


def read_texts(repositories: Sequence[Path]) -> tuple[list[Text], list[Text]]:
    """Source files to train on, and those that are held out. Raises ModelError where there are too few, and
    WorkspaceError for what is no folder."""
    train, held_out = split_texts(repositories)
    if not train or not held_out:
        n_files = len(train) + len(held_out)
        raise ModelError(f"{n_files} source files are too few to train on; give more repositories with --data")
    return train, held_out


def split_texts(repositories: Sequence[Path]) -> tuple[list[Text], list[Text]]:
    """The same, however few there are."""
    train: list[Text] = []
    held_out: list[Text] = []
    for repository in repositories:
        for text in source_texts(repository):
            side = held_out if _is_held_out(f"{repository.name}/{text.path}") else train
            side.append(text)
    return train, held_out


def source_texts(repository: Path, exclude: Sequence[str] = ()) -> Iterator[Text]:
    """The files of a repository that have room for a gap, by path. Raises WorkspaceError for what is no folder.

    exclude: more to leave out, as .gitignore patterns.
    """
    rules = read_rules(repository, _MAX_FILE_KB, exclude)
    for path in sorted(read_tree(repository, rules, NameRules(rules).reason).blobs):
        source = read_source(repository, path, rules)
        if isinstance(source, SourceFile) and source.text.count("\n") >= _MIN_LINES:
            yield Text(path, source.text)


def draw_gap(text: Text, random: Random) -> Gap:
    """A gap somewhere in a text: the rest of a line, and at times some of the lines that follow."""
    lines = text.text.split("\n")
    start = random.choice([n for n in range(len(lines)) if lines[n].strip()] or [0])
    column = cursor_column(lines[start], random)
    return cut_gap(text, start, column, min(start + random.choice(MORE_LINES), len(lines) - 1))


def cut_gap(text: Text, start: int, column: int, end: int) -> Gap:
    """Take out what stands from a column of line `start` to the end of line `end` (0-based, the last at most)."""
    lines = text.text.split("\n")
    middle = "\n".join([lines[start][column:], *lines[start + 1 : end + 1]])
    kept = "\n".join([*lines[:start], lines[start][:column], *lines[end + 1 :]])
    return Gap(Document(text.path, kept), Cursor(start, column), middle)


def draw_bounds(texts: Sequence[Text]) -> list[int]:
    """Cumulative weights to draw files by: every line of them as often as any other, within reason."""
    return list(accumulate(min(len(text.text), _LONGEST) for text in texts))


def gap_prompt(gap: Gap, budget: WindowBudget, tokenizer: Tokenizer, template: Template) -> tuple[tuple[int, ...], str]:
    """Tokens of the prompt that asks for a gap, and the end of the left side that the answer has to begin with. Raises
    ModelError."""
    window = cut_window(gap.document, gap.cursor, budget, lambda part: len(tokenizer.encode(part)))
    heal_at = tokenizer.heal_offset(window.left)
    prompt = render_fim(template, window, (), heal_at)
    return prompt_ids(prompt, tokenizer), prompt.forced_prefix


class Sampler:
    """Draws rows of gaps. The same seed draws the same rows."""

    def __init__(self, model: Path, texts: Sequence[Text], length: int, seed: int) -> None:
        """length: tokens of a row. Raises ModelError where the tokenizer or its template cannot be read."""
        self._tokenizer, self._template, self._eos = _tools(model)
        self._texts = texts
        self._length = length
        self._random = Random(seed)
        self._bounds = draw_bounds(texts)

    def rows(self) -> Iterator[Row]:
        """Rows without end."""
        ids: list[int] = []
        is_middle: list[bool] = []
        while True:
            while len(ids) < self._length:
                row = self._gap()
                ids += row.ids
                is_middle += row.is_middle
            yield Row(tuple(ids[: self._length]), tuple(is_middle[: self._length]))
            ids, is_middle = [], []

    def _gap(self) -> Row:
        gap = draw_gap(self._random.choices(self._texts, cum_weights=self._bounds)[0], self._random)
        budget = WindowBudget(self._random.choice(_ABOVE), self._random.choice(_BELOW))
        prompt, forced = gap_prompt(gap, budget, self._tokenizer, self._template)
        answer = (*self._tokenizer.encode(forced + gap.middle), self._eos)
        return Row((*prompt, *answer), (False,) * len(prompt) + (True,) * len(answer))


def cursor_column(line: str, random: Random) -> int:
    """Where a cursor may stand: at the line's start, behind a word or a bracket."""
    indent = len(line) - len(line.lstrip())
    return random.choice([indent, *(match.end() for match in _PLACES.finditer(line, indent))])


def _is_held_out(path: str) -> bool:
    digest = hashlib.sha256(path.encode("utf-8", "surrogateescape")).digest()
    return int.from_bytes(digest[:4], "big") % HELD_OUT_ONE_IN == 0


@lru_cache(maxsize=1)
def _tools(model: Path) -> tuple[Tokenizer, Template, int]:
    info = read_model(model).info
    if info.tokenizer is None:
        raise ModelError(f"{model} has no tokenizer.json; fetch it, prompts are made of its tokens")
    tokenizer, template = FileTokenizer(info.tokenizer), find_template(info.template)
    return tokenizer, template, tokenizer.special(template.stop[0])
