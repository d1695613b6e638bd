"""The index and the models that a review has, without loading any model unless it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from codeassist.chat.model import is_configured
from codeassist.commands.bars import Bars
from codeassist.commands.front import Front
from codeassist.engine.backed import embedded_of
from codeassist.errors import CodeassistError
from codeassist.review.passes.types import PASS_NAMES, Deadline
from codeassist.review.report import PassReport, Report
from codeassist.review.reviewing import Repository
from codeassist.settings import Settings

if TYPE_CHECKING:
    from codeassist.assistant import Assistant
    from indexer.index import CodeIndex

# What runs elsewhere answers at once or is not waited for.
REACHED_WITHIN_S = 5.0
CLOSED_WITHIN_S = 0.5
_NO_ENGINE = "not run: no engine is running (`codeassist serve` keeps one; --start-engine loads one)"


@dataclass(slots=True)
class Missing:
    """Why passes cannot run, by their names."""

    reasons: dict[str, str] = field(default_factory=dict)

    def __contains__(self, name: object) -> bool:
        return name in self.reasons

    def added_to(self, report: Report, wanted: Sequence[str]) -> Report:
        """The report with these passes, each at its place."""
        left_out = [PassReport(name, 0.0, 0, self.reasons[name]) for name in wanted if name in self.reasons]
        passes = sorted((*report.passes, *left_out), key=lambda one: [*PASS_NAMES, one.name].index(one.name))
        return replace(report, passes=tuple(passes))


@asynccontextmanager
async def opened_repository(
    front: Front,
    workspace: Path,
    settings: Settings,
    passes: Sequence[str],
    shown: Bars,
    deadline: Deadline,
    *,
    may_load: bool,
) -> AsyncIterator[tuple[Repository, Missing]]:
    """The repository, with progress on stderr, and which of the passes cannot run. may_load: whether a model may be
    loaded. The index has no vectors, whose model would have to load, too."""
    lean = replace(settings, index=replace(settings.index, vectors=False))
    missing = Missing()
    if "model" in passes and not is_configured(settings.chat):
        missing.reasons["model"] = "not run: no chat model is configured (chat.url)"
    wanted = [name for name in ("surprise", "model") if name in passes and name not in missing]
    assistant = await _assistant(front, workspace, lean, wanted, missing)
    if assistant is None:
        index = await asyncio.to_thread(front.open_index, lean.index, workspace)
    else:
        index = assistant.index
    try:
        if assistant is not None and "surprise" in wanted:
            await _reach(assistant, shown, deadline, missing, may_load=may_load)
        yield Repository(workspace, index, lambda: _refresh(front, index, shown), lean.review, assistant), missing
    finally:
        closing = asyncio.ensure_future(assistant.close() if assistant else asyncio.to_thread(index.close))
        # What is still at work holds the index; behind the time of the review, nobody waits for it.
        await asyncio.wait([closing], timeout=CLOSED_WITHIN_S if deadline.is_over else None)
        if closing.done():
            closing.result()


async def _assistant(
    front: Front, workspace: Path, settings: Settings, wanted: Sequence[str], missing: Missing
) -> Assistant | None:
    """None where no model is asked, or none can be."""
    if not wanted:
        return None
    try:
        return await asyncio.to_thread(front.open_assistant, settings, workspace)
    except CodeassistError as error:
        missing.reasons |= dict.fromkeys(wanted, f"not run: {error}")
        return None


async def _reach(assistant: Assistant, shown: Bars, deadline: Deadline, missing: Missing, *, may_load: bool) -> None:
    """Have the engine ready, where it is running already or may be loaded."""
    if embedded_of(assistant.engine) is not None and not may_load:
        missing.reasons["surprise"] = _NO_ENGINE
        return
    assistant.engine.on_status(shown.on_status)
    try:
        async with asyncio.timeout(deadline.seconds_left if may_load else min(REACHED_WITHIN_S, deadline.seconds_left)):
            await assistant.start_engine()
    except TimeoutError:
        missing.reasons["surprise"] = "not run: the engine was not ready in time"
    except CodeassistError as error:
        missing.reasons["surprise"] = f"not run: {error}"


async def _refresh(front: Front, index: CodeIndex, shown: Bars) -> None:
    report = await asyncio.to_thread(index.refresh, shown.on_index)
    for warning in report.warnings:
        front.warn(warning)
