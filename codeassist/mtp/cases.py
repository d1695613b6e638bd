"""What is asked to measure drafting: gaps of files that no layer was trained on, by what they are like.

    completion  a gap of a line or a few, wherever a cursor may stand
    edit        a gap of several lines whose own text stands for the most part elsewhere in its prompt, in runs of RUN
                tokens: the file repeats itself there, as an edit repeats the code that it changes

Nothing is made up: files are as they are, and which gaps are edits is decided by what the author wrote. What the model
answers is its own affair.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from codeassist.engine.measured import PURPOSES, Purpose
from codeassist.errors import ModelError
from codeassist.fim import Template, find_template
from codeassist.models.directory import read_model
from codeassist.mtp.samples import MORE_LINES, Gap, Text, cursor_column, cut_gap, gap_prompt
from codeassist.protocols import Tokenizer
from codeassist.tokenizer import FileTokenizer
from codeassist.window import WindowBudget

# A text repeats another where so many tokens in a row are the same, and is an edit where half of it does.
RUN = 8
LEAST_REPEATED = 0.5
# Lines that the gap of an edit has.
_EDIT_LINES = range(4, 13)
# Shares of the model's prompt above and below a gap. Code from elsewhere takes the rest when suggestions are served.
_ABOVE, _BELOW = 0.6, 0.2
# So many gaps are looked at for each that is wanted.
_TRIES = 60


@dataclass(frozen=True, slots=True)
class Case:
    """One gap to be filled. line: 1-based. middle: what stands there in the file. repeated: the share of that which
    stands elsewhere in its prompt, in runs of RUN tokens."""

    path: str
    line: int
    prompt: tuple[int, ...]
    forced_prefix: str
    middle: str
    repeated: float


def draw_cases(model: Path, texts: Sequence[Text], n_cases: int, seed: int = 0) -> Mapping[Purpose, tuple[Case, ...]]:
    """So many gaps for each purpose, or as many as there are. The same seed draws the same. Raises ModelError for a
    model without a FIM template, and where there are no files."""
    info = read_model(model).info
    if not texts:
        raise ModelError("no file of the repositories is held out; give more of them with --data")
    if info.tokenizer is None:
        raise ModelError(f"{model} has no tokenizer.json; fetch it, prompts are made of its tokens")
    budget = WindowBudget(int(info.prompt_tokens * _ABOVE), int(info.prompt_tokens * _BELOW))
    drawer = _Drawer(texts, FileTokenizer(info.tokenizer), find_template(info.template), budget)
    return {purpose: tuple(drawer.cases(purpose, n_cases, seed)) for purpose in PURPOSES}


def repeated_share(tokens: Sequence[int], context: Sequence[int]) -> float:
    """The share of tokens that lie in a run of at least RUN that the context has too; 0.0 of fewer than RUN."""
    known = {tuple(context[at : at + RUN]) for at in range(len(context) - RUN + 1)}
    is_repeated = [False] * len(tokens)
    for at in range(len(tokens) - RUN + 1):
        if tuple(tokens[at : at + RUN]) in known:
            is_repeated[at : at + RUN] = [True] * RUN
    return sum(is_repeated) / len(tokens) if len(tokens) >= RUN else 0.0


class _Drawer:
    """Cuts gaps out of texts."""

    def __init__(self, texts: Sequence[Text], tokenizer: Tokenizer, template: Template, budget: WindowBudget) -> None:
        self._texts = texts
        self._tokenizer = tokenizer
        self._template = template
        self._budget = budget

    def cases(self, purpose: Purpose, n_cases: int, seed: int) -> Iterator[Case]:
        random, seen, n_found = Random(f"{purpose} {seed}"), set[tuple[str, int]](), 0
        for _ in range(n_cases * _TRIES):
            if n_found == n_cases:
                return
            text = random.choice(self._texts)
            gap = _edit_gap(text, random) if purpose == "edit" else _completion_gap(text, random)
            if gap is None or (text.path, gap.cursor.line) in seen:
                continue
            seen.add((text.path, gap.cursor.line))
            case = self._case(gap)
            if purpose == "completion" or case.repeated >= LEAST_REPEATED:
                n_found += 1
                yield case

    def _case(self, gap: Gap) -> Case:
        prompt, forced = gap_prompt(gap, self._budget, self._tokenizer, self._template)
        repeated = repeated_share(self._tokenizer.encode(forced + gap.middle), prompt)
        return Case(gap.document.path, gap.cursor.line + 1, prompt, forced, gap.middle, repeated)


def _completion_gap(text: Text, random: Random) -> Gap | None:
    lines = text.text.split("\n")
    start = random.randrange(len(lines))
    if not lines[start].strip():
        return None
    column = cursor_column(lines[start], random)
    return cut_gap(text, start, column, min(start + random.choice(MORE_LINES), len(lines) - 1))


def _edit_gap(text: Text, random: Random) -> Gap | None:
    lines = text.text.split("\n")
    start, n_lines = random.randrange(len(lines)), random.choice(_EDIT_LINES)
    if not lines[start].strip() or start + n_lines > len(lines):
        return None
    column = len(lines[start]) - len(lines[start].lstrip())
    return cut_gap(text, start, column, start + n_lines - 1)
