"""What a chat model says of a change, as far as it can prove it. Asks the model of the settings, and nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from codeassist.chat.model import opened
from codeassist.errors import NoChatModel
from codeassist.findings.types import Finding, finding_id
from codeassist.review.changes import ChangedFile
from codeassist.review.model_review.answers import MAX_QUOTE, MAX_REASON
from codeassist.review.model_review.cleaning import Removed
from codeassist.review.model_review.conversing import Progress, Question, converse
from codeassist.review.model_review.portions import ShownFile, portions, shown_file
from codeassist.review.model_review.prompts import code_of, n_characters_of_instructions
from codeassist.review.model_review.surroundings import Surroundings, changed_names
from codeassist.review.passes.types import Found, Review
from indexer.languages import language_name, language_of
from indexer.outline import read_syntax
from indexer.ranking import is_test_path

# A token has at least so many characters of code, as a rule; a question that is too long would be refused.
_CHARACTERS_PER_TOKEN = 3
_LEAST_ROOM = 1_000
# Of the room of a question, for the change; the rest, and what it leaves, is for what is known around it.
_CHANGE_SHARE = 0.6
# A change of one file that has more is no work of hands, and no model finds its way in it.
MAX_CHANGED_LINES = 5_000
# Longer lists of paths help nobody.
_MOST_NAMED = 3
# More users of changed code make it no more important.
_MOST_USERS = 50

_WARNINGS: Mapping[Removed, str] = {
    "addressed": "this speaks to a language model that reviews code; it was not shown to the model",
    "hidden": "this has characters that nobody sees or that turn the direction of writing: it is not read as it is run",
}
NOT_CONFIGURED = "no chat model is configured: set chat.url to have one read the change"


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is asked. warnings: lines of the change that speak to a model, or deceive its reader."""

    questions: tuple[Question, ...]
    warnings: tuple[Finding, ...]
    notes: tuple[str, ...]


async def model_review_pass(review: Review) -> Found:
    """Findings that stood a second look; and lines that try to bend such a review, which need no model."""
    access = review.chat_access
    try:
        async with opened(access.open, access.settings) as chat:
            prepared = await asyncio.to_thread(prepared_for, review)
            progress = Progress(len(prepared.questions))
            is_over = not await _in_time(review, converse(chat, prepared.questions, progress))
            notes = [*_troubles(progress, is_over=is_over), *prepared.notes, chat.remark]
    except NoChatModel:
        return Found(note=NOT_CONFIGURED)
    is_complete = progress.n_answered == progress.n_questions and not progress.n_unusable
    found = (*prepared.warnings, *progress.found)
    return Found(found, "; ".join(note for note in notes if note), is_complete=is_complete)


async def _in_time(review: Review, work: Coroutine[Any, Any, None]) -> bool:
    """Whether work came to its end before the deadline."""
    try:
        async with asyncio.timeout(review.deadline.seconds_left):
            await work
    except TimeoutError:
        return False
    return True


def prepared_for(review: Review) -> Prepared:
    """What is asked about a change, what matters most first. Reads files and the index: for a thread."""
    surroundings = Surroundings(review)
    withheld: dict[str, list[str]] = {}
    asked: list[tuple[tuple[int, ...], Question]] = []
    warnings: list[Finding] = []
    for file in review.readable:
        if reason := _why_not(review, file):
            withheld.setdefault(reason, []).append(file.path)
        elif language_of(file.path) is not None and file.hunks:
            shown = shown_file(file)
            of_file = warnings_of(shown, file)
            warnings += of_file
            asked += _questions(review, file, shown, surroundings, may_replace=not of_file)
    ordered = sorted(asked, key=lambda pair: pair[0])
    notes = tuple(f"{_named(paths)} not shown to the model: {reason}" for reason, paths in withheld.items())
    return Prepared(tuple(question for _, question in ordered), tuple(warnings), notes)


def _why_not(review: Review, file: ChangedFile) -> str:
    """Why a model may not see a file, "" where it may."""
    if len(file.changed_lines) > MAX_CHANGED_LINES:
        return f"more than {MAX_CHANGED_LINES} changed lines"
    return review.index.withheld(file.path, file.new_text or "") or ""


def _questions(
    review: Review, file: ChangedFile, shown: ShownFile, surroundings: Surroundings, *, may_replace: bool
) -> list[tuple[tuple[int, ...], Question]]:
    """The questions about one file, each with its rank: small ones are asked first."""
    text = file.new_text or ""
    syntax = read_syntax(file.path, text)
    outline = syntax.outline if syntax is not None else ()
    besides = n_characters_of_instructions() + MAX_QUOTE + MAX_REASON
    room = max(review.chat_access.prompt_tokens * _CHARACTERS_PER_TOKEN - besides, _LEAST_ROOM)
    found: list[tuple[tuple[int, ...], Question]] = []
    for portion in portions(shown, file.hunks, outline, int(room * _CHANGE_SHARE)):
        left = room - len(code_of(portion))
        sections = partial(surroundings.sections, portion, outline, left)
        n_users = surroundings.n_users(changed_names(portion, outline)[:_MOST_NAMED], file.path)
        rank = (is_test_path(file.path), -min(n_users, _MOST_USERS), -portion.n_changed)
        found.append((rank, Question(portion, language_name(file.path), text, sections, may_replace)))
    return found


def warnings_of(shown: ShownFile, file: ChangedFile) -> list[Finding]:
    """Findings for changed lines that speak to a model, or read otherwise than they are; lines in a row are one."""
    found: list[Finding] = []
    for place, what in sorted(shown.new.removed.items()):
        number, message = place + 1, _WARNINGS.get(what)
        if message is None or number not in file.changed_lines:
            continue
        if found and found[-1].message == message and found[-1].end_line == number - 1:
            found[-1] = replace(found[-1], end_line=number)
            continue
        text = file.new_lines[place].strip()
        n_before = sum(file.new_lines[one.start_line - 1].strip() == text for one in found)
        found.append(
            Finding(
                id=finding_id("security", file.path, f"{what}\0{text}", n_before),
                path=file.path,
                start_line=number,
                end_line=number,
                severity="warning",
                category="security",
                message=message,
                evidence=f"{file.path}:{number}",
                confidence=0.9,
                found_by="model",
            )
        )
    return found


def _troubles(progress: Progress, *, is_over: bool) -> list[str]:
    """Why not all was asked, or not all is known."""
    n_left = progress.n_questions - progress.n_answered
    told = []
    if n_left:
        why = progress.failure or ("time was up" if is_over else "it was stopped")
        told.append(f"{n_left} of {progress.n_questions} parts of the change were not read to the end: {why}")
    if progress.n_unusable:
        told.append(f"{progress.n_unusable} answers were not in the form that was asked for")
    return told


def _named(paths: Sequence[str]) -> str:
    shown = ", ".join(paths[:_MOST_NAMED])
    return f"{shown} and {len(paths) - _MOST_NAMED} more" if len(paths) > _MOST_NAMED else shown
