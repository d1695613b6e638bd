"""Code from elsewhere in a repository for a sample's slots: definitions and uses of the gap's names, chance finds."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Sequence
from random import Random

import numpy as np

from codeassist.documents import comment_leader
from training.corpus import Corpus, File, Tokens
from training.cursors import indentation
from training.similar import STRETCH_LINES

MAX_SLOTS = 6
MAX_SIMILAR = 8
MIN_LINES, MAX_LINES = 5, 40

_NAME = re.compile(r"[A-Za-z_]\w{3,}")
_HEAD = re.compile(r"^\s*(async def|def|class)\b")
_ATTRIBUTE = re.compile(r"^\s*self\.\w+\s*=")
_SEARCHED_FILES = 40


class Neighbours:
    """Chooses and renders slots: `{comment leader} {path}`, code, a blank line."""

    def __init__(self, corpus: Corpus, encode: Callable[[str], Tokens], random: Random) -> None:
        self._corpus = corpus
        self._encode = encode
        self._random = random

    def slots(self, number: int, middle: str, near: str, budget: int) -> list[Tokens]:
        """One to six slots within a budget of tokens, mostly with the most telling one last."""
        random = self._random
        wanted = random.choice((1, 2, 2, 3, 3, 4, 5, MAX_SLOTS))
        telling = self._telling(number, middle, near)[: random.randint(0, wanted) if random.random() < 0.3 else wanted]
        rendered = [
            self._definition(*place) if is_definition else self._around(*place) for place, is_definition in telling
        ]
        rendered += [self._chance(number) for _ in range(wanted - len(rendered))]
        kept = _within(rendered, budget)[::-1]
        if random.random() < 0.25:
            random.shuffle(kept)
        return kept

    def similar(self, number: int, stretches: Sequence[tuple[int, int]], near: str, budget: int) -> list[Tokens]:
        """Slots as retrieval fills them: definitions of what is named near the gap, behind them stretches of code like
        that around it, the most similar last.
        """
        telling = self._telling(number, "", near)[: self._random.choice((0, 0, 1, 2, 3))]
        shown = [self._stretch(*place) for place in stretches[: self._random.randint(2, MAX_SIMILAR)]]
        shown += [self._definition(*place) for place, _ in telling]
        return _within(shown, budget)[::-1]

    def _telling(self, number: int, middle: str, near: str) -> list[tuple[tuple[int, int], bool]]:
        """(file, line) of definitions and uses of the names in the gap, then of those near it."""
        repository = self._corpus.repositories[self._corpus.files[number].repository]
        named = list(dict.fromkeys(_NAME.findall(middle)))
        names = named + [name for name in dict.fromkeys(_NAME.findall(near)) if name not in named]
        found: list[tuple[tuple[int, int], bool]] = []
        for name in names[:16]:
            places = [place for place in repository.definitions.get(name, ()) if place[0] != number]
            if places:
                found.append((self._random.choice(places), True))
        rare = max((name for name in named if len(name) > 5), key=len, default="")
        if rare and (place := self._use(number, rare)):
            found.insert(min(len(found), self._random.randint(0, 2)), (place, False))
        return found

    def _use(self, number: int, name: str) -> tuple[int, int] | None:
        """Where another file close by spells a name."""
        files = self._corpus.files
        repository = self._corpus.repositories[files[number].repository].files
        place = number - repository[0]
        start = max(0, min(place - _SEARCHED_FILES // 2, len(repository) - _SEARCHED_FILES))
        close = [other for other in repository[start : start + _SEARCHED_FILES] if other != number]
        self._random.shuffle(close)
        for other in close:
            at = files[other].text.find(name)
            if at >= 0:
                return other, files[other].text.count("\n", 0, at)
        return None

    def _definition(self, number: int, line: int) -> Tokens:
        file = self._corpus.files[number]
        if file.path.endswith(".py") and self._random.random() < 0.5:
            return self._encode(_skeleton_slot(file, line))
        lines = file.text[:-1].split("\n")
        limit = min(line + self._random.randint(MIN_LINES, MAX_LINES), file.n_lines)
        base, end = indentation(lines[line]), line + 1
        while end < limit and (
            not lines[end].strip() or indentation(lines[end]) > base or lines[end].strip()[:1] in ")]}"
        ):
            end += 1
        return self._show(file, lines, line, end)

    def _around(self, number: int, line: int) -> Tokens:
        file = self._corpus.files[number]
        start = max(line - self._random.randint(2, 15), 0)
        end = min(line + self._random.randint(2, 20), file.n_lines)
        return self._show(file, file.text[:-1].split("\n"), start, end)

    def _stretch(self, number: int, line: int) -> Tokens:
        file = self._corpus.files[number]
        end = min(line + self._random.randint(STRETCH_LINES // 2, STRETCH_LINES), file.n_lines)
        return self._show(file, file.text[:-1].split("\n"), line, end)

    def _chance(self, number: int) -> Tokens:
        """Lines of any other file of the repository, mostly of one close by."""
        repository = self._corpus.repositories[self._corpus.files[number].repository].files
        if len(repository) < 2:
            return np.zeros(0, np.uint16)
        spread = len(repository) if self._random.random() < 0.5 else 10
        place = number - repository[0] + self._random.choice((-1, 1)) * self._random.randint(1, spread)
        other = repository[place % len(repository)]
        if other == number:
            return np.zeros(0, np.uint16)
        file = self._corpus.files[other]
        start = self._random.randrange(file.n_lines)
        end = min(start + self._random.randint(MIN_LINES, MAX_LINES), file.n_lines)
        return self._show(file, file.text[:-1].split("\n"), start, end)

    def _show(self, file: File, lines: list[str], start: int, end: int) -> Tokens:
        while end > start and not lines[end - 1].strip():
            end -= 1
        if end == start:
            return np.zeros(0, np.uint16)
        named = self._encode(f"{comment_leader(file.path)} {file.path}\n")
        return np.concatenate([named, file.lines(start, end), self._encode("\n")])


def _within(slots: list[Tokens], budget: int) -> list[Tokens]:
    """The slots that fit into a budget together, first come, first served."""
    kept, spent = [], 0
    for slot in slots:
        if len(slot) and spent + len(slot) <= budget:
            kept.append(slot)
            spent += len(slot)
    return kept


def _skeleton_slot(file: File, line: int) -> str:
    lines = file.text[:-1].split("\n")[line : line + 300]
    return f"{comment_leader(file.path)} {file.path}\n{skeleton(lines)}\n\n"


def skeleton(lines: list[str]) -> str:
    """A definition without bodies: signatures, first line of its docstring, attributes. The first line opens it."""
    base = indentation(lines[0])
    is_class = lines[0].lstrip().startswith("class")
    kept: list[str] = []
    number = 0
    while number < len(lines) and len(kept) < 36:
        text = lines[number]
        if number and text.strip() and indentation(text) <= base and text.strip()[0] not in ")]}":
            break
        if _HEAD.match(text):
            number = _keep_signature(lines, number, kept)
            if number < len(lines) and not kept[-1].rstrip().endswith("..."):
                _close(lines, number, kept, is_whole=not is_class or len(kept) == 1)
            continue
        if _ATTRIBUTE.match(text) and is_class:
            kept.append(text)
        number += 1
    return textwrap.dedent("\n".join(kept))


def _keep_signature(lines: list[str], number: int, kept: list[str]) -> int:
    for taken in range(12):
        if number + taken >= len(lines):
            break
        kept.append(lines[number + taken])
        if lines[number + taken].rstrip().endswith((":", "...")):
            return number + taken + 1
    return number + 12


def _close(lines: list[str], number: int, kept: list[str], *, is_whole: bool) -> None:
    """A docstring's first line and `...` in place of a body; members of a class get `...` behind the colon."""
    is_class = kept[-1].lstrip().startswith("class")
    doc = lines[number].strip() if number < len(lines) else ""
    inner = " " * indentation(lines[number])
    if is_whole and doc.startswith('"""') and len(doc) > 6:
        kept.append(f'{inner}"""{doc.strip(chr(34))}"""')
        if not is_class:
            kept.append(f"{inner}...")
    elif not is_class:
        kept[-1] += " ..."
