"""A change of a repository -> the report, by an index that is brought up to date meanwhile."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from codeassist.configuration import narrowed_reviews
from codeassist.findings.baseline import BASELINE, Baseline, read_baseline_file
from codeassist.review.changes import Changes
from codeassist.review.gathering import staged
from codeassist.review.passes.types import ChatAccess, Deadline, Pass, PassName, Review
from codeassist.review.registry import PASSES
from codeassist.review.report import Report
from codeassist.review.reviewer import Limits, only, run_review
from codeassist.review.setting_aside import sorted_out
from codeassist.review.tree import ReviewedTree
from codeassist.settings import ReviewSettings
from indexer.errors import IndexerError
from indexer.gitcommand import ending_at

if TYPE_CHECKING:
    from codeassist.assistant import Assistant
    from codeassist.chat.model import OpenChat
    from indexer.index import CodeIndex

_log = logging.getLogger(__name__)

# Of the time that a review has, what it may wait for an index that is not up to date.
SHARE_FOR_THE_INDEX = 0.5
# What is found because the index has nothing: of an index that is not whole, that means nothing.
_OF_ABSENCE = frozenset({"missing-name", "untested-change"})

Refresh = Callable[[], Awaitable[object]]
# Makes the change; reads files, and so is called in a thread.
Gather = Callable[[], Changes]


@dataclass(frozen=True, slots=True)
class Repository:
    """Where is reviewed, and with what. refresh: brings the index up to the work tree. assistant: for its engine and
    chat model; None where there is none. passes: those that there are. open_chat: another way to the chat model than
    the assistant's."""

    root: Path
    index: CodeIndex
    refresh: Refresh
    settings: ReviewSettings
    assistant: Assistant | None = None
    passes: Mapping[PassName, Pass] = field(default_factory=lambda: PASSES)
    open_chat: OpenChat | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be looked for, and what of it is told. baseline: the file of what stays unsaid, None for none."""

    passes: tuple[str, ...]
    limits: Limits
    baseline: Path | None


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A report, and the texts that it speaks of."""

    report: Report
    tree: ReviewedTree


async def review_staged(
    repository: Repository, deadline: Deadline, passes: Sequence[str], index_file: str = ""
) -> Report:
    """The report of what is staged. Raises ReviewImpossible."""
    limits = Limits(repository.settings.max_per_file, least_confidence=repository.settings.min_confidence)
    index = Path(index_file) if index_file else None
    wanted = Wanted(tuple(passes), limits, repository.root / BASELINE)
    reviewed = await review_change(repository, lambda: staged(repository.root, index), deadline, wanted)
    return reviewed.report


async def review_change(
    repository: Repository,
    gather: Gather,
    deadline: Deadline,
    wanted: Wanted,
    on_pass: Callable[[str], None] = lambda _: None,
) -> Reviewed:
    """The report of a change. on_pass: told the name of each pass when it begins. Raises ReviewImpossible."""
    refreshing = asyncio.ensure_future(_refreshed(repository.refresh, deadline))
    try:
        changes = await asyncio.to_thread(lambda: sorted_out(gathered(gather, deadline), repository.index.rules()))
        problem = await refreshing if changes.files else ""
    finally:
        refreshing.cancel()
    tree = ReviewedTree(repository.root, changes)
    review = Review(
        changes, tree, repository.index, deadline, repository.assistant, repository.settings, _chat(repository)
    )
    known = await asyncio.to_thread(read_baseline_file, wanted.baseline) if wanted.baseline else Baseline()
    report = await run_review(review, only(repository.passes, wanted.passes), wanted.limits, known.ids, on_pass)
    narrowed = await asyncio.to_thread(narrowed_reviews, repository.root, repository.settings)
    notes = tuple(note for note in (problem, known.problem, narrowed) if note)
    told = replace(_without_absences(report) if problem else report, notes=(*report.notes, *notes))
    if narrowed and not wanted.passes:
        told = replace(told, is_complete=False)
    return Reviewed(told, tree)


def gathered(gather: Gather, deadline: Deadline) -> Changes:
    """The change, where it can be read in time. Raises ReviewImpossible."""
    with ending_at(deadline.at):
        return gather()


def _chat(repository: Repository) -> ChatAccess | None:
    """Another way to the chat model than the assistant's, where there is one."""
    if repository.open_chat is None or repository.assistant is None:
        return None
    settings = repository.assistant.settings.chat
    return ChatAccess(settings, repository.open_chat, repository.settings.prompt_tokens)


async def _refreshed(refresh: Refresh, deadline: Deadline) -> str:
    """Why the index is not up to date; "" where it is."""
    try:
        async with asyncio.timeout(deadline.seconds_left * SHARE_FOR_THE_INDEX):
            await refresh()
    except TimeoutError:
        return "the index is not up to date: it takes longer than a review may; `codeassist index` completes it"
    except (IndexerError, OSError) as error:
        _log.warning("the index was not refreshed for a review: %s", error)
        return f"the index is not up to date: {error}"
    return ""


def _without_absences(report: Report) -> Report:
    findings = tuple(finding for finding in report.findings if finding.category not in _OF_ABSENCE)
    return replace(report, findings=findings, is_complete=False)
