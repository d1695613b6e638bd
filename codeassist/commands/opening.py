"""From a command's options to an assistant that is warm, and back to nothing left running."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
import time
from collections.abc import AsyncIterator, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from codeassist.commands.bars import Bars, bars
from codeassist.commands.front import Front
from codeassist.configuration import LoadedSettings, load_settings, parse_assignments
from codeassist.errors import ConfigError
from codeassist.fault_log import FaultFile, has_trace
from codeassist.log_lines import log_formatter
from codeassist.settings import LogSettings, Settings
from indexer.errors import IndexerError

if TYPE_CHECKING:
    from codeassist.assistant import Assistant
    from indexer.index import CodeIndex
    from indexer.types import IndexReport

_T = TypeVar("_T")

PATIENT_DEADLINE_MS = 5000
# After an interruption, threads of the core get this long to end.
THREADS_WITHIN_S = 2.0
_LEFT_BEHIND = "codeassist left behind"

# Exit codes, as shells count them: 128 and the number of the signal.
INTERRUPTED = 130
TERMINATED = 143


def settings_for(front: Front, workspace: Path | None, overrides: Sequence[str] | None) -> LoadedSettings:
    """Settings of this invocation; what was not applied is told on stderr. Raises ConfigError."""
    loaded = load_settings(workspace, overrides=parse_assignments(overrides or ()), environ=front.environ)
    for warning in loaded.warnings:
        front.warn(warning)
    return loaded


def set_up_logging(front: Front, log: LogSettings) -> None:
    """Logs to stderr or to the file of the settings. Raises ConfigError."""
    handler: logging.Handler = logging.StreamHandler(front.stderr)
    if log.file:
        try:
            handler = logging.FileHandler(log.file, encoding="utf-8")
        except OSError as error:
            raise ConfigError(f"log.file: cannot write {log.file}: {error.strerror}; name another file") from error
    handler.setFormatter(log_formatter(texts=log.texts or log.level == "debug"))
    logging.basicConfig(level=log.level.upper(), handlers=[handler], force=True)
    logging.getLogger("faiss.loader").setLevel(logging.WARNING)  # at INFO it tells of each build that it tries in vain


def set_up_quiet_logging(front: Front) -> None:
    """Errors in a line to stderr, and traces to the file of faults: who did not ask for a log sees none."""
    lines = logging.StreamHandler(front.stderr)
    lines.addFilter(lambda record: not has_trace(record))
    lines.setFormatter(log_formatter(texts=False))
    logging.basicConfig(level=logging.ERROR, handlers=[lines, FaultFile()], force=True)


@asynccontextmanager
async def opened(front: Front, workspace: Path, overrides: Sequence[str] | None) -> AsyncIterator[Assistant]:
    """An assistant for one command's run, closed at its end; stdout is guarded from here on."""
    loaded = prepare(front, workspace, overrides)
    settings = _patient(loaded)
    assistant = await asyncio.to_thread(front.open_assistant, settings, workspace)
    try:
        yield assistant
    finally:
        await assistant.close()


@asynccontextmanager
async def opened_index(front: Front, workspace: Path, overrides: Sequence[str] | None) -> AsyncIterator[CodeIndex]:
    """The index alone, for commands that need no model; closed at the end of the block."""
    loaded = prepare(front, workspace, overrides)
    index = await asyncio.to_thread(front.open_index, loaded.settings.index, workspace)
    try:
        yield index
    finally:
        await asyncio.to_thread(index.close)


@asynccontextmanager
async def refreshed_index(front: Front, workspace: Path, overrides: Sequence[str] | None) -> AsyncIterator[CodeIndex]:
    """The index alone, brought up to date with progress on stderr; what its refresh warns of is told there too."""
    async with opened_index(front, workspace, overrides) as index:
        with bars(front) as shown:
            report = await asyncio.to_thread(index.refresh, shown.on_index)
        for warning in report.warnings:
            front.warn(warning)
        yield index


