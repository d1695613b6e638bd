"""Training samples in the layout that completions are served in, put together from tokenised lines.

    bos fim_begin {slots} {path line} {lines above} fim_hole {right side, lines below} fim_end {left}{middle} eos

Left and middle are tokenised as one text: serving takes the last pre-token of the left side back and forces it.
"""

from __future__ import annotations

import bisect
import re
from dataclasses import dataclass
from random import Random

import numpy as np
from tokenizers import Tokenizer

from codeassist.documents import comment_leader
from codeassist.window import HEAD_STEP
from training.corpus import Corpus, File, Tokens
from training.cursors import Gap, choose_gap
from training.neighbours import Neighbours
from training.similar import similar_stretches, words_around
from training.tokenizer import BOS, EOS, FIM_BEGIN, FIM_END, FIM_HOLE, SPECIALS

MAX_BELOW = 40
# So many samples carry code from elsewhere.
SLOT_SHARE = 0.6
# So many of these carry what retrieval finds without knowing what is missing, in so many tokens.
SIMILAR_SHARE = 0.5
SIMILAR_TOKENS = (150, 1200)
# In this share of draws the line is the one of a few that names most of what other files define.
TELLING_SHARE = 0.5
_TELLING_CHOICES = 6
# In this share of draws the gap lies in a function of a Python module, and that function is all there is of the file.
ALONE_SHARE = 0.12
_ALONE_LINES = 100
_MAX_SIBLINGS = 40
_NAME = re.compile(r"[A-Za-z_]\w{3,}")
_FUNCTION = re.compile(r"(?:async )?def ")
_IMPORT = re.compile(r"(?:from [\w.]+ )?import ([\w., ]+)$")


@dataclass(frozen=True, slots=True)
class Sample:
    """Token ids of one training text; those from `n_context` on are what a completion has to say.

    The left side of the cursor's line is among them: at an earlier cursor on that line, it is what is missing.
    """

    ids: Tokens
    n_context: int


@dataclass(frozen=True, slots=True)
class Function:
    """A function of a module: its lines start..end (0-based, end excluded), and the imports that it uses."""

    start: int
    end: int
    imports: tuple[int, ...]


def function_around(lines: list[str], line: int) -> Function | None:
    """The function of a Python module that a line lies in, below its first line; None where there is none."""
    start = line
    while start > 0 and (not lines[start] or lines[start][0] in " )"):
        start -= 1
    end = line + 1
    while end < len(lines) and (not lines[end] or lines[end][0] == " "):
        end += 1
    while not lines[end - 1].strip():
        end -= 1
    if not start < line < end <= start + _ALONE_LINES or not _FUNCTION.match(lines[start]):
        return None
    names = set(re.findall(r"\w+", "\n".join(lines[start:end])))
    imports = ((number, _IMPORT.match(lines[number])) for number in range(start))
    return Function(start, end, tuple(n for n, found in imports if found and names & set(re.findall(r"\w+", found[1]))))


def special(*spellings: str) -> Tokens:
    """Ids of special tokens."""
    return np.array([SPECIALS.index(spelling) for spelling in spellings], np.uint16)


