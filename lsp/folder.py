"""One folder that the editor has open: its assistant, how far its index is, and who is at work in it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from codeassist.settings import Settings
from indexer.errors import IndexerError
from indexer.types import IndexReport, Progress
from lsp.progress import WorkDone
from lsp.refresher import Refresher
from lsp.workspace import head_file, resolved

if TYPE_CHECKING:
    from codeassist.assistant import Assistant

logger = logging.getLogger(__name__)


class Client(Protocol):
    """What folders and engine need of the editor."""

    def warn(self, message: str) -> None:
        """Show a warning to the user."""
        ...

    def tell_status(self) -> object:
        """Tell the editor the new status."""
        ...

    def work_done(self, title: str) -> WorkDone:
        """A new piece of visible work."""
        ...


State = Literal["none", "indexing", "ready", "failed"]
# Of several indexes the state is told that needs most attention.
_URGENT_FIRST: tuple[State, ...] = ("failed", "indexing", "none", "ready")


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """How far an index is; counts are those of the last refresh that ended well."""

    state: State = "none"
    message: str = ""
    files: int = 0
    chunks: int = 0
    symbols: int = 0
    vectors: bool = False


class Folder:
    """A folder of the session. `assistant` is None until it is open, when it cannot be opened, and once it has left.

    path: as the editor spells it. name: for people; "" for the empty folder of documents that lie in no other one.
    root: the path without symbolic links. head: the file in which git says what is checked out, if there is one.
    opening: what opens it. settings: as they were read last, and overrides: the editor's settings by then.
    own_overrides: what of them is this folder's alone. opened_settings, told: those that the assistant was opened with
    and those it was told last.
    """

    def __init__(
        self,
        path: Path,
        name: str,
        client: Client,
        on_changed: Callable[[], None],
        own_overrides: Mapping[str, object] | None = None,
    ) -> None:
        self.path = path
        self.name = name
        self.root = resolved(path)
        self.head = head_file(self.root)
        self.assistant: Assistant | None = None
        self.index = IndexStatus()
        self.opening: asyncio.Task[None] | None = None
        self.is_failed = False
        self.own_overrides = own_overrides or {}
        self.overrides: Mapping[str, object] = {}
        self.settings = self.opened_settings = self.told = Settings()
        self._shows_next = False
        self.refresher = Refresher(self._refresh_all, self._refresh_file, self._look_at_changes)
        self._client = client
        self._on_changed = on_changed
        self._n_users = 0
        self._unused = asyncio.Event()
        self._unused.set()

    def opened(self, assistant: Assistant, overrides: Mapping[str, object]) -> None:
        """The folder is open, by these settings of the editor."""
        self.assistant = assistant
        self.overrides = overrides
        self.settings = self.opened_settings = self.told = assistant.settings

    def refresh_visibly(self) -> None:
        """Bring the index up to date because the user wants it, and show that it happens."""
        self._shows_next = True
        self.refresher.request_now()

    @contextmanager
    def in_use(self) -> Iterator[Assistant]:
        """The assistant of a folder that is open; it is not closed before the block has ended."""
        assert self.assistant is not None, "who asks has looked"
        self._n_users += 1
        self._unused.clear()
        try:
            yield self.assistant
        finally:
            self._n_users -= 1
            if not self._n_users:
                self._unused.set()

    async def leave(self) -> None:
        """Close the index once no request is at work in the folder; at once when this is cancelled."""
        assistant = self.assistant
        try:
            await self._unused.wait()
        finally:
            self.assistant = None
            if assistant is not None:
                await assistant.leave()

    def tell(self, status: IndexStatus) -> None:
        """The index is another."""
        self.index = status
        self._on_changed()

    async def _refresh_file(self, path: Path) -> None:
        if self.assistant is None:
            return
        try:
            await self.assistant.refresh_file(path)
        except IndexerError as error:
            logger.warning("the index did not follow %s: %s", path.name, error)
        except Exception:  # one odd file must not end the refreshes of the whole session
            logger.exception("the index did not follow %s", path.name)

    async def _look_at_changes(self) -> None:
        if self.assistant is None:
            return
        try:
            await self.assistant.look_at_changes()
        except IndexerError as error:
            logger.warning("what is not committed in %s is not known: %s", self.name or "no folder", error)
        except Exception:  # what only helps must not end the refreshes of the whole session
            logger.exception("what is not committed in %s is not known", self.name or "no folder")

    async def _refresh_all(self) -> None:
        if self.assistant is None:
            return
        work = self._client.work_done(f"codeassist: indexing {self.name}".rstrip())
        if self.index.state == "none" or self._shows_next:
            work.begin()  # other refreshes are short, and an editor that flickers at every save is a nuisance
        self._shows_next = False
        self.tell(replace(self.index, state="indexing", message=""))
        try:
            report = await self.assistant.refresh(_reporter(work))
        except IndexerError as error:
            logger.warning("the index of %s was not refreshed: %s", self.name or "no folder", error)
            self._refresh_failed(work, str(error))
        except Exception as error:  # the next save or branch switch may cure it
            logger.exception("the index of %s was not refreshed", self.name or "no folder")
            self._refresh_failed(work, f"{type(error).__name__}: {error}")
        else:
            self.tell(_index_status(report))
            work.end(f"{report.files} files")

    def _refresh_failed(self, work: WorkDone, message: str) -> None:
        self.tell(replace(self.index, state="failed", message=message))
        work.end(message)


def together(folders: list[Folder]) -> IndexStatus:
    """The indexes of several folders as one; counts are sums."""
    if len(folders) <= 1:
        return folders[0].index if folders else IndexStatus()
    return IndexStatus(
        state=min((folder.index.state for folder in folders), key=_URGENT_FIRST.index),
        message="; ".join(f"{folder.name}: {folder.index.message}" for folder in folders if folder.index.message),
        files=sum(folder.index.files for folder in folders),
        chunks=sum(folder.index.chunks for folder in folders),
        symbols=sum(folder.index.symbols for folder in folders),
        vectors=all(folder.index.vectors for folder in folders),
    )


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