def prepare(front: Front, workspace: Path, overrides: Sequence[str] | None) -> LoadedSettings:
    """Settings of this invocation, with logs set up by them and stdout guarded. Raises ConfigError."""
    loaded = settings_for(front, workspace, overrides)
    is_quiet = loaded.origins["log.level"] == "default" and not loaded.settings.log.file
    if is_quiet:
        set_up_quiet_logging(front)
    else:
        set_up_logging(front, loaded.settings.log)
    front.guard_stdout()
    return loaded


def _patient(loaded: LoadedSettings) -> Settings:
    """Settings for a terminal: there is no next keystroke that late context could wait for."""
    if loaded.origins["completion.retrieve_deadline_ms"] != "default":
        return loaded.settings
    completion = replace(loaded.settings.completion, retrieve_deadline_ms=PATIENT_DEADLINE_MS)
    return replace(loaded.settings, completion=completion)


async def warm_up(front: Front, assistant: Assistant, bars: Bars) -> IndexReport | None:
    """Index and engine ready, side by side; what the refresh of the index reports."""
    assistant.engine.on_status(bars.on_status)
    _, report = await asyncio.gather(assistant.start_engine(), refresh_or_warn(front, assistant, bars))
    if assistant.engine.status.stand_in:
        front.warn(assistant.engine.status.message)
    return report


async def refresh_or_warn(front: Front, assistant: Assistant, bars: Bars) -> IndexReport | None:
    """An index as good as it gets: without one there is less context, and the user is told."""
    try:
        report = await assistant.refresh(bars.on_index)
        await assistant.look_at_changes()
    except (IndexerError, OSError) as error:
        front.warn(f"no context from other files: {error}")
        return None
    for warning in report.warnings:
        front.warn(warning)
    return report


def run_async(main: Coroutine[Any, Any, _T]) -> _T:
    """Run to the end. SIGTERM and a closed terminal cancel as Ctrl-C does, so that whatever is open gets closed."""
    return _run(main, ThreadPoolExecutor(thread_name_prefix="codeassist"))


def run_in_time(main: Coroutine[Any, Any, _T]) -> _T:
    """The same, but threads that are still at work at the end are not waited for; `leave_threads` ends the process."""
    return _run(main, _LeftBehind(thread_name_prefix=_LEFT_BEHIND))


def leave_threads(code: int) -> None:
    """End the process at once where `run_in_time` has left threads that Python would wait for."""
    if any(thread.name.startswith(_LEFT_BEHIND) for thread in threading.enumerate()):
        logging.shutdown()
        os._exit(code)


class _LeftBehind(ThreadPoolExecutor):
    """Nobody waits for its threads."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Begins nothing new."""
        super().shutdown(wait=False, cancel_futures=cancel_futures)


def _run(main: Coroutine[Any, Any, _T], workers: ThreadPoolExecutor) -> _T:
    with asyncio.Runner() as runner:
        runner.get_loop().set_default_executor(workers)
        try:
            return runner.run(_cancellable(main))
        except KeyboardInterrupt:
            _leave_threads(workers, INTERRUPTED)
            raise
        except asyncio.CancelledError:
            _leave_threads(workers, TERMINATED)
            raise


async def _cancellable(main: Coroutine[Any, Any, _T]) -> _T:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    for number in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, task.cancel)
    return await main


def _leave_threads(workers: ThreadPoolExecutor, code: int) -> None:
    """End the process without a thread that is deep in work (a file that parses, a batch that is embedded)."""
    workers.shutdown(wait=False, cancel_futures=True)
    deadline = time.monotonic() + THREADS_WITHIN_S
    others = [thread for thread in threading.enumerate() if not thread.daemon and thread is not threading.main_thread()]
    for thread in others:
        thread.join(max(0.0, deadline - time.monotonic()))
    if any(thread.is_alive() for thread in others):
        logging.shutdown()
        os._exit(code)
