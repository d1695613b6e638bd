"""A changed text -> the pieces of it that something else could stand in, and their prompts. Parses, and reads the
index: for a thread.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from itertools import accumulate

from codeassist.fim import Template
from codeassist.protocols import Tokenizer
from codeassist.review.surprise.laying import Room, lay
from codeassist.review.surprise.reading import Laid
from codeassist.review.surprise.stretches import Stretch, stretches
from codeassist.types import Document
from indexer.types import Retriever
from indexer.variants import Variant, function_heads, variants

# Tokens of one stretch; an engine scores twice as many at once (`engine.limits.MOST_SCORED`).
MOST_TOKENS = 512


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a document before it has a prompt. ids: its tokens; start: its offset; variants: in its offsets."""

    document: Document
    stretch: Stretch
    ids: tuple[int, ...]
    start: int
    variants: tuple[Variant, ...]

    @property
    def worth(self) -> float:
        """How much there may be to find for a token."""
        return len(self.variants) / len(self.ids)


def pieces(document: Document, changed_rows: Collection[int], tokenizer: Tokenizer) -> list[Piece]:
    """Those stretches of the changed rows that have variants."""
    lines = document.text.split("\n")
    starts = list(accumulate((len(line) + 1 for line in lines), initial=0))
    rows = sorted(row for row in changed_rows if row < len(lines))
    if not rows:
        return []
    allowed = variants(document.path, document.text, rows[0], rows[-1])
    found = []
    for stretch in stretches(lines, rows, function_heads(document.path, document.text)) if allowed else ():
        for part in _parts(stretch, lines, tokenizer):
            start, end = starts[part.first], starts[part.last + 1] - 1
            own = tuple(_within(one, start) for one in allowed if one.end <= end and _is_changed(one, part, starts))
            if own:
                found.append(Piece(document, part, tokenizer.encode(document.text[start:end]), start, own))
    return found


def prompt_of(piece: Piece, room: Room, template: Template, tokenizer: Tokenizer, retriever: Retriever | None) -> Laid:
    """The prompt of a piece. Raises ModelError."""
    gap = lay(piece.document, piece.stretch, room, template, tokenizer, retriever)
    return Laid(piece.document.path, piece.stretch, gap, piece.ids, piece.start, piece.variants)


def affordable(
    found: Iterable[Piece],
    budget: int,
    room: Room,
    template: Template,
    tokenizer: Tokenizer,
    retriever: Retriever | None,
) -> list[Laid]:
    """The prompts of those that are worth most, as far as the budget of tokens goes. Raises ModelError."""
    prompts: list[Laid] = []
    for piece in sorted(found, key=lambda piece: -piece.worth):
        prompt = prompt_of(piece, room, template, tokenizer, retriever)
        budget -= prompt.n_tokens
        if budget < 0:
            break
        prompts.append(prompt)
    return prompts


def _parts(stretch: Stretch, lines: list[str], tokenizer: Tokenizer) -> list[Stretch]:
    """The stretch, in halves where it has too many tokens; a line that has too many by itself is left out."""
    if len(tokenizer.encode("\n".join(lines[stretch.first : stretch.last + 1]))) <= MOST_TOKENS:
        return [stretch]
    if stretch.n_lines == 1:
        return []
    middle = (stretch.first + stretch.last) // 2
    halves = ((stretch.first, middle), (middle + 1, stretch.last))
    return [part for half in halves for part in _parts(_cut(stretch, *half), lines, tokenizer)]


def _cut(stretch: Stretch, first: int, last: int) -> Stretch:
    return Stretch(first, last, frozenset(row for row in stretch.changed if first <= row <= last))


def _within(variant: Variant, start: int) -> Variant:
    return replace(variant, start=variant.start - start, end=variant.end - start)


def _is_changed(variant: Variant, stretch: Stretch, starts: list[int]) -> bool:
    return any(starts[row] <= variant.start < starts[row + 1] for row in stretch.changed)
