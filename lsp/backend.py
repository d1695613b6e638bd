"""The assistant of one session: opened, started and refreshed in the background, and what the user is told about it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from codeassist.errors import CodeassistError
from codeassist.types import EngineStatus
from indexer.errors import IndexerError
from indexer.types import IndexReport, Progress
from lsp.background import Background
from lsp.memory import keep_for_good
from lsp.progress import WorkDone
from lsp.refresher import Refresher

if TYPE_CHECKING:
    from codeassist.assistant import Assistant

logger = logging.getLogger(__name__)

# How long a clean end may take before the process ends anyway.
CLOSE_WITHIN_S = 10.0


class OpenAssistant(Protocol):
    """What the composition root gives to the Language Server."""

    def __call__(self, workspace: Path, overrides: Mapping[str, object], warn: Callable[[str], None], /) -> Assistant:
        """The assistant of a workspace; called once, in a thread.

        overrides: the editor's settings by dotted name; they win over every file. warn: for what the user should know
        though it stops nothing (a setting that was not applied). Raises CodeassistError or IndexerError.
        """
        ...


class Client(Protocol):
    """What the backend needs of the editor."""

    def warn(self, message: str) -> None:
        """Show a warning to the user."""
        ...

    def send_status(self, status: dict[str, Any]) -> None:
        """Tell the editor the new status."""
        ...

    def work_done(self, title: str) -> WorkDone:
        """A new piece of visible work."""
        ...


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """How far the index is; counts are those of the last refresh that ended well."""

    state: Literal["none", "indexing", "ready", "failed"] = "none"
    message: str = ""
    files: int = 0
    chunks: int = 0
    symbols: int = 0
    vectors: bool = False


class Backend:
    """Owns the assistant. Until it is open, and when it cannot be opened, `assistant` is None."""

    def __init__(
        self,
        open_assistant: OpenAssistant,
        client: Client,
        background: Background,
        on_opened: Callable[[Assistant], None],
    ) -> None:
        self.assistant: Assistant | None = None
        self.refresher = Refresher(self._refresh_all, self._refresh_file)
        self._open_assistant = open_assistant
        self._client = client
        self._background = background
        self._on_opened = on_opened
        self._engine = EngineStatus("stopped")
        self._index = IndexStatus()
        self._has_warned_of_engine = False
        self._loading = client.work_done("codeassist: loading the model")

    def start(self, workspace: Path, overrides: Mapping[str, object]) -> None:
        """Open the workspace, load the model and bring the index up to date, all in the background."""
        self._background.start(self._open(workspace, overrides), "opening the workspace")

    def status(self) -> dict[str, Any]:
        """Engine, model and index, as the editor gets it."""
        return {
            "engine": asdict(self._engine),
            "model": self.assistant.engine.info.name if self.assistant else "",
            "index": asdict(self._index),
            "workspace": str(self.assistant.workspace) if self.assistant else "",
        }

    async def close(self) -> None:
        """Stop engine and index; gives up after `CLOSE_WITHIN_S`."""
        if self.assistant is None:
            return
        try:
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await self.assistant.close()
        except TimeoutError:
            logger.error("the engine did not stop within %.0f s; ending without it", CLOSE_WITHIN_S)
        except (CodeassistError, IndexerError) as error:
            logger.error("closing: %s", error)

    async def _open(self, workspace: Path, overrides: Mapping[str, object]) -> None:
        loop = asyncio.get_running_loop()

        def warn(message: str) -> None:
            loop.call_soon_threadsafe(self._client.warn, message)

        try:
            assistant = await asyncio.to_thread(self._open_assistant, workspace, overrides, warn)
        except (CodeassistError, IndexerError) as error:
            self._engine_changed(EngineStatus("failed", str(error)))
            return
        keep_for_good()
        self.assistant = assistant
        self._on_opened(assistant)
        assistant.engine.on_status(self._engine_changed)
        self._background.start(self._start_engine(assistant), "loading the model")
        self._background.start(self.refresher.run(), "refreshing the index")

    async def _start_engine(self, assistant: Assistant) -> None:
        self._loading.begin()
        try:
            await assistant.start_engine()
            # The tokenizer is read on first use; the first suggestion need not wait for it.
            await asyncio.to_thread(lambda: assistant.completer)
            keep_for_good()
        except CodeassistError as error:
            self._engine_changed(EngineStatus("failed", str(error)))
        else:
            self._engine_changed(assistant.engine.status)
        finally:
            self._loading.end(self._engine.message or self._engine.state)

    def _engine_changed(self, status: EngineStatus) -> None:
        if status == self._engine:
            return
        self._engine = status
        logger.info("engine: %s %s", status.state, status.message)
        if status.state == "starting":
            self._loading.report(status.message)
        if status.state == "ready":
            self._has_warned_of_engine = False
        if status.state == "failed" and not self._has_warned_of_engine:
            self._has_warned_of_engine = True
            self._client.warn(f"codeassist gives no suggestions: {status.message}")
        self._client.send_status(self.status())

    def _index_changed(self, status: IndexStatus) -> None:
        self._index = status
        self._client.send_status(self.status())

    async def _refresh_file(self, path: Path) -> None:
        if self.assistant is None:
            return
        try:
            await self.assistant.refresh_file(path)
        except IndexerError as error:
            logger.warning("the index did not follow %s: %s", path.name, error)
        except Exception:  # one odd file must not end the refreshes of the whole session
            logger.exception("the index did not follow %s", path.name)

    async def _refresh_all(self) -> None:
        if self.assistant is None:
            return
        work = self._client.work_done("codeassist: indexing")
        if self._index.state == "none":
            work.begin()  # later refreshes are short, and an editor that flickers at every save is a nuisance
        self._index_changed(replace(self._index, state="indexing", message=""))
        try:
            report = await self.assistant.refresh(_reporter(work))
        except IndexerError as error:
            logger.warning("the index was not refreshed: %s", error)
            self._refresh_failed(work, str(error))
        except Exception as error:  # the next save or branch switch may cure it
            logger.exception("the index was not refreshed")
            self._refresh_failed(work, f"{type(error).__name__}: {error}")
        else:
            self._index_changed(_index_status(report))
            work.end(f"{report.files} files")

    def _refresh_failed(self, work: WorkDone, message: str) -> None:
        self._index_changed(replace(self._index, state="failed", message=message))
        work.end(message)


def _index_status(report: IndexReport) -> IndexStatus:
    message = "; ".join(report.warnings)
    return IndexStatus("ready", message, report.files, report.chunks, report.symbols, report.vectors)


def _reporter(work: WorkDone) -> Callable[[Progress], None]:
    """A callback for the indexing thread; the event loop sends at most one message per per cent."""
    loop = asyncio.get_running_loop()
    shown: tuple[str, int] = ("", -1)

    def report(progress: Progress) -> None:
        nonlocal shown
        percentage = 100 * progress.done // progress.total if progress.total else 0
        if (progress.phase, percentage) != shown:
            shown = (progress.phase, percentage)
            loop.call_soon_threadsafe(work.report, f"{progress.phase} {progress.done}/{progress.total}", percentage)

    return report
