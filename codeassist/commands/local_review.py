"""`python -m codeassist.commands.local_review`: a review for a hook. A request on stdin, an answer on stdout, in JSON.

The index on disk is brought up to date, without vectors, whose model would have to load. Passes that need an engine run
where one answers already: that of a `codeassist serve` of another repository, or the server of the settings.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

from codeassist.assistant import Assistant, open_index
from codeassist.chat.model import is_configured
from codeassist.configuration import load_settings
from codeassist.directories import runtime_directory
from codeassist.engine.attached import AttachedEngine, probe
from codeassist.engine.choose import open_engine
from codeassist.engine.discovery import running_server
from codeassist.errors import CodeassistError, EngineError, ModelError
from codeassist.protocols import Engine
from codeassist.review.asked import Answer, Asked, answer_to_json, asked_from_json
from codeassist.review.passes.types import Deadline
from codeassist.review.report import PassReport, Report
from codeassist.review.reviewing import Repository, review_staged
from codeassist.settings import EngineSettings, Settings
from indexer.errors import IndexerError
from indexer.index import CodeIndex

# An engine that is still loading is not waited for.
_ENGINE_WITHIN_S = 1.0
_NO_ENGINE = "no engine is running; `codeassist serve` in this repository keeps one"
_NO_CHAT = "no chat model is configured; chat.url names one"


@dataclass(frozen=True, slots=True)
class _Models:
    """assistant: None where nothing of it could be asked. missing: why a pass cannot run, by its name."""

    assistant: Assistant | None
    missing: dict[str, str]


def main() -> None:
    """Answer, and end."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library says is no answer
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr)
    asyncio.run(_tell(answers, sys.stdin.read()))


async def _tell(answers: TextIO, request: str) -> None:
    """Write the answer and end the process at once: an index that is still being built keeps what it has so far, and
    must not go on for minutes behind a commit that is done."""
    try:
        answer = answer_to_json(await _answer(asked_from_json(json.loads(request))))
    except (CodeassistError, IndexerError) as error:
        answer = {"error": str(error)}
    answers.write(json.dumps(answer))
    answers.flush()
    os._exit(0)


async def _answer(asked: Asked) -> Answer:
    deadline = Deadline(time.monotonic() + asked.max_seconds)
    root = await asyncio.to_thread(Path(asked.workspace).resolve)
    settings = load_settings(root, overrides={}, environ=os.environ).settings
    index = await asyncio.to_thread(open_index, replace(settings.index, vectors=False), root)
    models = await _models(settings, root, index)
    wanted = settings.review.passes if asked.passes is None else asked.passes
    repository = Repository(root, index, lambda: asyncio.to_thread(index.refresh), settings.review, models.assistant)
    passes = [name for name in wanted if name not in models.missing]
    report = await review_staged(repository, deadline, passes, asked.index_file)
    return Answer(_with_missing(report, models, wanted), settings.review.fail_on)


async def _models(settings: Settings, root: Path, index: CodeIndex) -> _Models:
    """What there is to ask without loading a model."""
    missing = {} if is_configured(settings.chat) else {"model": _NO_CHAT}
    engine = await _running_engine(settings.engine)
    if engine is None:
        missing["surprise"] = _NO_ENGINE
    if "model" in missing and engine is None:
        return _Models(None, missing)
    try:
        opened = await asyncio.to_thread(open_engine, settings.engine, attach=False) if engine is None else engine
    except (CodeassistError, OSError):
        return _Models(None, missing | {"model": _NO_ENGINE})
    return _Models(Assistant(settings, root, opened, index), missing)


async def _running_engine(settings: EngineSettings) -> Engine | None:
    """An engine that answers already; None where one would have to load."""
    try:
        engine = await asyncio.to_thread(_found_engine, settings)
        if engine is not None:
            async with asyncio.timeout(_ENGINE_WITHIN_S):
                await engine.start()
    except (EngineError, ModelError, TimeoutError):
        return None
    return engine


def _found_engine(settings: EngineSettings) -> Engine | None:
    if settings.kind == "remote":
        return open_engine(settings, attach=False)
    server = running_server(runtime_directory()) if settings.kind == "auto" else None
    info = probe(server) if server is not None else None
    return AttachedEngine(server, info) if server is not None and info is not None else None


def _with_missing(report: Report, models: _Models, wanted: tuple[str, ...]) -> Report:
    left_out = tuple(PassReport(name, 0.0, 0, models.missing[name]) for name in wanted if name in models.missing)
    return replace(report, passes=(*report.passes, *left_out))


if __name__ == "__main__":
    main()
