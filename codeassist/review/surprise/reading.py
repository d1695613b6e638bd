"""Reads the stretches of a change with the model, within a budget of tokens. Asks an engine: a coroutine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
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

# Stretches after which what they are suspected of is weighed: a review that is out of time has those behind it.
_TOGETHER = 4
# Edits that the engine weighs at once.
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
    """What was read so far. scored: the tokens of the stretches that were, in the order in which they were given."""

    readings: tuple[Reading, ...] = ()
    scored: tuple[tuple[Laid, tuple[Token, ...]], ...] = ()
    n_tokens: int = 0
    is_complete: bool = False


async def read(
    stretches: Sequence[Laid], scorer: Scorer, tokenizer: Tokenizer, budget: int, is_over: Callable[[], bool]
) -> AsyncIterator[Read]:
    """What is known after each few stretches, until the budget of tokens or the time is spent. Raises EngineError."""
    so_far = Read()
    is_complete = True
    for together in _batches(stretches, _TOGETHER):
        so_far, n_left = await _scored(so_far, together, scorer, budget, is_over)
        found = await asyncio.to_thread(_suspicious, so_far.scored[-(len(together) - n_left) :], tokenizer)
        for pairs in _batches(found if n_left < len(together) else (), _AT_ONCE):
            so_far, n_unweighed = await _weighed(so_far, pairs, scorer, budget, is_over)
            is_complete &= not n_unweighed
        is_complete &= not n_left
        yield so_far
        if n_left:
            return
    yield replace(so_far, is_complete=is_complete)


async def _scored(
    so_far: Read, together: Sequence[Laid], scorer: Scorer, budget: int, is_over: Callable[[], bool]
) -> tuple[Read, int]:
    """With these stretches scored, one after the other; and how many of them were not."""
    for number, laid in enumerate(together):
        if is_over() or so_far.n_tokens + laid.n_tokens > budget:
            return so_far, len(together) - number
        tokens = await scorer((*laid.gap.opening, *laid.ids), len(laid.ids), N_TOP)
        scored = (*so_far.scored, (laid, tokens))
        so_far = replace(so_far, scored=scored, n_tokens=so_far.n_tokens + laid.n_tokens)
    return so_far, 0


async def _weighed(
    so_far: Read, pairs: Sequence[tuple[Laid, Suspect]], scorer: Scorer, budget: int, is_over: Callable[[], bool]
) -> tuple[Read, int]:
    """With these edits weighed, all at once; and how many of them were not."""
    affordable: list[tuple[Laid, Suspect]] = []
    n_tokens = so_far.n_tokens
    for laid, suspect in pairs:
        cost = len(suspect.ids) - suspect.at + _BLOCK_TOKENS
        if not is_over() and n_tokens + cost <= budget:
            n_tokens += cost
            affordable.append((laid, suspect))
    readings = await _together([_reading(laid, suspect, scorer) for laid, suspect in affordable])
    so_far = replace(so_far, readings=(*so_far.readings, *readings), n_tokens=n_tokens)
    return so_far, len(pairs) - len(affordable)


def _suspicious(scored: Sequence[tuple[Laid, tuple[Token, ...]]], tokenizer: Tokenizer) -> list[tuple[Laid, Suspect]]:
    """Of all these stretches, the most suspicious first."""
    found = [
        (laid, suspect)
        for laid, tokens in scored
        for suspect in suspects(laid.gap.middle, laid.ids, tokens, laid.variants, tokenizer)[:_MOST_SUSPECTS]
    ]
    return sorted(found, key=lambda pair: -pair[1].first)


async def _reading(laid: Laid, suspect: Suspect, scorer: Scorer) -> Reading:
    tokens = await scorer((*laid.gap.opening, *suspect.ids), len(suspect.ids) - suspect.at, 0)
    return Reading(laid, suspect, sum(token.logprob for token in tokens) - suspect.written)


async def _together(asked: Sequence[Coroutine[None, None, Reading]]) -> list[Reading]:
    """All of them; where one fails the others end, too."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one) for one in asked]
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from failed
    return [task.result() for task in tasks]


def _batches(items: Sequence[_Item], size: int) -> list[Sequence[_Item]]:
    return [items[start : start + size] for start in range(0, len(items), size)]
