"""What the completion model would rather have read in changed lines. Scores, and generates nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING

from codeassist.documents import make_document
from codeassist.engine.scoring import score
from codeassist.errors import EngineError
from codeassist.fim import find_template
from codeassist.review.changes import ChangedFile
from codeassist.review.passes.types import Deadline, Found, Review
from codeassist.review.surprise.choosing import chosen
from codeassist.review.surprise.laying import Room
from codeassist.review.surprise.preparing import laid_stretches
from codeassist.review.surprise.reading import Laid, Read, read
from codeassist.tokenizer import FileTokenizer
from codeassist.types import Token

if TYPE_CHECKING:
    from codeassist.assistant import Assistant

_NO_ENGINE = "not run: no engine is running (`codeassist serve` keeps one)"


async def surprise_pass(review: Review) -> Found:
    """Lines that the model finds much likelier with one small edit. An engine that does not run is not started here."""
    assistant = review.assistant
    if assistant is None or assistant.engine.status.state != "ready":
        return Found(note=_NO_ENGINE, is_complete=False)
    info = assistant.engine.info
    if not info.supports_scoring or info.tokenizer is None:
        return Found(note=f"not run: {info.name} cannot score a text that is there", is_complete=False)
    tokenizer = await asyncio.to_thread(FileTokenizer, info.tokenizer)
    laid, n_left = await asyncio.to_thread(_laid, review, assistant, tokenizer)

    async def scorer(prompt: Sequence[int], n_last: int, n_top: int) -> tuple[Token, ...]:
        return await score(assistant.engine, prompt, n_last, n_top, adapter=assistant.adapter)

    steps = read(laid, scorer, tokenizer, review.settings.surprise_tokens, lambda: review.deadline.is_over)
    result, trouble = await _last(steps, review.deadline)
    texts = {file.path: file.new_text or "" for file in review.readable}
    findings = chosen(result.readings, texts)
    note = trouble or _note(result, laid, n_left, review.deadline)
    return Found(findings, note, result.is_complete and not n_left)


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


def _laid(review: Review, assistant: Assistant, tokenizer: FileTokenizer) -> tuple[list[Laid], int]:
    """The prompts of all that is to be read, those first that have the most to find for their tokens; and how many
    files there was no time for."""
    found: list[Laid] = []
    n_left = 0
    for file in review.readable:
        if review.deadline.is_over:
            n_left += 1
        elif review.index.withheld(file.path, file.new_text or "") is None:
            found += _laid_of(review, assistant, file, tokenizer)
    return sorted(found, key=lambda laid: -len(laid.variants) / laid.n_tokens), n_left


def _laid_of(review: Review, assistant: Assistant, file: ChangedFile, tokenizer: FileTokenizer) -> list[Laid]:
    document = make_document(file.path, file.new_text or "")
    rows = frozenset(line - 1 for line in file.changed_lines)
    template = find_template(assistant.engine.info.template)
    return laid_stretches(document, rows, Room(), template, tokenizer, review.index)


def _note(result: Read, laid: Sequence[Laid], n_left: int, deadline: Deadline) -> str:
    if n_left:
        return f"time was up before {n_left} of the files were looked at"
    if result.is_complete:
        return ""
    why = "time was up" if deadline.is_over else "review.surprise_tokens allows no more"
    if len(result.scored) < len(laid):
        return f"read {len(result.scored)} of {len(laid)} stretches of code: {why}"
    return f"not every alternative was weighed: {why}"
