"""The editor's settings through a session: those it started with, and what it has changed since."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codeassist.configuration import PROJECT_FILES, settings_table
from codeassist.errors import ConfigError
from codeassist.settings import Settings
from lsp.options import Options, read_options
from lsp.switches import Switches
from lsp.workspace import resolved

if TYPE_CHECKING:
    from lsp.backend import Backend
    from lsp.folder import Folder
    from lsp.wiring import LoadSettings

logger = logging.getLogger(__name__)

# What is opened by these stays as it was opened.
_AT_START = ("engine.", "index.", "log.")
_NO_OPTIONS = Options({}, frozenset(), ())


class Configuration:
    """Takes over what the editor says, for every open folder."""

    def __init__(
        self,
        backend: Callable[[], Backend],
        switches: Switches,
        load: LoadSettings,
        known: Settings,
        changed: Callable[[], object],
    ) -> None:
        """known: the settings that counted before any folder was open. changed: called when others count."""
        self._backend = backend
        self._switches = switches
        self._load = load
        self._known = known
        self._changed_settings = changed
        self._initial = self._changed = _NO_OPTIONS
        self._turn = asyncio.Lock()

    @property
    def settings(self) -> Settings:
        """Those of the first open folder; what counts for a session alone no folder's own file can set."""
        return next((folder.settings for folder in self._backend().every_folder if folder.assistant), self._known)

    @property
    def as_list_entries(self) -> str:
        """`completion.as_list_entries`, which has to be known before any folder is open."""
        told = self.overrides().get("completion.as_list_entries")
        return told if isinstance(told, str) else self.settings.completion.as_list_entries

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was wrong with what the editor started with."""
        return self._initial.warnings

    def start(self, initialization_options: object) -> None:
        """Take over what the editor starts with."""
        self._initial = read_options(initialization_options, "initializationOptions")

    def overrides(self) -> dict[str, object]:
        """The editor's settings by dotted name: those that were told last, and below them those it started with."""
        initial = {name: value for name, value in self._initial.values.items() if name not in self._changed.unset}
        return initial | self._changed.values

    async def change(self, given: object) -> None:
        """Take over what the editor sends now, in the place of what it has sent before. A value that is wrong is one
        warning, and everything stays as it was.
        """
        async with self._turn:
            former, self._changed = self._changed, read_options(given, "settings")
            for warning in self._changed.warnings:
                self._backend().warn_once(warning)
            if self._changed == former:
                return
            if not await self._is_done(self._take_over()):
                self._changed = former
                return
            self._switches.forget()
            self.apply()
            self._changed_settings()

    async def settle(self) -> None:
        """Have folders follow that were opened by settings which are not the last ones."""
        async with self._turn:
            await self._is_done(self._take_over())
            self.apply()
            self._changed_settings()

    async def reread(self, path: Path) -> None:
        """A folder's own settings file was changed, made or removed."""
        async with self._turn:
            if await self._is_done(self._read_again(path)):
                self.apply()
                self._changed_settings()

    def is_own_file(self, path: Path) -> bool:
        """Whether this is a settings file of an open folder's own, so that `reread` is due when it has changed."""
        if not any(path.match(name) for name in PROJECT_FILES):
            return False
        real = resolved(path)
        return any(real == folder.root / name for folder in self._open_folders() for name in PROJECT_FILES)

    def is_behind(self) -> bool:
        """Whether a folder is open that does not work by the last settings and switches."""
        overrides = self.overrides()
        return any(folder.overrides != overrides or self._wanted(folder) for folder in self._open_folders())

    def apply(self) -> None:
        """Have every open folder work by its settings and by what is switched on and off."""
        for folder in self._open_folders():
            if folder.assistant is not None and (wanted := self._wanted(folder)) is not None:
                folder.told = wanted
                folder.assistant.configure(wanted)

    def _open_folders(self) -> list[Folder]:
        return [folder for folder in self._backend().every_folder if folder.assistant is not None]

    def _wanted(self, folder: Folder) -> Settings | None:
        """The settings that a folder's assistant has to be told; None when it works by them already."""
        wanted = replace(folder.settings, completion=self._switches.applied(folder.settings.completion))
        return wanted if wanted != folder.told else None

    async def _take_over(self) -> None:
        """Read every folder's settings anew; none changes when one of them is wrong."""
        backend, overrides = self._backend(), self.overrides()
        if backend.overrides is None:
            return
        late = [folder for folder in self._open_folders() if folder.overrides != overrides]
        read = [await self._read(folder, overrides) for folder in late]
        if not late:  # Whatever is opened next must find settings that are right.
            for folder in backend.every_folder[:1]:
                await self._read(folder, overrides)
        backend.overrides = overrides
        for folder, settings in zip(late, read, strict=True):
            folder.settings, folder.overrides = settings, overrides
            self._tell_what_waits(folder)
        for folder in backend.every_folder:
            if folder.is_failed:
                backend.begin(folder)

    async def _read_again(self, path: Path) -> None:
        for folder in self._open_folders():
            if resolved(path).is_relative_to(folder.root):
                folder.settings = await self._read(folder, self.overrides())
                self._tell_what_waits(folder)

    async def _is_done(self, work: Coroutine[Any, Any, None]) -> bool:
        """Whether settings could be read; a mistake in them is one warning."""
        try:
            await work
        except ConfigError as error:
            self._backend().warn_once(f"codeassist: {error} (the settings stay as they were)")
            return False
        return True

    async def _read(self, folder: Folder, overrides: Mapping[str, object]) -> Settings:
        wanted = {**overrides, **folder.own_overrides}
        return await asyncio.to_thread(self._load, folder.path, wanted, self._backend().warner())

    def _tell_what_waits(self, folder: Folder) -> None:
        now, opened = settings_table(folder.settings), settings_table(folder.opened_settings)
        names = [name for name in now if name.startswith(_AT_START) and now[name] != opened[name]]
        if names:
            changed = ", ".join(names)
            self._backend().warn_once(f"codeassist: {changed} changed, which counts once the server is restarted")
