"""What the completion model would rather have read in changed lines. Scores, and generates nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from codeassist.engine.scoring import score
from codeassist.errors import EngineError
from codeassist.fim import find_template
from codeassist.review.changes import ChangedFile
from codeassist.review.passes.types import Deadline, Found, Review
from codeassist.review.surprise.choosing import chosen
from codeassist.review.surprise.laying import Room
from codeassist.review.surprise.preparing import Piece, affordable, pieces
from codeassist.review.surprise.reading import Laid, Read, read
from codeassist.tokenizer import FileTokenizer
from codeassist.types import Document, Token

if TYPE_CHECKING:
    from codeassist.assistant import Assistant

_NO_ENGINE = "not run: no engine is running (`codeassist serve` keeps one)"


async def surprise_pass(review: Review) -> Found:
    """Lines that the model finds much likelier with one small edit. An engine that does not run is not started here."""
    if reason := _unable(review.assistant):
        return Found(note=reason)
    change = await read_change(review)
    texts = {file.path: file.new_text or "" for file in review.readable}
    findings = chosen(change.read.readings, texts)
    is_all = change.read.is_complete and not change.n_left
    note = change.trouble or ("" if is_all else _note(change.n_left, len(change.read.scored), review.deadline))
    return Found(findings, note, is_complete=is_all or not (change.trouble or review.deadline.is_over))


@dataclass(frozen=True, slots=True)
class ChangeRead:
    """What the model made of a change. n_left: stretches of code that were not read; trouble: of the engine, or ""."""

    read: Read
    n_left: int
    trouble: str


async def read_change(review: Review) -> ChangeRead:
    """The readings of all that the budget and the time allow, before any is chosen, by an engine that scores."""
    assistant = review.assistant
    assert assistant is not None, "who asks has looked"
    info, adapter, budget = assistant.engine.info, assistant.adapter, review.settings.surprise_tokens
    assert info.tokenizer is not None, "who asks has looked"
    tokenizer = await asyncio.to_thread(FileTokenizer, info.tokenizer)
    prompts, n_left = await asyncio.to_thread(_prompts, review, info.template, tokenizer, budget)

    async def scorer(prompt: Sequence[int], n_last: int, n_top: int) -> tuple[Token, ...]:
        return await score(assistant.engine, prompt, n_last, n_top, adapter=adapter)

    steps = read(prompts, scorer, tokenizer, budget, lambda: review.deadline.is_over)
    result, trouble = await _last(steps, review.deadline)
    return ChangeRead(result, n_left + len(prompts) - len(result.scored), trouble)


def _unable(assistant: Assistant | None) -> str:
    """Why nothing can be read; "" where it can."""
    if assistant is None or assistant.engine.status.state != "ready":
        return _NO_ENGINE
    info = assistant.engine.info
    if not info.supports_scoring or info.tokenizer is None:
        return f"not run: {info.name} cannot score a text that is there"
    return ""


async def _last(steps: AsyncIterator[Read], deadline: Deadline) -> tuple[Read, str]:
    """What was read in time, and what went wrong, "" for nothing."""
    result = Read()
    try:
        async with asyncio.timeout(deadline.seconds_left):
            async for step in steps:
                result = step
    except TimeoutError:
        return result, ""
    except EngineError as error:
        return result, f"ended: {error}"
    return result, ""


def _prompts(review: Review, template: str, tokenizer: FileTokenizer, budget: int) -> tuple[list[Laid], int]:
    """The prompts of what is worth most, and how many stretches of code there is no budget for."""
    found = [piece for file in review.readable for piece in _pieces(review, file, tokenizer)]
    prompts = affordable(found, budget, Room(), find_template(template), tokenizer, review.index)
    return prompts, len(found) - len(prompts)


def _pieces(review: Review, file: ChangedFile, tokenizer: FileTokenizer) -> list[Piece]:
    """Of a file that a model may see."""
    text = file.new_text or ""
    if review.index.withheld(file.path, text) is not None:
        return []
    return pieces(Document(file.path, text), [line - 1 for line in file.changed_lines], tokenizer)


def _note(n_left: int, n_read: int, deadline: Deadline) -> str:
    why = "time was up" if deadline.is_over else "review.surprise_tokens allows no more"
    if n_left:
        return f"read {n_read} of {n_read + n_left} stretches of code: {why}"
    return f"not every alternative was weighed: {why}"
