"""Reads the stretches of a change with the model, within a budget of tokens. Asks an engine: a coroutine."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from codeassist.protocols import Tokenizer
from codeassist.review.surprise.laying import Gap
from codeassist.review.surprise.readings import N_TOP, Suspect, suspects
from codeassist.review.surprise.stretches import Stretch
from codeassist.types import Token
from indexer.variants import Variant

# Scores the last n tokens of a prompt, each with so many of the likeliest in its place.
Scorer = Callable[[Sequence[int], int, int], Awaitable[tuple[Token, ...]]]

_Item = TypeVar("_Item")

# Requests that the engine gets at once.
_AT_ONCE = 8
# Edits of one stretch that are scored to their end.
_MOST_SUSPECTS = 8
# What of a shared opening an engine computes again, at most: vLLM keeps it in blocks (128 on a CPU).
_BLOCK_TOKENS = 64


@dataclass(frozen=True, slots=True)
class Laid:
    """A stretch as a prompt. ids: of the gap's middle. start: its offset in the file's text; variants: in offsets of
    the middle."""

    path: str
    stretch: Stretch
    gap: Gap
    ids: tuple[int, ...]
    start: int
    variants: tuple[Variant, ...]

    @property
    def n_tokens(self) -> int:
        """What it costs to score it."""
        return len(self.gap.opening) + len(self.ids)

    def row(self, variant: Variant) -> int:
        """The row of the file (0-based) in which an edit begins."""
        return self.stretch.first + self.gap.middle.count("\n", 0, variant.start)


@dataclass(frozen=True, slots=True)
class Reading:
    """An edit scored to its end. ratio: log-likelihood with the edit, less that without, of the same stretch."""

    laid: Laid
    suspect: Suspect
    ratio: float


@dataclass(frozen=True, slots=True)
class Read:
    """What was read. scored: the tokens of the stretches that were, in the order in which they were given."""

    readings: tuple[Reading, ...]
    scored: tuple[tuple[Laid, tuple[Token, ...]], ...]
    n_tokens: int
    is_complete: bool


async def read(
    stretches: Sequence[Laid], scorer: Scorer, tokenizer: Tokenizer, budget: int, is_over: Callable[[], bool]
) -> Read:
    """Everything that the budget of tokens and the time allow. Raises EngineError."""
    scored: list[tuple[Laid, tuple[Token, ...]]] = []
    spent = 0
    for batch in _batches(stretches):
        fitting = [laid for laid in batch if spent + laid.n_tokens <= budget]
        if is_over() or not fitting:
            break
        spent += sum(laid.n_tokens for laid in fitting)
        asked = (scorer((*laid.gap.opening, *laid.ids), len(laid.ids), N_TOP) for laid in fitting)
        scored += zip(fitting, await asyncio.gather(*asked), strict=True)
    found = await asyncio.to_thread(_suspicious, scored, tokenizer)
    readings: list[Reading] = []
    n_weighed = 0
    for pairs in _batches(found):
        affordable = []
        for laid, suspect in pairs:
            cost = len(suspect.ids) - suspect.at + _BLOCK_TOKENS
            if spent + cost <= budget:
                spent += cost
                affordable.append((laid, suspect))
        if is_over() or not affordable:
            break
        readings += await asyncio.gather(*(_weighed(laid, suspect, scorer) for laid, suspect in affordable))
        n_weighed += len(affordable)
    is_complete = len(scored) == len(stretches) and n_weighed == len(found)
    return Read(tuple(readings), tuple(scored), spent, is_complete)


def _suspicious(scored: Sequence[tuple[Laid, tuple[Token, ...]]], tokenizer: Tokenizer) -> list[tuple[Laid, Suspect]]:
    """Of all stretches, the most suspicious first."""
    found = [
        (laid, suspect)
        for laid, tokens in scored
        for suspect in suspects(laid.gap.middle, laid.ids, tokens, laid.variants, tokenizer)[:_MOST_SUSPECTS]
    ]
    return sorted(found, key=lambda pair: -pair[1].first)


async def _weighed(laid: Laid, suspect: Suspect, scorer: Scorer) -> Reading:
    tokens = await scorer((*laid.gap.opening, *suspect.ids), len(suspect.ids) - suspect.at, 0)
    return Reading(laid, suspect, sum(token.logprob for token in tokens) - suspect.written)


def _batches(items: Sequence[_Item]) -> list[Sequence[_Item]]:
    return [items[start : start + _AT_ONCE] for start in range(0, len(items), _AT_ONCE)]
