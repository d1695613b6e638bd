"""The session's engine and the folders that share it: opened, started and refreshed in the background.

A document belongs to the innermost folder that holds it. One that lies in none belongs to an empty folder, made when
such a document comes: it is completed from its own text.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from codeassist.errors import CodeassistError
from codeassist.types import EngineStatus
from indexer.errors import IndexerError
from lsp.background import Background
from lsp.folder import Client, Folder, IndexStatus, together
from lsp.memory import keep_for_good
from lsp.workspace import resolved

if TYPE_CHECKING:
    from codeassist.assistant import Assistant
    from codeassist.protocols import Engine

logger = logging.getLogger(__name__)

# How long a clean end may take before the process ends anyway.
CLOSE_WITHIN_S = 10.0


class OpenAssistant(Protocol):
    """What the composition root gives to the Language Server."""

    def __call__(
        self,
        workspace: Path,
        overrides: Mapping[str, object],
        warn: Callable[[str], None],
        engine: Engine | None,
        /,
    ) -> Assistant:
        """The assistant of a folder; called in a thread, for one folder at a time.

        overrides: the editor's settings by dotted name; they win over every file. warn: for what the user should know
        though it stops nothing (a setting that was not applied). engine: what an earlier folder's assistant runs on,
        and this one's has to; None for the first. Raises CodeassistError or IndexerError.
        """
        ...


class Nowhere(Protocol):
    """Makes the empty folder of documents that lie in no other one."""

    def __call__(self) -> tuple[Path, dict[str, object]]:
        """The folder, and the settings that keep its index away from others."""
        ...


class Backend:
    """Owns the engine and the folders. on_moved: called when a document may belong to another folder than before."""

    def __init__(
        self,
        open_assistant: OpenAssistant,
        client: Client,
        background: Background,
        nowhere: Nowhere,
        on_moved: Callable[[], None],
    ) -> None:
        self.engine: Engine | None = None
        self._open_assistant = open_assistant
        self._client = client
        self._background = background
        self._nowhere = nowhere
        self._on_moved = on_moved
        self.overrides: Mapping[str, object] | None = None
        self._folders: dict[Path, Folder] = {}
        self._loose: Folder | None = None
        self._refreshing: dict[Folder, asyncio.Task[None]] = {}
        self._opening, self._first_index = asyncio.Lock(), asyncio.Lock()
        self._status = EngineStatus("stopped")
        self._has_warned_of_engine = False
        self._told: set[str] = set()
        self._loading = client.work_done("codeassist: loading the model")

    @property
    def every_folder(self) -> list[Folder]:
        """The editor's folders, and the empty one if there is one."""
        return [*self._folders.values(), *([self._loose] if self._loose else [])]

    @property
    def folders(self) -> list[Folder]:
        """The editor's folders in its order; where it has none, the empty one."""
        return list(self._folders.values()) or ([self._loose] if self._loose else [])

    def start(self, overrides: Mapping[str, object]) -> None:
        """Open the folders that were added so far; from now on one that is added is opened at once."""
        self.overrides = overrides
        for folder in self._folders.values():
            self.begin(folder)
        if not self._folders:
            self.open_nowhere()

    def add(self, path: Path) -> None:
        """The editor has opened a folder: open it and bring its index up to date, in the background."""
        if path in self._folders:
            return
        folder = Folder(path, path.name or str(path), self._client, self._tell)
        self._folders[path] = folder
        self.begin(folder)
        self._settle()

    def remove(self, path: Path) -> None:
        """The editor has closed a folder. What runs for its documents ends well before the index is closed."""
        folder = self._folders.pop(path, None)
        if folder is None:
            return
        if (refreshing := self._refreshing.pop(folder, None)) is not None:
            refreshing.cancel()
        if folder.assistant is not None:
            self._background.start(folder.leave(), f"closing {folder.name}")
        if not self._folders:
            self.open_nowhere()
        self._settle()
        self._tell()

    def open_nowhere(self) -> None:
        """See to it that documents which lie in no folder have one all the same."""
        if self._loose is None and self.overrides is not None:
            path, overrides = self._nowhere()
            self._loose = Folder(path, "", self._client, self._tell, overrides)
            self.begin(self._loose)

    def holding(self, path: Path) -> list[Folder]:
        """The editor's folders that hold a path, the innermost first."""
        if not path.is_absolute():
            return list(self._folders.values())[:1]  # A new text, on no disk yet: it may become a file of the first.
        real = resolved(path)
        found = [folder for folder in self._folders.values() if real.is_relative_to(folder.root)]
        found = found or [folder for folder in self._folders.values() if path.is_relative_to(folder.path)]
        return sorted(found, key=lambda folder: -len(folder.root.parts))

    def folder_of(self, path: Path) -> Folder | None:
        """The folder that a document is answered from; one that cannot be opened leaves it to the next."""
        return next((folder for folder in self.holding(path) if not folder.is_failed), self._loose)

    async def open_folder_of(self, path: Path) -> Folder | None:
        """The folder that a document is answered from, once it is open or cannot be; the first document outside of all
        folders has one a moment after it came.
        """
        folder = self.folder_of(path)
        while folder and folder.assistant is None and folder.opening and not folder.opening.done():
            await asyncio.wait([folder.opening])
            folder = self.folder_of(path)
        return folder

    def file_changed(self, path: Path) -> None:
        """A file was saved, created or removed. A folder that could not be opened is tried again: it may be back."""
        for folder in self.holding(path):
            if folder.is_failed:
                self.begin(folder)
            folder.refresher.request_file(path)

    def head_changed(self, head: Path) -> None:
        """Another commit is checked out, or the same one as another branch."""
        for folder in self._folders.values():
            if head == folder.head or folder in self.holding(head):
                folder.refresher.request_all()

    def status(self) -> dict[str, Any]:
        """Engine, model and indexes, as the editor gets them. index: that of all folders together."""
        folders = self.folders
        return {
            "engine": asdict(self._status),
            "model": self.engine.info.name if self.engine else "",
            "index": asdict(together(folders)),
            "workspace": str(folders[0].root) if folders else "",
            "folders": [
                {"name": folder.name, "path": str(folder.path), "index": asdict(folder.index)}
                for folder in self._folders.values()
            ],
        }

    async def close(self) -> None:
        """Stop engine and indexes; gives up after `CLOSE_WITHIN_S`. Safe to call twice."""
        left = [folder.assistant for folder in self.every_folder if folder.assistant is not None]
        self._folders, self._loose = {}, None
        try:
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await asyncio.gather(*(assistant.leave() for assistant in left))
                if self.engine is not None:
                    await self.engine.close()
        except TimeoutError:
            logger.error("the engine did not stop within %.0f s; ending without it", CLOSE_WITHIN_S)
        except (CodeassistError, IndexerError) as error:
            logger.error("closing: %s", error)

    def begin(self, folder: Folder) -> None:
        """Open a folder, or try it again; nothing before the session has started."""
        if self.overrides is not None:
            folder.is_failed = False
            folder.opening = self._background.start(self._open(folder, self.overrides), "opening the workspace")

    async def _open(self, folder: Folder, overrides: Mapping[str, object]) -> None:
        warn, wanted = self.warner(), {**overrides, **folder.own_overrides}
        async with self._opening:  # One after the other: the first one's engine is everyone's.
            if not self._is_open(folder):
                return
            try:
                assistant = await asyncio.to_thread(self._open_assistant, folder.path, wanted, warn, self.engine)
            except (CodeassistError, IndexerError) as error:
                self._cannot_open(folder, error)
                return
            self._share_engine(assistant)
        if not self._is_open(folder):
            await assistant.leave()
            return
        keep_for_good()
        folder.opened(assistant, overrides)
        self._settle()
        # Several folders that are indexed at a time would take all cores from the user.
        work = folder.refresher.run(self._first_index)
        self._refreshing[folder] = self._background.start(work, "refreshing the index")

    def _settle(self) -> None:
        """Folders came, opened or went: whose documents are whose, and who works beside whom."""
        assistants = [folder.assistant for folder in self._folders.values() if folder.assistant is not None]
        for assistant in assistants:
            assistant.work_beside(assistants)
        self._on_moved()

    def _is_open(self, folder: Folder) -> bool:
        """Whether the editor still has it."""
        return folder is self._loose or self._folders.get(folder.path) is folder

    def _cannot_open(self, folder: Folder, error: CodeassistError | IndexerError) -> None:
        folder.is_failed = True
        if self.engine is None and (isinstance(error, CodeassistError) or folder is self._loose):
            self._engine_changed(EngineStatus("failed", str(error)))
        else:
            self.warn_once(f"codeassist has no context from {folder.path}: {error}")
            self.open_nowhere()
        folder.tell(IndexStatus("failed", str(error)))
        self._settle()

    def _share_engine(self, assistant: Assistant) -> None:
        if self.engine is None:
            self.engine = assistant.engine
            self.engine.on_status(self._engine_changed)
            self._background.start(self._start_engine(assistant), "loading the model")

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
            self._loading.end(self._status.message or self._status.state)

    def _engine_changed(self, status: EngineStatus) -> None:
        if status == self._status:
            return
        self._status = status
        logger.info("engine: %s %s", status.state, status.message)
        if status.state == "starting":
            self._loading.report(status.message)
        self._has_warned_of_engine &= status.state != "ready"
        if status.stand_in:
            self.warn_once(f"codeassist: {status.message}")
        if status.state == "failed" and not self._has_warned_of_engine:
            self._has_warned_of_engine = True
            self._client.warn(f"codeassist gives no suggestions: {status.message}")
        self._tell()

    def warner(self) -> Callable[[str], None]:
        """`warn_once` for a thread."""
        loop = asyncio.get_running_loop()

        def warn(message: str) -> None:
            loop.call_soon_threadsafe(self.warn_once, message)

        return warn

    def warn_once(self, message: str) -> None:
        """Show a warning that was not shown before."""
        if message not in self._told:
            self._told.add(message)
            self._client.warn(message)

    def _tell(self) -> None:
        self._client.tell_status()