class Sampler:
    """Draws samples from a corpus. One per process, each with its own seed."""

    def __init__(self, corpus: Corpus, tokenizer: Tokenizer, seed: int) -> None:
        self._corpus = corpus
        self._tokenizer = tokenizer
        self._random = Random(seed)
        self._neighbours = Neighbours(corpus, self.encode, self._random)

    def encode(self, text: str) -> Tokens:
        """Ids of plain text."""
        return np.array(self._tokenizer.encode(text, add_special_tokens=False).ids, np.uint16)

    def draw_fim(self) -> Sample:
        """A gap in a file, with or without code from elsewhere."""
        number, line = self._draw_line()
        file = self._corpus.files[number]
        lines = file.text[:-1].split("\n")
        if file.path.endswith(".py") and self._random.random() < ALONE_SHARE:
            tries = (self._any_line(file, lines) for _ in range(_TELLING_CHOICES))
            for other in tries:
                if function := function_around(lines, other):
                    return self.fim_alone(file, lines, choose_gap(lines[: function.end], other, self._random), function)
        return self.fim(number, lines, choose_gap(lines, line, self._random))

    def draw_plain(self, n_tokens: int) -> Sample:
        """Files of one repository behind their path lines, what is imported before what imports it, cut to size."""
        parts, size = [special(BOS)], 1
        for number in self._in_dependency_order(self._draw_file(), n_tokens):
            file = self._corpus.files[number]
            start = self._head_for(file) if len(parts) == 1 else 0
            parts += [self._path_line(file), file.lines(start, file.n_lines)]
            size += len(parts[-1]) + len(parts[-2])
            if size >= n_tokens:
                break
        else:
            parts.append(special(EOS))
        ids = np.concatenate(parts)[:n_tokens]
        return Sample(ids, len(ids))

    def _in_dependency_order(self, number: int, n_tokens: int) -> list[int]:
        """Some files that a file imports, as far as they fit, the file itself, then its neighbours by path."""
        files = self._corpus.files
        imported = self._corpus.imported(number)
        self._random.shuffle(imported)
        room, before = n_tokens - len(files[number].tokens), []
        for other in imported:
            if len(files[other].tokens) < room:
                before.append(other)
                room -= len(files[other].tokens)
        siblings = self._corpus.repositories[files[number].repository].files
        after = siblings[number - siblings[0] + 1 :][:_MAX_SIBLINGS]
        return [*before, number, *(other for other in after if other not in before)]

    def fim(self, number: int, lines: list[str], gap: Gap) -> Sample:
        """The sample of a gap in a file."""
        random = self._random
        file = self._corpus.files[number]
        budget = self._budget()
        left, middle = _cut(lines, gap)
        suffix = self._suffix(file, lines, gap)
        slots: list[Tokens] = []
        if random.random() < SLOT_SHARE:
            slots = self._slots(number, lines, gap, budget)
        used = len(suffix) + sum(map(len, slots))
        head = self._head(file, gap.line, max(budget - used, 60))
        context = [
            special(BOS, FIM_BEGIN), *slots, self._path_line(file), file.lines(head, gap.line),
            special(FIM_HOLE), suffix, special(FIM_END),
        ]  # fmt: skip
        return Sample(np.concatenate([*context, self.encode(left + middle), special(EOS)]), sum(map(len, context)))

    def _slots(self, number: int, lines: list[str], gap: Gap, budget: int) -> list[Tokens]:
        random = self._random
        left, middle = _cut(lines, gap)
        near = "\n".join(lines[max(gap.line - 4, 0) : gap.line]) + left
        if random.random() < SIMILAR_SHARE:
            stretches = similar_stretches(self._corpus, number, words_around(lines, gap), random)
            if stretches:
                return self._neighbours.similar(number, stretches, near, random.randint(*SIMILAR_TOKENS))
        return self._neighbours.slots(number, middle, near, int(budget * random.uniform(0.2, 0.6)))

    def fim_alone(self, file: File, lines: list[str], gap: Gap, function: Function) -> Sample:
        """The sample of a gap in a function, in a file that has nothing but it and the imports that it uses."""
        left, middle = _cut(lines, gap)
        right = self.encode(lines[gap.end_line][gap.end_column :] + "\n")
        context = [
            special(BOS, FIM_BEGIN), self.encode(f"# {file.path.rpartition('/')[2]}\n"),
            *(file.lines(number, number + 1) for number in function.imports),
            file.lines(function.start, gap.line),
            special(FIM_HOLE), right, file.lines(gap.end_line + 1, function.end), special(FIM_END),
        ]  # fmt: skip
        return Sample(np.concatenate([*context, self.encode(left + middle), special(EOS)]), sum(map(len, context)))

    def _draw_file(self) -> int:
        return min(bisect.bisect(self._corpus.weights, self._random.random()), len(self._corpus.files) - 1)

    def _draw_line(self) -> tuple[int, int]:
        number = self._draw_file()
        file = self._corpus.files[number]
        lines = file.text[:-1].split("\n")
        if self._random.random() >= TELLING_SHARE:
            return number, self._any_line(file, lines)
        chosen = [self._any_line(file, lines) for _ in range(_TELLING_CHOICES)]
        return number, max(chosen, key=lambda line: self._n_foreign(number, lines, line))

    def _any_line(self, file: File, lines: list[str]) -> int:
        """A line that is not blank, seldom a comment."""
        for _ in range(12):
            line = self._random.randrange(len(lines))
            text = lines[line].strip()
            is_comment = text.startswith(comment_leader(file.path))
            if text and not (is_comment and self._random.random() < 0.7):
                return line
        return 0

    def _n_foreign(self, number: int, lines: list[str], line: int) -> int:
        """How many names of a line are defined in other files and have not stood in the lines just above."""
        definitions = self._corpus.repositories[self._corpus.files[number].repository].definitions
        above = "\n".join(lines[max(line - 60, 0) : line])
        return sum(
            1
            for name in set(_NAME.findall(lines[line]))
            if name not in above and any(place[0] != number for place in definitions.get(name, ()))
        )

    def _budget(self) -> int:
        chance = self._random.random()
        if chance < 0.5:
            return self._random.randint(80, 400)
        if chance < 0.92:
            return self._random.randint(400, 1700)
        return self._random.randint(1700, 3400) if chance < 0.98 else self._random.randint(3400, 7800)

    def _head_for(self, file: File) -> int:
        if self._random.random() < 0.5:
            return 0
        return self._random.randrange(file.n_lines) // HEAD_STEP * HEAD_STEP

    def _path_line(self, file: File) -> Tokens:
        return self.encode(f"{comment_leader(file.path)} {file.path}\n")

    def _suffix(self, file: File, lines: list[str], gap: Gap) -> Tokens:
        """Right of the cursor with the lines below, cut at a line; sometimes as at the end of a file."""
        right = lines[gap.end_line][gap.end_column :]
        chance = self._random.random()
        if chance < 0.08:
            return self.encode(right)
        n_left = file.n_lines - gap.end_line - 1
        n_below = 0 if chance < 0.13 else MAX_BELOW if chance < 0.5 else self._random.randint(1, MAX_BELOW)
        end = gap.end_line + 1 + min(n_below, n_left)
        return np.concatenate([self.encode(right + "\n"), file.lines(gap.end_line + 1, end)])

    def _head(self, file: File, line: int, budget: int) -> int:
        """The first line shown: the lowest multiple of 16 from which the lines above fit."""
        least = int(np.searchsorted(file.starts, file.starts[line] - budget))
        stepped = -(-least // HEAD_STEP) * HEAD_STEP
        return stepped if stepped <= line else least


def _cut(lines: list[str], gap: Gap) -> tuple[str, str]:
    """(left of the cursor on its line, what the gap takes out)."""
    middle = "\n".join([*lines[gap.line : gap.end_line], lines[gap.end_line][: gap.end_column]])
    return middle[: gap.column], middle[gap.column :]
