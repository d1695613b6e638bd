"""A changed text -> prompts of its stretches. Reads the index and parses: for a thread."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
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


def laid_stretches(
    document: Document,
    changed_rows: Collection[int],
    room: Room,
    template: Template,
    tokenizer: Tokenizer,
    retriever: Retriever | None,
) -> list[Laid]:
    """The prompts of all changed rows that something else could stand in. Raises ModelError."""
    lines = document.text.split("\n")
    starts = list(accumulate((len(line) + 1 for line in lines), initial=0))
    found = []
    for stretch in stretches(lines, changed_rows, function_heads(document.path, document.text)):
        for part in _parts(stretch, lines, tokenizer):
            start, end = starts[part.first], starts[part.last + 1] - 1
            allowed = variants(document.path, document.text, part.first, part.last)
            own = tuple(_within(one, start) for one in allowed if _is_changed(one, part, starts) and one.end <= end)
            if own:
                gap = lay(document, part, room, template, tokenizer, retriever)
                found.append(Laid(document.path, part, gap, tokenizer.encode(gap.middle), start, own))
    return found


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
